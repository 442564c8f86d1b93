#include "broker/api/offset_delete.h"

#include <span>
#include <vector>

#include "broker/api/partition_lookup.h"
#include "broker/coordinator/group/group_coordinators.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::OffsetDeleteRequest;
using Response = schema::OffsetDeleteResponse;

/// What a request asks, checked.
struct Checked {
    std::vector<Response::Partition> answers;  ///< of all topics, in the order of the request
    std::vector<NamedPartition> offsets;       ///< to be removed
};

Task<Checked> check(const ApiServices& services, const RequestContext& who,
                    const Request& request) {
    Checked checked;
    LongLoop loop;
    for (const Request::Topic& topic : request.topics) {
        const FoundTopic found =
            find_topic(services, TopicAccess{who, Operation::read}, topic.name);
        for (const Request::Partition& partition : topic.partitions) {
            const PartitionIndex index = partition.partition_index;
            auto& answer = checked.answers.emplace_back();
            answer.partition_index = index;
            if (found.image == nullptr) {
                answer.error_code = found.missing;
            } else if (found.image->partitions.find(index) == nullptr) {
                answer.error_code = ErrorCode::unknown_topic_or_partition;
            } else {
                checked.offsets.push_back({topic.name, index});
            }
        }
        if (loop.is_over(1 + topic.partitions.size())) {
            co_await let_others_run(services.shard);
        }
    }
    co_return checked;
}

/// Removes the offsets; the error of the request as a whole.
Task<ErrorCode> remove(const ApiServices& services, std::string_view group,
                       std::span<const NamedPartition> offsets, TimePoint deadline) {
    const auto replica = find_group(services, group);
    if (!replica) {
        co_return replica.error().code;
    }
    const auto operation = [&](const GroupMachine& groups, ErrorCode& refusal) {
        return groups.remove(group, offsets, refusal);
    };
    const auto outcome = co_await ask_group<ErrorCode>(services, *replica, deadline, operation);
    co_return outcome ? *outcome : outcome.error().code;
}

}  // namespace

Task<> OffsetDeleteHandler::serve(ExchangePtr exchange, const Request& request) {
    // Of the answer, the name, and the record in the batch.
    constexpr std::size_t kBytesPerItem = 384;
    if (!exchange->take_work(request.topics.size() + partitions_of(request), kBytesPerItem)) {
        co_return;
    }
    Response response;
    const RequestContext& who = exchange->context();
    if (!who.allows(Operation::remove, {ResourceType::group, request.group_id})) {
        response.error_code = ErrorCode::group_authorization_failed;
        exchange->reply(response);
        co_return;
    }
    const Checked checked = co_await check(services_, who, request);
    const ErrorCode removed = co_await remove(services_, request.group_id, checked.offsets,
                                              services_.clock.now() + timeout_);
    response.error_code = removed;
    std::vector<Response::Topic> topics;
    if (response.error_code == ErrorCode::none) {
        topics.reserve(request.topics.size());
        std::span<const Response::Partition> rest(checked.answers);
        for (const Request::Topic& topic : request.topics) {
            topics.push_back({topic.name, rest.first(topic.partitions.size())});
            rest = rest.subspan(topic.partitions.size());
        }
    }
    response.topics = topics;
    exchange->reply(response);
}

}  // namespace hw::broker
