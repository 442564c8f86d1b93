#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Response = schema::FetchResponse;
using Values = std::vector<std::string>;

constexpr std::int16_t kVersion = 17;

/// A leader with topic "t", whose other replica is on broker 2, and a connection of that broker.
struct Bench {
    explicit Bench(std::uint64_t seed = 1, std::vector<BrokerId> isr = {kSelf, kOther})
        : world(seed) {
        world.listener.serves_brokers = true;
        world.add({.replicas = {kSelf, kOther},
                   .isr = std::move(isr),
                   .options = {.durability = replication::Durability::memory, .produce = {}}});
        follower = &world.connect();
        id = world.id_of("t");
    }
    [[nodiscard]] FetchOne request(std::int64_t offset) const {
        return FetchOne(offset, {"t", id});
    }
    void sign(FetchOne& one, std::int64_t epoch = kOtherEpoch.value()) const {
        one.request.replica_state = {.replica_id = kOther, .replica_epoch = BrokerEpoch(epoch)};
        one.partition.current_leader_epoch = LeaderEpoch(5);
    }
    const Response::Partition& partition_of(const Response& response) {
        REQUIRE(response.responses.size() == 1);
        return response.responses[0].partitions[0];
    }
    const Response::Partition& ask(const FetchOne& one) {
        return partition_of(follower->ask<Response>(one.request, kVersion));
    }
    /// A batch whose acknowledgement waits for the follower.
    Client& produce(std::string value, std::string_view topic = "t") {
        Client& producer = world.connect();
        const Buffer batch = make_batch({.value = std::move(value)});
        producer.send(ProduceOne(batch.view(), {topic}).request, 9);
        world.run_for(std::chrono::milliseconds(1));
        return producer;
    }
    [[nodiscard]] Offset high_watermark() {
        Offset found;
        world.enter("t", [&](auto& replica) { found = replica.high_watermark(); });
        return found;
    }

    World world;
    Client* follower = nullptr;
    TopicId id;
};

TEST_CASE("follower fetch: it reads to the log end, and acknowledges what is below its offset",
          "[data][fetch][follower]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    Client& producer = bench.produce("a");
    CHECK_FALSE(producer.has_answer());
    FetchOne first = bench.request(0);
    bench.sign(first);
    const auto& records = bench.ask(first);
    CHECK(records.error_code == ErrorCode::none);
    CHECK(values_of(records.records) == Values{"a"});
    CHECK(records.high_watermark == Offset(0));
    FetchOne second = bench.request(1);
    bench.sign(second);
    second.partition.last_fetched_epoch = LeaderEpoch(5);
    CHECK(bench.ask(second).high_watermark == Offset(1));
    const auto answer = producer.receive<schema::ProduceResponse>(9);
    CHECK(answer.responses[0].partition_responses[0].error_code == ErrorCode::none);
}

TEST_CASE("follower fetch: it waits for records, not for the high watermark",
          "[data][fetch][follower]") {
    Bench bench;
    FetchOne one = bench.request(0);
    bench.sign(one);
    one.request.max_wait_ms = Millis(10'000);
    bench.follower->send(one.request, kVersion);
    bench.world.run_for(std::chrono::milliseconds(100));
    CHECK_FALSE(bench.follower->has_answer());
    bench.produce("a");
    bench.world.run_for(std::chrono::milliseconds(10));
    REQUIRE(bench.follower->has_answer());
    const auto& partition = bench.partition_of(bench.follower->receive<Response>(kVersion));
    CHECK(values_of(partition.records) == Values{"a"});
    CHECK(bench.high_watermark() == Offset(0));
}

TEST_CASE("follower fetch: one that waits is answered when a later one has its answer, not before",
          "[data][fetch][follower]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    bench.world.add({.topic = "u",
                     .replicas = {kSelf, kOther},
                     .isr = {kSelf, kOther},
                     .options = {.durability = replication::Durability::memory, .produce = {}}});
    FetchOne first = bench.request(0);
    FetchOne second(0, {"u", bench.world.id_of("u")});
    for (FetchOne* one : {&first, &second}) {
        bench.sign(*one);
        one->request.max_wait_ms = Millis(10'000);
        bench.follower->send(one->request, kVersion);
        bench.world.run_for(std::chrono::milliseconds(100));
    }
    CHECK_FALSE(bench.follower->has_answer());
    bench.produce("a", "u");
    bench.world.run_for(std::chrono::milliseconds(10));
    REQUIRE(bench.follower->has_answer());
    const auto& partition = bench.partition_of(bench.follower->receive<Response>(kVersion));
    CHECK(wire::is_empty(partition.records));
    const auto& other = bench.partition_of(bench.follower->receive<Response>(kVersion));
    CHECK(values_of(other.records) == Values{"a"});
}

TEST_CASE("follower fetch: a log that differs is told where, and acknowledges nothing",
          "[data][fetch][follower][kip-595]") {
    Bench bench;
    bench.produce("a");
    FetchOne one = bench.request(7);
    bench.sign(one);
    one.partition.last_fetched_epoch = LeaderEpoch(5);
    const auto& partition = bench.ask(one);
    CHECK(partition.diverging_epoch.epoch == LeaderEpoch(5));
    CHECK(partition.diverging_epoch.end_offset == Offset(1));
    CHECK(wire::is_empty(partition.records));
    CHECK(bench.high_watermark() == Offset(0));
}

TEST_CASE("follower fetch: out of range, it is told where the log starts",
          "[data][fetch][follower]") {
    Bench bench;
    FetchOne one = bench.request(7);
    bench.sign(one);
    const auto& partition = bench.ask(one);
    CHECK(partition.error_code == ErrorCode::offset_out_of_range);
    CHECK(partition.log_start_offset == Offset(0));
    CHECK(partition.high_watermark == kNoOffset);
}

TEST_CASE("follower fetch: an old incarnation of a broker is refused",
          "[data][fetch][follower][kip-903]") {
    Bench bench;
    bench.produce("a");
    FetchOne one = bench.request(1);
    bench.sign(one, kOtherEpoch.value() - 1);
    CHECK(bench.ask(one).error_code == ErrorCode::not_leader_or_follower);
    CHECK(bench.high_watermark() == Offset(0));
}

TEST_CASE("follower fetch: an incarnation that the metadata do not know is not believed",
          "[data][fetch][follower][kip-903]") {
    Bench bench;
    bench.produce("a");
    FetchOne one = bench.request(1);
    bench.sign(one, INT64_MAX);
    CHECK(bench.ask(one).error_code == ErrorCode::unknown_leader_epoch);
    CHECK(bench.high_watermark() == Offset(0));
    bench.sign(one);
    CHECK(bench.ask(one).error_code == ErrorCode::none);
    CHECK(bench.high_watermark() == Offset(1));
}

TEST_CASE("follower fetch: a broker that is not registered, or no replica, is refused",
          "[data][fetch][follower]") {
    Bench bench;
    FetchOne one = bench.request(0);
    one.request.replica_state = {.replica_id = BrokerId(42), .replica_epoch = BrokerEpoch(7)};
    CHECK(bench.ask(one).error_code == ErrorCode::not_leader_or_follower);
    one.partition.current_leader_epoch = LeaderEpoch(5);
    CHECK(bench.ask(one).error_code == ErrorCode::unknown_leader_epoch);

    bench.world.add({.topic = "alone"});
    FetchOne other(0, {"alone", bench.world.id_of("alone")});
    bench.sign(other);
    CHECK(bench.ask(other).error_code == ErrorCode::unknown_leader_epoch);
}

TEST_CASE("follower fetch: before version 15 there is no broker epoch, so it is refused",
          "[data][fetch][follower][kip-903]") {
    Bench bench;
    FetchOne one = bench.request(0);
    one.request.replica_id = kOther;
    const auto& answer =
        bench.partition_of(bench.follower->ask<Response>(one.request, std::int16_t{12}));
    CHECK(answer.error_code == ErrorCode::not_leader_or_follower);
}

TEST_CASE("follower fetch: a client that pretends to be a replica is refused",
          "[data][fetch][follower]") {
    Bench bench;
    bench.produce("a");
    const bool by_listener = GENERATE(true, false);
    if (by_listener) {
        bench.world.listener.serves_brokers = false;
    } else {
        bench.world.forbid(Operation::cluster_action, kCluster);
    }
    FetchOne one = bench.request(1);
    bench.sign(one);
    CHECK(bench.ask(one).error_code == ErrorCode::cluster_authorization_failed);
    CHECK(bench.high_watermark() == Offset(0));
}

TEST_CASE("follower fetch: with another leader epoch it acknowledges nothing",
          "[data][fetch][follower][kip-320]") {
    Bench bench;
    bench.produce("a");
    FetchOne one = bench.request(1);
    bench.sign(one);
    one.partition.current_leader_epoch = LeaderEpoch(4);
    CHECK(bench.ask(one).error_code == ErrorCode::fenced_leader_epoch);
    one.partition.current_leader_epoch = LeaderEpoch(6);
    CHECK(bench.ask(one).error_code == ErrorCode::unknown_leader_epoch);
    CHECK(bench.high_watermark() == Offset(0));
}

}  // namespace
}  // namespace hw::broker
