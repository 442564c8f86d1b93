#include "broker/api/offset_commit.h"

#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/api/group_call.h"
#include "broker/api/partition_lookup.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::OffsetCommitRequest;
using Response = schema::OffsetCommitResponse;

constexpr ApiVersion kTopicIdsFrom{10};
constexpr ApiVersion kKnowsMissingGroupsFrom{9};

/// One OffsetCommit request in progress.
class OffsetCommitJob {
public:
    OffsetCommitJob(ApiServices& services, ExchangePtr exchange, const Request& request,
                    TimePoint deadline)
        : services_(services),
          exchange_(std::move(exchange)),
          who_(exchange_->context()),
          version_(exchange_->version()),
          request_(request),
          call_(services, deadline) {}

    /// Checks what the request names; the rest is for the coordinator.
    [[nodiscard]] Task<> check();
    /// Returns when the coordinator has decided.
    [[nodiscard]] Task<> commit();
    /// Answers when the decision is committed.
    [[nodiscard]] static Task<> finish(std::shared_ptr<OffsetCommitJob> job);

private:
    void check(const Request::Topic& topic);
    void refuse(const Request::Topic& topic, ErrorCode code);
    void refuse_accepted(ErrorCode code);
    void take(const OffsetCommitResult& result);
    void reply() const;

    ApiServices& services_;
    ExchangePtr exchange_;
    const RequestContext& who_;
    ApiVersion version_;
    const Request& request_;
    std::vector<Response::Partition> answers_;  ///< of all topics, in the order of the request
    std::deque<std::string> names_;             ///< of topics that are named by id
    std::vector<OffsetToCommit> offsets_;       ///< to be committed
    std::vector<std::size_t> answer_of_;        ///< their indexes in answers_
    GroupCall<OffsetCommitResult> call_;
};

Task<> OffsetCommitJob::check() {
    const bool may_commit = who_.allows(Operation::read, {ResourceType::group, request_.group_id});
    LongLoop loop;
    for (const Request::Topic& topic : request_.topics) {
        if (may_commit) {
            check(topic);
        } else {
            refuse(topic, ErrorCode::group_authorization_failed);
        }
        if (loop.is_over(1 + topic.partitions.size())) {
            co_await let_others_run(services_.shard);
        }
    }
}

void OffsetCommitJob::check(const Request::Topic& topic) {
    const TopicAccess access{who_, Operation::read};
    const bool by_id = version_ >= kTopicIdsFrom;
    const FoundTopic found = by_id ? find_topic(services_, access, topic.topic_id)
                                   : find_topic(services_, access, topic.name);
    if (found.image == nullptr) {
        refuse(topic, found.missing);
        return;
    }
    // The image may be replaced before the name is used.
    const std::string_view name = by_id ? names_.emplace_back(found.image->name) : topic.name;
    for (const Request::Partition& partition : topic.partitions) {
        const std::size_t answer = answers_.size();
        answers_.push_back({.partition_index = partition.partition_index});
        if (found.image->partitions.find(partition.partition_index) == nullptr) {
            answers_[answer].error_code = ErrorCode::unknown_topic_or_partition;
            continue;
        }
        offsets_.push_back({.topic = name,
                            .topic_id = found.image->id,
                            .partition = partition.partition_index,
                            .offset = partition.committed_offset,
                            .leader_epoch = partition.committed_leader_epoch,
                            .metadata = partition.committed_metadata});
        answer_of_.push_back(answer);
    }
}

void OffsetCommitJob::refuse(const Request::Topic& topic, ErrorCode code) {
    for (const Request::Partition& partition : topic.partitions) {
        answers_.push_back({.partition_index = partition.partition_index, .error_code = code});
    }
}

void OffsetCommitJob::refuse_accepted(ErrorCode code) {
    if (code == ErrorCode::group_id_not_found && version_ < kKnowsMissingGroupsFrom) {
        code = ErrorCode::illegal_generation;
    }
    for (const std::size_t answer : answer_of_) {
        answers_[answer].error_code = code;
    }
}

Task<> OffsetCommitJob::commit() {
    if (offsets_.empty()) {
        co_return;
    }
    OffsetCommit commit{.group = request_.group_id,
                        .member = request_.member_id,
                        .instance = {},
                        .generation = request_.generation_id_or_member_epoch,
                        .offsets = offsets_,
                        .now = services_.clock.wall_now(),
                        .expires_at = {}};
    if (!wire::is_null(request_.group_instance_id)) {
        commit.instance = request_.group_instance_id;
    }
    if (request_.retention_time_ms >= 0) {
        constexpr Timestamp kLatest{std::numeric_limits<std::int64_t>::max()};
        const bool overflows = request_.retention_time_ms > kLatest - commit.now;
        commit.expires_at = overflows ? kLatest : commit.now + request_.retention_time_ms;
    }
    const TimePoint now = services_.clock.now();
    const auto operation = [&](GroupMachine& groups, OffsetCommitResult& result) {
        return groups.commit(commit, now, result);
    };
    co_await call_.ask(request_.group_id, operation);
}

Task<> OffsetCommitJob::finish(std::shared_ptr<OffsetCommitJob> job) {
    if (!job->offsets_.empty()) {
        const auto outcome = co_await job->call_.outcome();
        if (outcome) {
            job->take(*outcome);
        } else {
            job->refuse_accepted(outcome.error().code);
        }
    }
    job->reply();
}

void OffsetCommitJob::take(const OffsetCommitResult& result) {
    if (result.refusal != ErrorCode::none) {
        refuse_accepted(result.refusal);
        return;
    }
    for (std::size_t i = 0; i < answer_of_.size(); ++i) {
        answers_[answer_of_[i]].error_code = result.offsets[i];
    }
}

void OffsetCommitJob::reply() const {
    std::vector<Response::Topic> topics;
    topics.reserve(request_.topics.size());
    std::span<const Response::Partition> rest(answers_);
    for (const Request::Topic& topic : request_.topics) {
        topics.push_back({topic.name, topic.topic_id, rest.first(topic.partitions.size())});
        rest = rest.subspan(topic.partitions.size());
    }
    Response response;
    response.topics = topics;
    exchange_->reply(response);
}

}  // namespace

Task<> OffsetCommitHandler::serve(ExchangePtr exchange, const Request& request) {
    // Of the answer, the offset to commit, and its record in the batch.
    constexpr std::size_t kBytesPerItem = 512;
    if (!exchange->take_work(request.topics.size() + partitions_of(request), kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<OffsetCommitJob>(services_, std::move(exchange), request,
                                                       services_.clock.now() + timeout_);
    co_await job->check();
    co_await job->commit();
    services_.delayed.go_on(OffsetCommitJob::finish(job));
}

}  // namespace hw::broker
