#include "broker/api/describe_lag.h"

#include <algorithm>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "broker/api/offset_lookup.h"
#include "broker/api/partition_lookup.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using replication::OffsetQuery;
using wire::ErrorCode;
using Request = schema::DescribeLagRequest;
using Response = schema::DescribeLagResponse;

struct Lag {
    Offset end_offset;
    Timestamp oldest = kNoTimestamp;
};

/// One request in progress. Lives in the frame of its coroutine.
class DescribeLagJob {
public:
    DescribeLagJob(const ApiServices& services, const RequestContext& who, const Request& request)
        : services_(services), who_(who), request_(request), lookup_(services) {}

    /// Looks up the partitions.
    void resolve_all();
    [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
    /// Describes a partition, if it was found.
    [[nodiscard]] Task<> describe(std::size_t index);
    void answer(Exchange& exchange) const;

private:
    struct Partition {
        PartitionIndex index;
        Offset next_offset;
        ReplicaPtr replica;  ///< null if it was not found
        std::expected<Lag, wire::Refusal> lag = {};
    };

    void resolve(const FoundTopic& topic, const Request::Partition& asked);
    [[nodiscard]] Task<std::expected<Lag, wire::Refusal>> lag_of(const Partition& partition);

    const ApiServices& services_;
    const RequestContext& who_;
    const Request& request_;
    std::vector<Partition> partitions_;  ///< of all topics, in the order of the request
    OffsetLookup lookup_;
};

void DescribeLagJob::resolve_all() {
    const TopicAccess access{who_, Operation::describe};
    for (const Request::Topic& topic : request_.topics) {
        const FoundTopic found = find_topic(services_, access, topic.name);
        for (const Request::Partition& asked : topic.partitions) {
            resolve(found, asked);
        }
    }
}

void DescribeLagJob::resolve(const FoundTopic& topic, const Request::Partition& asked) {
    Partition partition{asked.partition_index, asked.next_offset, nullptr};
    const auto hosted = find_partition(services_, topic, asked.partition_index);
    if (hosted) {
        partition.replica = (*hosted)->replica;
    } else {
        partition.lag = std::unexpected(hosted.error());
    }
    partitions_.push_back(std::move(partition));
}

Task<> DescribeLagJob::describe(std::size_t index) {
    Partition& partition = partitions_[index];
    if (partition.replica != nullptr) {
        auto lag = co_await lag_of(partition);
        partition.lag = std::move(lag);
    }
}

Task<std::expected<Lag, wire::Refusal>> DescribeLagJob::lag_of(const Partition& partition) {
    OffsetLookup::Question question{partition.replica, kNoLeaderEpoch, OffsetQuery()};
    const auto end = co_await lookup_.run(question);
    if (!end) {
        co_return std::unexpected(end.error());
    }
    Lag lag{end->offset};
    if (partition.next_offset == kNoOffset || partition.next_offset >= end->offset) {
        co_return lag;
    }
    question.offset = replication::first_record_query(partition.next_offset);
    const auto oldest = co_await lookup_.run(question);
    if (!oldest) {
        co_return std::unexpected(oldest.error());
    }
    lag.oldest = oldest->timestamp;
    co_return lag;
}

void DescribeLagJob::answer(Exchange& exchange) const {
    std::vector<Response::Partition> answers;
    answers.reserve(partitions_.size());
    for (const Partition& partition : partitions_) {
        Response::Partition answer{.partition_index = partition.index};
        if (partition.lag) {
            answer.end_offset = partition.lag->end_offset;
            answer.oldest_timestamp = partition.lag->oldest;
        } else {
            answer.error_code = partition.lag.error().code;
            answer.error_message = partition.lag.error().message;
        }
        answers.push_back(answer);
    }
    std::vector<Response::Topic> topics;
    std::span<const Response::Partition> rest(answers);
    for (const Request::Topic& topic : request_.topics) {
        topics.push_back({topic.name, rest.first(topic.partitions.size())});
        rest = rest.subspan(topic.partitions.size());
    }
    Response response;
    response.time = services_.clock.wall_now();
    response.topics = topics;
    exchange.reply(response);
}

void refuse_size(Exchange& exchange, std::size_t topics, std::size_t partitions) {
    const std::string message = fmt::format(
        "the request asks for {} partitions of {} topics, but at most {} of each are described at "
        "once; ask for them in several requests",
        partitions, topics, DescribeLagHandler::kMaxPartitions);
    Response response;
    response.error_code = ErrorCode::invalid_request;
    response.error_message = message;
    exchange.reply(response);
}

}  // namespace

Task<> DescribeLagHandler::serve(ExchangePtr exchange, const Request& request) {
    const std::size_t topics = request.topics.size();
    const std::size_t partitions = partitions_of(request);
    if (std::max(topics, partitions) > kMaxPartitions) {
        refuse_size(*exchange, topics, partitions);
        co_return;
    }
    // Memory for the lookups, for the answer, and for a sentence that says why there is none.
    constexpr std::size_t kBytesPerItem = 768;
    if (!exchange->take_work(topics + partitions, kBytesPerItem)) {
        co_return;
    }
    DescribeLagJob job(services_, exchange->context(), request);
    job.resolve_all();
    LongLoop loop;
    for (std::size_t next = 0; next < job.partitions(); ++next) {
        co_await job.describe(next);
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
        if (!exchange->is_wanted()) {
            co_return;
        }
    }
    job.answer(*exchange);
}

}  // namespace hw::broker
