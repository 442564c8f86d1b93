#include "protocol/schema/api/offset_for_leader_epoch.h"

#include <array>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::OffsetForLeaderEpochRequest;
using Response = schema::OffsetForLeaderEpochResponse;

Request::Partition asked_for(int epoch, LeaderEpoch current = kNoLeaderEpoch) {
    return {.partition = PartitionIndex(0),
            .current_leader_epoch = current,
            .leader_epoch = LeaderEpoch(epoch)};
}

/// A server with topic "t": two records of leader epoch 5, one of epoch 7; epoch 9 has begun.
struct Bench {
    explicit Bench(std::uint64_t seed = 1) : world(seed) {
        world.add({});
        world.append({.records = 2});
        lead(7);
        world.append({});
        lead(9);
        client = &world.connect();
    }
    void lead(int epoch) {
        world.enter("t", [epoch](replication::PartitionReplica& replica) {
            replica.become_leader({LeaderEpoch(epoch), PartitionEpoch(epoch), {kSelf}, {kSelf}});
        });
    }
    Response::Partition ask(const Request::Partition& partition, std::int16_t version = 4,
                            std::string_view topic = "t") {
        const std::array topics{Request::Topic{topic, {&partition, 1}}};
        const Request request{.topics = topics};
        const Response& answer = client->ask<Response>(request, version);
        REQUIRE(answer.topics.size() == 1);
        CHECK(answer.topics[0].topic == topic);
        REQUIRE(answer.topics[0].partitions.size() == 1);
        CHECK(answer.topics[0].partitions[0].partition == partition.partition);
        return answer.topics[0].partitions[0];
    }

    World world;
    Client* client = nullptr;
};

TEST_CASE("offset for leader epoch: each epoch ends where the next one begins (KIP-320)",
          "[data][epoch]") {
    struct Case {
        int asked;
        int epoch;
        std::int64_t end;
    };
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const auto version = GENERATE(range(std::int16_t{2}, std::int16_t{5}));
    const auto [asked, epoch, end] =
        GENERATE(Case{4, 4, 0}, Case{5, 5, 2}, Case{6, 5, 2}, Case{7, 7, 3}, Case{8, 7, 3},
                 Case{9, 9, 3}, Case{10, -1, -1}, Case{-1, -1, -1});
    CAPTURE(asked, version);
    const Response::Partition answer = bench.ask(asked_for(asked), version);
    CHECK(answer.error_code == ErrorCode::none);
    CHECK(answer.leader_epoch == LeaderEpoch(epoch));
    CHECK(answer.end_offset == Offset(end));
}

TEST_CASE("offset for leader epoch: the leader epoch of the request is checked", "[data][epoch]") {
    Bench bench;
    CHECK(bench.ask(asked_for(5, LeaderEpoch(9))).error_code == ErrorCode::none);
    CHECK(bench.ask(asked_for(5, LeaderEpoch(8))).error_code == ErrorCode::fenced_leader_epoch);
    const Response::Partition newer = bench.ask(asked_for(5, LeaderEpoch(10)));
    CHECK(newer.error_code == ErrorCode::unknown_leader_epoch);
    CHECK(newer.leader_epoch == kNoLeaderEpoch);
    CHECK(newer.end_offset == kNoOffset);
}

TEST_CASE("offset for leader epoch: a partition that this broker does not lead has an error",
          "[data][epoch]") {
    Bench bench;
    bench.world.publish({.topic = "other", .leader = kOther});
    CHECK(bench.ask(asked_for(5), 4, "nope").error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(bench.ask(asked_for(5), 4, "other").error_code == ErrorCode::not_leader_or_follower);
    Request::Partition absent = asked_for(5);
    absent.partition = PartitionIndex(7);
    CHECK(bench.ask(absent).error_code == ErrorCode::unknown_topic_or_partition);
}

TEST_CASE("offset for leader epoch: it takes DESCRIBE of the topic, or CLUSTER_ACTION",
          "[data][epoch]") {
    Bench bench;
    bench.world.forbid(Operation::describe, topic_resource("t"));
    CHECK(bench.ask(asked_for(5)).error_code == ErrorCode::none);
    bench.world.forbid(Operation::cluster_action, kCluster);
    const Response::Partition refused = bench.ask(asked_for(5));
    CHECK(refused.error_code == ErrorCode::topic_authorization_failed);
    CHECK(refused.end_offset == kNoOffset);
}

TEST_CASE("offset for leader epoch: thousands of partitions are answered in their order",
          "[data][epoch]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    std::vector<Request::Partition> partitions(3000, asked_for(5));
    for (std::size_t i = 1; i < partitions.size(); i += 2) {
        partitions[i].leader_epoch = LeaderEpoch(7);
    }
    const std::array topics{Request::Topic{"t", partitions}, Request::Topic{"nope", partitions}};
    const Response& answer =
        bench.client->ask<Response>(Request{.topics = topics}, std::int16_t{4});
    REQUIRE(answer.topics.size() == 2);
    REQUIRE(answer.topics[0].partitions.size() == partitions.size());
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        CHECK(answer.topics[0].partitions[i].end_offset == Offset(i % 2 == 0 ? 2 : 3));
    }
    CHECK(answer.topics[1].partitions.size() == partitions.size());
}

TEST_CASE("offset for leader epoch: the end includes earlier produces on the same connection",
          "[data][epoch]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const Buffer batch = make_batch({});
    const std::array asked{asked_for(9)};
    const std::array topics{Request::Topic{"t", asked}};
    bench.client->send(ProduceOne(batch.view()).request, 9);
    bench.client->send(Request{.topics = topics}, 4);
    CHECK(bench.client->receive<schema::ProduceResponse>(9).responses.size() == 1);
    CHECK(bench.client->receive<Response>(4).topics[0].partitions[0].end_offset == Offset(4));
}

}  // namespace
}  // namespace hw::broker
