#include "broker/api/describe_groups.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "broker/api/authorized_operations.h"
#include "broker/api/group_call.h"
#include "broker/api/group_state.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::DescribeGroupsRequest;
using Response = schema::DescribeGroupsResponse;

constexpr ApiVersion kTellsMissingFrom{6};

constexpr std::size_t kBytesPerMember = 1024;

struct DescribedMember {
    std::string id;
    std::optional<std::string> instance;
    std::string client_id;
    std::string client_host;
    // Only of a stable group.
    std::string metadata;
    std::string assignment;
};

/// What a coordinator says of a group; none if it knows no such classic group.
struct DescribedGroup {
    std::string state;
    std::string protocol_type;
    std::string protocol;
    std::vector<DescribedMember> members;
    std::size_t bytes = 0;  ///< memory of the members, about
};
using Description = std::optional<DescribedGroup>;

Description describe(const Group* group) {
    if (group == nullptr || group->consumer != nullptr) {
        return std::nullopt;
    }
    DescribedGroup described{
        .state = std::string(state_of(*group)), .protocol_type = {}, .protocol = {}, .members = {}};
    if (group->classic == nullptr) {
        return described;
    }
    const ClassicGroup& classic = *group->classic;
    const bool is_stable = classic.state() == ClassicState::stable;
    described.protocol_type = classic.protocol_type();
    described.protocol = is_stable ? classic.protocol().value_or("") : "";
    described.members.reserve(classic.members().size());
    for (const auto& [id, member] : classic.members()) {
        DescribedMember& copy =
            described.members.emplace_back(DescribedMember{.id = id,
                                                           .instance = member.instance,
                                                           .client_id = member.client_id,
                                                           .client_host = member.client_host,
                                                           .metadata = {},
                                                           .assignment = {}});
        if (is_stable) {
            copy.metadata = member.metadata_for(described.protocol);
            copy.assignment = member.assignment;
        }
        described.bytes += kBytesPerMember + copy.metadata.size() + copy.assignment.size();
    }
    return described;
}

/// One DescribeGroups request in progress.
class DescribeGroupsJob {
public:
    DescribeGroupsJob(ApiServices& services, ExchangePtr exchange, bool tells_operations,
                      TimePoint deadline)
        : services_(services),
          exchange_(std::move(exchange)),
          tells_operations_(tells_operations),
          deadline_(deadline) {}

    /// Asks the coordinator of one group.
    [[nodiscard]] Task<> ask(std::string_view group);
    [[nodiscard]] static Task<> finish(std::shared_ptr<DescribeGroupsJob> job);
    [[nodiscard]] bool is_rejected() const { return exchange_->rejected(); }

private:
    struct Question {
        Question(ApiServices& services, TimePoint deadline, std::string_view about)
            : group(about), call(services, deadline) {}

        std::string_view group;
        ErrorCode refusal = ErrorCode::none;
        std::string message;
        Description found;
        GroupCall<Description> call;
    };

    [[nodiscard]] Response::Group answer(Question& question);

    ApiServices& services_;
    ExchangePtr exchange_;
    bool tells_operations_;
    TimePoint deadline_;
    std::deque<Question> questions_;
    std::deque<std::vector<Response::Member>> members_;
};

Task<> DescribeGroupsJob::ask(std::string_view group) {
    Question& question = questions_.emplace_back(services_, deadline_, group);
    if (!exchange_->context().allows(Operation::describe, {ResourceType::group, group})) {
        question.refusal = ErrorCode::group_authorization_failed;
        co_return;
    }
    std::size_t bytes = 0;
    const auto operation = [&](const GroupMachine& groups, Description& found) {
        found = describe(groups.find(group));
        bytes = found ? found->bytes : 0;
        return CoordinatorRecords();
    };
    co_await question.call.ask(group, operation);
    // Rejects the request, which then names no further group, if it is too much.
    static_cast<void>(exchange_->take_work(1, bytes));
}

Response::Group DescribeGroupsJob::answer(Question& question) {
    Response::Group answer{.error_code = question.refusal, .group_id = question.group};
    if (tells_operations_ && question.refusal == ErrorCode::none) {
        answer.authorized_operations = group_operations(exchange_->context(), question.group);
    }
    if (question.refusal != ErrorCode::none) {
        return answer;
    }
    if (!question.found) {
        answer.group_state = kDeadState;
        if (exchange_->version() >= kTellsMissingFrom) {
            answer.error_code = ErrorCode::group_id_not_found;
            question.message = fmt::format("Group {} is not a classic group.", question.group);
            answer.error_message = question.message;
        }
        return answer;
    }
    auto& members = members_.emplace_back();
    for (const DescribedMember& member : question.found->members) {
        members.push_back({.member_id = member.id,
                           .group_instance_id = member.instance ? std::string_view(*member.instance)
                                                                : std::string_view(),
                           .client_id = member.client_id,
                           .client_host = member.client_host,
                           .member_metadata = member.metadata.empty() ? wire::kEmptyBytes
                                                                      : as_bytes(member.metadata),
                           .member_assignment = member.assignment.empty()
                                                    ? wire::kEmptyBytes
                                                    : as_bytes(member.assignment)});
    }
    answer.group_state = question.found->state;
    answer.protocol_type = question.found->protocol_type;
    answer.protocol_data = question.found->protocol;
    answer.members = members;
    return answer;
}

Task<> DescribeGroupsJob::finish(std::shared_ptr<DescribeGroupsJob> job) {
    std::vector<Response::Group> groups;
    for (Question& question : job->questions_) {
        if (question.refusal == ErrorCode::none) {
            auto outcome = co_await question.call.outcome();
            if (outcome) {
                question.found = std::move(*outcome);
            } else {
                question.refusal = outcome.error().code;
            }
        }
        groups.push_back(job->answer(question));
    }
    Response response;
    response.groups = groups;
    job->exchange_->reply(response);
}

}  // namespace

Task<> DescribeGroupsHandler::serve(ExchangePtr exchange, const Request& request) {
    constexpr std::size_t kBytesPerItem = 1024;
    if (!exchange->take_work(request.groups.size(), kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<DescribeGroupsJob>(services_, std::move(exchange),
                                                         request.include_authorized_operations,
                                                         services_.clock.now() + timeout_);
    LongLoop loop;
    for (const std::string_view group : request.groups) {
        co_await job->ask(group);
        if (job->is_rejected()) {
            co_return;
        }
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    services_.delayed.go_on(DescribeGroupsJob::finish(job));
}

}  // namespace hw::broker
