#include "broker/api/list_groups.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "broker/api/group_call.h"
#include "broker/api/group_state.h"
#include "broker/net/long_loop.h"
#include "controller/image/topic_name.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::ListGroupsRequest;
using Response = schema::ListGroupsResponse;

struct ListedGroup {
    std::string name;
    std::string protocol_type;
    std::string_view state;
    std::string_view type;
};
using Listed = std::vector<ListedGroup>;

/// States and types are compared without regard to case, as in Kafka.
bool is_same(std::string_view left, std::string_view right) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(left, right, {}, lower, lower);
}

bool passes(std::string_view value, wire::Array<std::string_view> filter) {
    return filter.empty() || std::ranges::any_of(filter, [value](std::string_view one) {
               return is_same(one, value);
           });
}

/// Empty: it has never had members.
std::string protocol_type_of(const Group& group) {
    if (group.consumer != nullptr) {
        return "consumer";
    }
    return group.classic == nullptr ? std::string() : group.classic->protocol_type();
}

/// One ListGroups request in progress.
class ListGroupsJob {
public:
    ListGroupsJob(ApiServices& services, ExchangePtr exchange, const Request& request,
                  TimePoint deadline)
        : services_(services),
          exchange_(std::move(exchange)),
          request_(request),
          deadline_(deadline) {}

    /// Asks the coordinator of one partition of the offsets topic.
    [[nodiscard]] Task<> ask(PartitionIndex partition, const ReplicaPtr& replica);
    [[nodiscard]] static Task<> finish(std::shared_ptr<ListGroupsJob> job);

    /// This broker coordinates the groups of a partition, but does not know them yet.
    void note_loading() { failure_ = ErrorCode::coordinator_load_in_progress; }

private:
    void add(const ListedGroup& group, bool may_see_all);
    void note_failure(PartitionIndex partition, ErrorCode code);

    ApiServices& services_;
    ExchangePtr exchange_;
    const Request& request_;
    TimePoint deadline_;
    std::deque<std::pair<PartitionIndex, GroupCall<Listed>>> calls_;
    std::deque<Listed> listed_;
    std::vector<Response::Group> groups_;
    ErrorCode failure_ = ErrorCode::none;
};

void ListGroupsJob::note_failure(PartitionIndex partition, ErrorCode code) {
    if (code != ErrorCode::not_coordinator) {
        failure_ = code;
        return;
    }
    // Another broker may coordinate it by now, which lists its groups.
    const auto* const topic = services_.image->find_topic(controller::kOffsetsTopic);
    const auto* const found = topic == nullptr ? nullptr : topic->partitions.find(partition);
    if (found != nullptr && found->leader == services_.node_id) {
        note_loading();
    }
}

Task<> ListGroupsJob::ask(PartitionIndex partition, const ReplicaPtr& replica) {
    auto& call = calls_
                     .emplace_back(std::piecewise_construct, std::tuple(partition),
                                   std::forward_as_tuple(services_, deadline_))
                     .second;
    const auto operation = [](const GroupMachine& groups, Listed& listed) {
        for (const auto& [name, group] : groups.groups()) {
            listed.push_back({name, protocol_type_of(group), state_of(group), type_of(group)});
        }
        return CoordinatorRecords();
    };
    co_await call.ask_at(replica, operation);
}

void ListGroupsJob::add(const ListedGroup& group, bool may_see_all) {
    const bool is_listed =
        passes(group.state, request_.states_filter) && passes(group.type, request_.types_filter);
    if (!is_listed) {
        return;
    }
    const Resource resource{ResourceType::group, group.name};
    if (may_see_all || exchange_->context().allows(Operation::describe, resource)) {
        groups_.push_back({.group_id = group.name,
                           .protocol_type = group.protocol_type,
                           .group_state = group.state,
                           .group_type = group.type});
    }
}

Task<> ListGroupsJob::finish(std::shared_ptr<ListGroupsJob> job) {
    constexpr std::size_t kBytesPerItem = 256;
    const bool may_see_all = job->exchange_->context().allows(Operation::describe, kCluster);
    Response response;
    LongLoop loop;
    for (auto& [partition, call] : job->calls_) {
        auto outcome = co_await call.outcome();
        if (!outcome) {
            job->note_failure(partition, outcome.error().code);
            continue;
        }
        const Listed& listed = job->listed_.emplace_back(std::move(*outcome));
        if (!job->exchange_->take_work(listed.size(), kBytesPerItem)) {
            co_return;
        }
        for (const ListedGroup& group : listed) {
            job->add(group, may_see_all);
            if (loop.is_over()) {
                co_await let_others_run(job->services_.shard);
            }
        }
    }
    // Without the groups of all partitions it is no list.
    response.error_code = job->failure_;
    if (job->failure_ == ErrorCode::none) {
        response.groups = job->groups_;
    }
    job->exchange_->reply(response);
}

}  // namespace

Task<> ListGroupsHandler::serve(ExchangePtr exchange, const Request& request) {
    const auto job = std::make_shared<ListGroupsJob>(services_, std::move(exchange), request,
                                                     services_.clock.now() + timeout_);
    const auto image = services_.image;
    if (const auto* topic = image->find_topic(controller::kOffsetsTopic)) {
        for (const auto& [index, partition] : topic->partitions) {
            const HostedPartition* hosted = services_.replicas.find({topic->id, index});
            if (partition.leader != services_.node_id) {
                continue;
            }
            if (hosted == nullptr) {
                job->note_loading();
                continue;
            }
            const ReplicaPtr replica = hosted->replica;
            co_await job->ask(index, replica);
        }
    }
    services_.delayed.go_on(ListGroupsJob::finish(job));
}

}  // namespace hw::broker
