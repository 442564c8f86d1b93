#include <array>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::ListOffsetsRequest;
using Response = schema::ListOffsetsResponse;

constexpr std::int64_t kTime = 1'767'225'600'000;

/// A server with topic "t", which has two batches: three records at kTime and the two milliseconds
/// after it, and one record a second after kTime.
struct Bench {
    explicit Bench(std::uint64_t seed = 1) : world(seed) {
        world.add({});
        world.append({.records = 3, .timestamp = Timestamp(kTime)});
        world.append({.timestamp = Timestamp(kTime + 1000)});
        client = &world.connect();
    }
    const Response::Partition& list(const Request& request, std::int16_t version = 11) {
        const Response& answer = client->ask<Response>(request, version);
        REQUIRE(answer.topics.size() == 1);
        return answer.topics[0].partitions[0];
    }

    World world;
    Client* client = nullptr;
};

TEST_CASE("list offsets: each timestamp gives its offset, timestamp and leader epoch",
          "[data][list]") {
    struct Case {
        std::int64_t asked;
        std::int64_t offset;
        std::int64_t timestamp;
    };
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const auto [asked, offset, timestamp] = GENERATE(
        Case{-1, 4, -1}, Case{-2, 0, -1}, Case{-3, 3, kTime + 1000}, Case{-4, 0, -1},
        Case{-5, -1, -1}, Case{-6, -1, -1}, Case{0, 0, kTime}, Case{kTime + 1, 1, kTime + 1},
        Case{kTime + 3, 3, kTime + 1000}, Case{kTime + 1001, -1, -1});
    INFO("timestamp " << asked);
    const auto& partition = bench.list(ListOne(asked).request);
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.offset == Offset(offset));
    CHECK(partition.timestamp == Timestamp(timestamp));
    CHECK(partition.leader_epoch == (offset < 0 ? kNoLeaderEpoch : LeaderEpoch(5)));
}

TEST_CASE("list offsets: the end offset is answered in every version", "[data][list]") {
    Bench bench;
    const auto version = GENERATE(range(std::int16_t{1}, std::int16_t{12}));
    const auto& partition = bench.list(ListOne(-1).request, version);
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.offset == Offset(4));
    CHECK(partition.leader_epoch == (version < 4 ? kNoLeaderEpoch : LeaderEpoch(5)));
}

TEST_CASE("list offsets: a special timestamp is refused below the version that added it",
          "[data][list]") {
    Bench bench;
    const auto [timestamp, from] =
        GENERATE(std::pair<int, int>(-1, 1), std::pair<int, int>(-2, 1), std::pair<int, int>(-3, 7),
                 std::pair<int, int>(-4, 8), std::pair<int, int>(-5, 9),
                 std::pair<int, int>(-6, 11), std::pair<int, int>(-7, 99));
    const auto version = GENERATE(range(std::int16_t{1}, std::int16_t{12}));
    CHECK(bench.list(ListOne(timestamp).request, version).error_code ==
          (version < from ? ErrorCode::unsupported_version : ErrorCode::none));
}

TEST_CASE("list offsets: the leader epoch of the request is checked", "[data][list]") {
    Bench bench;
    ListOne one(-1);
    one.partition.current_leader_epoch = LeaderEpoch(4);
    CHECK(bench.list(one.request).error_code == ErrorCode::fenced_leader_epoch);
    one.partition.current_leader_epoch = LeaderEpoch(6);
    const auto& partition = bench.list(one.request);
    CHECK(partition.error_code == ErrorCode::unknown_leader_epoch);
    CHECK(partition.offset == kNoOffset);
}

TEST_CASE("list offsets: a partition that this broker does not serve has an error",
          "[data][list]") {
    Bench bench;
    bench.world.publish({.topic = "other", .leader = kOther});
    CHECK(bench.list(ListOne(-1, "nope").request).error_code ==
          ErrorCode::unknown_topic_or_partition);
    CHECK(bench.list(ListOne(-1, "other").request).error_code == ErrorCode::not_leader_or_follower);
}

TEST_CASE("list offsets: a partition that is named twice is refused, the others are not",
          "[data][list]") {
    Bench bench;
    bench.world.add({.topic = "u"});
    ListOne one(-1);
    const std::array<Request::Partition, 2> twice{one.partition, one.partition};
    const std::array<Request::Topic, 2> topics{Request::Topic{"t", twice},
                                               Request::Topic{"u", {&one.partition, 1}}};
    one.request.topics = topics;
    const Response& answer = bench.client->ask<Response>(one.request, 11);
    REQUIRE(answer.topics.size() == 2);
    CHECK(answer.topics[0].partitions[0].error_code == ErrorCode::invalid_request);
    CHECK(answer.topics[0].partitions[1].error_code == ErrorCode::invalid_request);
    CHECK(answer.topics[1].partitions[0].error_code == ErrorCode::none);
}

TEST_CASE("list offsets: the end offset includes earlier produces on the same connection",
          "[data][list]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const Buffer batch = make_batch({});
    bench.client->send(ProduceOne(batch.view()).request, 9);
    bench.client->send(ProduceOne(batch.view()).request, 9);
    bench.client->send(ListOne(-1).request, 11);
    CHECK(bench.client->receive<schema::ProduceResponse>(9).responses.size() == 1);
    CHECK(bench.client->receive<schema::ProduceResponse>(9).responses.size() == 1);
    const Response& answer = bench.client->receive<Response>(11);
    CHECK(answer.topics[0].partitions[0].offset == Offset(6));
}

TEST_CASE("list offsets: a look-up that ran on another shard is answered on the connection's shard",
          "[data][list]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    bench.client->send(ListOne(-1).request, 11);
    bench.world.occupy("t");
    const Response& answer = bench.client->receive<Response>(11);
    CHECK(answer.topics[0].partitions[0].offset == Offset(4));
}

/// A partition whose leader has one record that the other replica does not have.
struct Lagging {
    Lagging() {
        world.add({.replicas = {kSelf, kOther}, .isr = {kSelf, kOther}});
        const Buffer batch = make_batch({});
        ProduceOne produce(batch.view());
        produce.request.acks = 1;
        client = &world.connect();
        client->ask<schema::ProduceResponse>(produce.request, 9);
    }
    void begin_next_epoch() {
        world.enter("t", [](replication::PartitionReplica& replica) {
            replica.become_leader(
                {LeaderEpoch(6), PartitionEpoch(2), {kSelf, kOther}, {kSelf, kOther}});
        });
    }
    const Response::Partition& list(const Request& request, std::int16_t version = 11) {
        return client->ask<Response>(request, version).topics[0].partitions[0];
    }

    World world;
    Client* client = nullptr;
};

TEST_CASE("list offsets: a new leader refuses clients until its high watermark is current",
          "[data][list]") {
    Lagging lagging;
    lagging.begin_next_epoch();
    const auto version = GENERATE(std::int16_t{4}, std::int16_t{5});
    CHECK(lagging.list(ListOne(-1).request, version).error_code ==
          (version < 5 ? ErrorCode::leader_not_available : ErrorCode::offset_not_available));
}

TEST_CASE("list offsets: a client gets the high watermark, a replica the end of the log",
          "[data][list]") {
    Lagging lagging;
    ListOne one(GENERATE(std::int64_t{-1}, std::int64_t{-3}));
    const bool end = one.partition.timestamp == Timestamp(-1);
    CHECK(lagging.list(one.request).offset == (end ? Offset(0) : kNoOffset));
    one.request.replica_id = GENERATE(BrokerId(-2), BrokerId(2));
    CHECK(lagging.list(one.request).offset == (end ? Offset(1) : Offset(0)));
    lagging.begin_next_epoch();
    CHECK(lagging.list(one.request).error_code == ErrorCode::none);
}

TEST_CASE("list offsets: a client that may not describe a topic gets no offset of it",
          "[data][list]") {
    Bench bench;
    bench.world.forbid(Operation::describe, topic_resource("t"));
    const auto& partition = bench.list(ListOne(-1).request);
    CHECK(partition.error_code == ErrorCode::topic_authorization_failed);
    CHECK(partition.offset == kNoOffset);
}

}  // namespace
}  // namespace hw::broker
