#include "broker/api/offset_delete.h"

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "broker/api/group_call.h"
#include "broker/api/partition_lookup.h"
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
    std::vector<std::size_t> answer_of;        ///< their indexes in `answers`
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
                checked.answer_of.push_back(checked.answers.size() - 1);
                checked.offsets.push_back({topic.name, index});
            }
        }
        if (loop.is_over(1 + topic.partitions.size())) {
            co_await let_others_run(services.shard);
        }
    }
    co_return checked;
}

/// One OffsetDelete request in progress.
struct OffsetDeleteJob {
    OffsetDeleteJob(ApiServices& services, ExchangePtr asking, const Request& asked,
                    TimePoint deadline)
        : exchange(std::move(asking)), request(asked), call(services, deadline) {}

    /// Returns when the coordinator has decided.
    [[nodiscard]] Task<> remove() {
        const auto operation = [&](const GroupMachine& groups, OffsetCommitResult& result) {
            return groups.remove(request.group_id, checked.offsets, result);
        };
        co_await call.ask(request.group_id, operation);
    }
    /// Answers when the decision is committed.
    [[nodiscard]] static Task<> finish(std::shared_ptr<OffsetDeleteJob> job) {
        const auto outcome = co_await job->call.outcome();
        job->reply(outcome ? *outcome : OffsetCommitResult{outcome.error().code, {}});
    }
    void reply(const OffsetCommitResult& result);

    ExchangePtr exchange;
    const Request& request;
    Checked checked;
    GroupCall<OffsetCommitResult> call;
};

void OffsetDeleteJob::reply(const OffsetCommitResult& result) {
    for (std::size_t i = 0; i < result.offsets.size(); ++i) {
        checked.answers[checked.answer_of[i]].error_code = result.offsets[i];
    }
    Response response;
    response.error_code = result.refusal;
    std::vector<Response::Topic> topics;
    if (result.refusal == ErrorCode::none) {
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

}  // namespace

Task<> OffsetDeleteHandler::serve(ExchangePtr exchange, const Request& request) {
    // Of the answer, the name, and the record in the batch.
    constexpr std::size_t kBytesPerItem = 384;
    if (!exchange->take_work(request.topics.size() + partitions_of(request), kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<OffsetDeleteJob>(services_, exchange, request,
                                                       services_.clock.now() + timeout_);
    const RequestContext& who = exchange->context();
    if (!who.allows(Operation::remove, {ResourceType::group, request.group_id})) {
        job->reply({ErrorCode::group_authorization_failed, {}});
        co_return;
    }
    if (request.group_id.empty()) {
        job->reply({ErrorCode::invalid_group_id, {}});
        co_return;
    }
    Checked checked = co_await check(services_, who, request);
    job->checked = std::move(checked);
    co_await job->remove();
    services_.delayed.go_on(OffsetDeleteJob::finish(job));
}

}  // namespace hw::broker
