#include "broker/api/describe_replicas.h"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "broker/api/partition_lookup.h"
#include "broker/net/long_loop.h"
#include "broker/replicas/guard_visit.h"
#include "controller/ops/partition_change.h"
#include "replication/partition/partition_description.h"

namespace hw::broker {
namespace {

using replication::BrokerState;
using replication::BrokerStates;
using replication::PartitionDescription;
using replication::ReplicaDescription;
using wire::ErrorCode;
using Request = schema::DescribeReplicasRequest;
using Response = schema::DescribeReplicasResponse;

BrokerState state_of(const controller::BrokerImage* broker,
                     const controller::PartitionImage& partition) {
    if (broker == nullptr) {
        return BrokerState::unregistered;
    }
    if (broker->fenced) {
        return BrokerState::fenced;
    }
    if (!controller::has_online_replica(*broker, partition)) {
        return BrokerState::without_directory;
    }
    return broker->in_controlled_shutdown ? BrokerState::stopping : BrokerState::active;
}

std::int64_t millis_of(std::optional<Duration> duration) {
    return duration ? std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count() : -1;
}

std::string_view text_or_null(const std::string& text) {
    return text.empty() ? std::string_view() : std::string_view(text);
}

/// One request in progress. Lives in the frame of its coroutine.
class DescribeReplicasJob {
public:
    DescribeReplicasJob(const ApiServices& services, const Request& request)
        : services_(services), request_(request), visit_(services.shard) {}

    /// Looks up the partitions. Returns the number of their replicas.
    [[nodiscard]] std::size_t resolve_all();
    [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
    /// Describes a partition in its guard, if it was found. False when the guard is full.
    [[nodiscard]] bool begin(std::size_t index);
    [[nodiscard]] GuardVisit& visit() { return visit_; }
    [[nodiscard]] std::size_t replicas(std::size_t index) const {
        return partitions_[index].states.size();
    }
    void answer(Exchange& exchange) const;

private:
    struct Partition {
        PartitionIndex index;
        ReplicaPtr replica;  ///< null if it was not found
        BrokerStates states = {};
        std::expected<PartitionDescription, wire::Refusal> described = {};
    };

    void resolve(const controller::TopicImage* topic, PartitionIndex index);

    const ApiServices& services_;
    const Request& request_;
    std::vector<Partition> partitions_;  ///< of all topics, in the order of the request
    GuardVisit visit_;
};

std::size_t DescribeReplicasJob::resolve_all() {
    std::size_t replicas = 0;
    for (const Request::Topic& topic : request_.topics) {
        const controller::TopicImage* found = services_.image->find_topic(topic.name);
        for (const PartitionIndex index : topic.partitions) {
            resolve(found, index);
            replicas += partitions_.back().states.size();
        }
    }
    return replicas;
}

void DescribeReplicasJob::resolve(const controller::TopicImage* topic, PartitionIndex index) {
    Partition& partition = partitions_.emplace_back(index, nullptr);
    const FoundTopic found{topic, ErrorCode::unknown_topic_or_partition};
    const auto hosted = find_partition(services_, found, index);
    if (!hosted) {
        partition.described = std::unexpected(hosted.error());
        return;
    }
    partition.replica = (*hosted)->replica;
    const controller::PartitionImage& image = *topic->partitions.find(index);
    for (const BrokerId broker : image.replicas) {
        partition.states[broker] = state_of(services_.image->find_broker(broker), image);
    }
}

bool DescribeReplicasJob::begin(std::size_t index) {
    Partition& partition = partitions_[index];
    return partition.replica == nullptr ||
           visit_.begin(
               *partition.replica, [this, &partition](replication::PartitionReplica& replica) {
                   partition.described = describe(replica, partition.states, services_.clock.now());
               });
}

std::vector<Response::Replica> replicas_of(const PartitionDescription& described) {
    std::vector<Response::Replica> replicas;
    for (const ReplicaDescription& replica : described.replicas) {
        replicas.push_back({.broker_id = replica.broker,
                            .broker_epoch = replica.broker_epoch,
                            .log_end_offset = replica.log_end_offset,
                            .since_fetch_ms = millis_of(replica.since_fetch),
                            .since_caught_up_ms = millis_of(replica.since_caught_up),
                            .reason = text_or_null(replica.reason)});
    }
    return replicas;
}

Response::Partition answer_of(PartitionIndex index, const PartitionDescription& described,
                              const std::vector<Response::Replica>& replicas) {
    Response::Partition answer{
        .partition_index = index,
        .leader_epoch = described.facts.leader_epoch,
        .partition_epoch = described.facts.partition_epoch,
        .log_start_offset = described.log_start_offset,
        .log_end_offset = described.ends.log_end_offset,
        .durable_end_offset = described.ends.durable_end_offset,
        .high_watermark = described.high_watermark,
        .isr_size_needed = static_cast<std::int32_t>(described.isr_size_needed),
        .isr = described.facts.isr,
        .watermark_reason = text_or_null(described.watermark_reason),
        .write_refusal = text_or_null(described.write_refusal),
        .replicas = replicas};
    if (described.proposed_isr) {
        answer.proposed_isr = *described.proposed_isr;
    }
    return answer;
}

void DescribeReplicasJob::answer(Exchange& exchange) const {
    std::vector<std::vector<Response::Replica>> replicas;
    replicas.reserve(partitions_.size());
    std::vector<Response::Partition> answers;
    for (const Partition& partition : partitions_) {
        if (!partition.described) {
            answers.push_back({.partition_index = partition.index,
                               .error_code = partition.described.error().code,
                               .error_message = partition.described.error().message});
            continue;
        }
        replicas.push_back(replicas_of(*partition.described));
        answers.push_back(answer_of(partition.index, *partition.described, replicas.back()));
    }
    std::vector<Response::Topic> topics;
    std::span<const Response::Partition> rest(answers);
    for (const Request::Topic& topic : request_.topics) {
        topics.push_back({topic.name, rest.first(topic.partitions.size())});
        rest = rest.subspan(topic.partitions.size());
    }
    Response response;
    response.topics = topics;
    exchange.reply(response);
}

void refuse(Exchange& exchange, ErrorCode code, const std::string& message) {
    Response response;
    response.error_code = code;
    response.error_message = message;
    exchange.reply(response);
}

}  // namespace

Task<> DescribeReplicasHandler::serve(ExchangePtr exchange, const Request& request) {
    if (!exchange->context().allows(Operation::describe, kCluster)) {
        refuse(*exchange, ErrorCode::cluster_authorization_failed,
               "only clients that may describe the cluster may see the state of its replicas");
        co_return;
    }
    const std::size_t partitions = partitions_of(request);
    if (partitions > kMaxPartitions) {
        refuse(*exchange, ErrorCode::invalid_request,
               fmt::format("the request asks for {} partitions, but at most {} are described at "
                           "once; ask for them in several requests",
                           partitions, kMaxPartitions));
        co_return;
    }
    // Memory for the lookups and descriptions; a replica has up to three sentences.
    constexpr std::size_t kBytesPerPartition = 1024;
    constexpr std::size_t kBytesPerReplica = 1536;
    if (!exchange->take_work(request.topics.size() + partitions, kBytesPerPartition)) {
        co_return;
    }
    DescribeReplicasJob job(services_, request);
    if (!exchange->take_work(job.resolve_all(), kBytesPerReplica)) {
        co_return;
    }
    LongLoop loop;
    for (std::size_t next = 0; next < job.partitions(); ++next) {
        while (!job.begin(next)) {
            co_await wait_for_room(services_.shard, services_.clock);
        }
        co_await job.visit().wait();
        if (loop.is_over(1 + job.replicas(next))) {
            co_await let_others_run(services_.shard);
        }
        if (!exchange->is_wanted()) {
            co_return;
        }
    }
    job.answer(*exchange);
}

}  // namespace hw::broker
