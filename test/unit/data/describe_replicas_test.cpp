#include "broker/api/describe_replicas.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::DescribeReplicasRequest;
using Response = schema::DescribeReplicasResponse;

constexpr std::array kFirst{PartitionIndex(0)};

/// A server with topic "t", whose only replica it has, and topic "u", which has another replica on
/// broker 2. That one is out of the ISR, and two are needed.
struct Bench {
    explicit Bench(std::uint64_t seed = 1) : world(seed) {
        world.add({});
        world.append({.records = 3});
        world.add({.topic = "u",
                   .replicas = {kOther, kSelf},
                   .isr = {kSelf},
                   .options = {.min_insync_replicas = 2, .produce = {}}});
        client = &world.connect();
    }
    const Response& ask(std::span<const Request::Topic> topics) {
        const Request request{.topics = topics};
        return client->ask<Response>(request, 0);
    }
    const Response::Partition& ask_one(std::string_view topic,
                                       std::span<const PartitionIndex> partitions = kFirst) {
        const std::array topics{Request::Topic{.name = topic, .partitions = partitions}};
        const Response& answer = ask(topics);
        CHECK(answer.error_code == ErrorCode::none);
        REQUIRE(answer.topics.size() == 1);
        return answer.topics[0].partitions[0];
    }
    void put_other_broker(bool fenced) {
        controller::BrokerImage broker = *world.image->find_broker(kOther);
        broker.fenced = fenced;
        auto next = std::make_shared<controller::MetadataImage>(*world.image);
        next->put(std::move(broker));
        world.image = next;
        for (const auto& shard : world.shards) {
            shard->services.image = next;
        }
    }

    World world;
    Client* client = nullptr;
};

TEST_CASE("describe replicas: a partition has its offsets, epochs and ISR, and the leader",
          "[data][describe-replicas]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const auto& partition = bench.ask_one("t");
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.leader_epoch == LeaderEpoch(5));
    CHECK(partition.log_start_offset == Offset(0));
    CHECK(partition.log_end_offset == Offset(3));
    CHECK(partition.durable_end_offset == Offset(3));
    CHECK(partition.high_watermark == Offset(3));
    CHECK(partition.isr_size_needed == 1);
    REQUIRE(partition.isr.size() == 1);
    CHECK(partition.isr[0] == kSelf);
    CHECK(partition.proposed_isr.is_null());
    CHECK(wire::is_null(partition.watermark_reason));
    CHECK(wire::is_null(partition.write_refusal));
    REQUIRE(partition.replicas.size() == 1);
    CHECK(partition.replicas[0].broker_id == kSelf);
    CHECK(partition.replicas[0].log_end_offset == Offset(3));
    CHECK(partition.replicas[0].since_fetch_ms == -1);
    CHECK(wire::is_null(partition.replicas[0].reason));
}

TEST_CASE("describe replicas: a replica that is not in sync has the reason",
          "[data][describe-replicas]") {
    Bench bench;
    const auto& silent = bench.ask_one("u").replicas[0];
    CHECK(silent.broker_id == kOther);
    CHECK(silent.log_end_offset == kNoOffset);
    CHECK(silent.since_fetch_ms == -1);
    CHECK(silent.reason.starts_with("it has not fetched since leader epoch 5 began"));
    bench.put_other_broker(true);
    CHECK(bench.ask_one("u").replicas[0].reason.starts_with("broker 2 is fenced"));
}

TEST_CASE("describe replicas: a high watermark that stands still and refused writes have reasons",
          "[data][describe-replicas]") {
    Bench bench;
    const Buffer batch = make_batch({});
    ProduceOne produce(batch.view(), {"u"});
    produce.request.acks = 1;
    bench.client->ask<schema::ProduceResponse>(produce.request, 9);
    const auto& partition = bench.ask_one("u");
    CHECK(partition.isr_size_needed == 2);
    CHECK(partition.log_end_offset == Offset(1));
    CHECK(partition.high_watermark == Offset(0));
    CHECK(partition.watermark_reason ==
          "it does not move while 1 of 2 replicas is in sync, but min.insync.replicas requires 2");
    CHECK(partition.write_refusal ==
          "acks=all is refused: 1 of 2 replicas is in sync, but min.insync.replicas requires 2");
}

TEST_CASE("describe replicas: a partition that this broker does not lead has an error that says so",
          "[data][describe-replicas]") {
    Bench bench;
    bench.world.publish({.topic = "other", .leader = kOther});
    const auto& elsewhere = bench.ask_one("other");
    CHECK(elsewhere.error_code == ErrorCode::not_leader_or_follower);
    CHECK(elsewhere.error_message == "other-0 is led by broker 2");
    CHECK(elsewhere.replicas.empty());
    CHECK(bench.ask_one("nope").error_code == ErrorCode::unknown_topic_or_partition);
    constexpr std::array kSecond{PartitionIndex(1)};
    CHECK(bench.ask_one("t", kSecond).error_message == "topic t has partitions 0 to 0, not 1");
}

TEST_CASE("describe replicas: a replica that has stopped leading has the reason as its error",
          "[data][describe-replicas]") {
    Bench bench;
    bench.world.enter("t", [](replication::PartitionReplica& replica) {
        replica.become_offline({ErrorCode::kafka_storage_error, "the disk is gone"});
    });
    const auto& partition = bench.ask_one("t");
    CHECK(partition.error_code == ErrorCode::kafka_storage_error);
    CHECK(partition.error_message == "the disk is gone");
}

TEST_CASE("describe replicas: the answer has the topics and partitions of the request, in order",
          "[data][describe-replicas]") {
    Bench bench;
    constexpr std::array kTwice{PartitionIndex(0), PartitionIndex(7), PartitionIndex(0)};
    const std::array topics{Request::Topic{.name = "u", .partitions = kFirst},
                            Request::Topic{.name = "t", .partitions = kTwice},
                            Request::Topic{.name = "none", .partitions = {}}};
    const Response& answer = bench.ask(topics);
    REQUIRE(answer.topics.size() == 3);
    CHECK(answer.topics[0].name == "u");
    CHECK(answer.topics[0].partitions[0].replicas.size() == 2);
    REQUIRE(answer.topics[1].partitions.size() == 3);
    CHECK(answer.topics[1].partitions[0].high_watermark == Offset(3));
    CHECK(answer.topics[1].partitions[1].partition_index == PartitionIndex(7));
    CHECK(answer.topics[1].partitions[1].error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(answer.topics[1].partitions[2].high_watermark == Offset(3));
    CHECK(answer.topics[2].partitions.empty());
}

TEST_CASE("describe replicas: it needs Describe on the cluster", "[data][describe-replicas]") {
    Bench bench;
    bench.world.forbid(Operation::describe, kCluster);
    const std::array topics{Request::Topic{.name = "t", .partitions = kFirst}};
    const Response& answer = bench.ask(topics);
    CHECK(answer.error_code == ErrorCode::cluster_authorization_failed);
    CHECK(answer.topics.empty());
}

TEST_CASE("describe replicas: 1000 partitions are described at once, and more are refused",
          "[data][describe-replicas]") {
    Bench bench;
    std::vector<PartitionIndex> partitions(DescribeReplicasHandler::kMaxPartitions,
                                           PartitionIndex(0));
    const std::array topics{Request::Topic{.name = "t", .partitions = partitions}};
    const Response& most = bench.ask(topics);
    REQUIRE(most.topics.size() == 1);
    CHECK(most.topics[0].partitions.size() == 1000);
    CHECK(most.topics[0].partitions[999].log_end_offset == Offset(3));
    partitions.push_back(PartitionIndex(0));
    const std::array too_many{Request::Topic{.name = "t", .partitions = partitions}};
    const Response& refused = bench.ask(too_many);
    CHECK(refused.error_code == ErrorCode::invalid_request);
    CHECK(refused.error_message ==
          "the request asks for 1001 partitions, but at most 1000 are described at once; ask for "
          "them in several requests");
    CHECK(refused.topics.empty());
}

}  // namespace
}  // namespace hw::broker
