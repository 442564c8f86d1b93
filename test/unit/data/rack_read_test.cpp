#include <chrono>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

/// Consumers that read at a replica in their rack (KIP-392).
namespace hw::broker {
namespace {

using std::chrono_literals::operator""ms;
using replication::Durability;
using wire::ErrorCode;
using Response = schema::FetchResponse;
using Values = std::vector<std::string>;

constexpr std::int16_t kConsumer = 17;
constexpr std::int16_t kReplica = 18;

struct ByConsumer : FetchOne {
    ByConsumer(TopicId topic, std::int64_t offset, std::string_view rack)
        : FetchOne(offset, {"t", topic}) {
        request.rack_id = rack;
        partition.current_leader_epoch = LeaderEpoch(5);
    }
};

/// By broker 2, whose readers see the high watermark `shown`.
struct ByReplica : FetchOne {
    ByReplica(TopicId topic, std::int64_t offset, std::int64_t shown)
        : FetchOne(offset, {"t", topic}) {
        request.replica_state = {.replica_id = kOther, .replica_epoch = kOtherEpoch};
        partition.current_leader_epoch = LeaderEpoch(5);
        partition.log_start_offset = Offset(0);
        partition.high_watermark = Offset(shown);
    }
};

/// Topic "t" on brokers 1 and 2, in racks "west" and "east". This is broker 1.
struct Bench {
    explicit Bench(BrokerId leader, std::uint64_t seed = 1,
                   Durability durability = Durability::memory)
        : world(seed) {
        world.listener.serves_brokers = true;
        world.set_rack(kSelf, "west");
        world.set_rack(kOther, "east");
        world.add({.leader = leader,
                   .replicas = {kSelf, kOther},
                   .isr = {kSelf, kOther},
                   .options = {.durability = durability, .produce = {}}});
        id = world.id_of("t");
    }
    [[nodiscard]] ByConsumer consumer(std::int64_t offset, std::string_view rack = "east") const {
        return ByConsumer(id, offset, rack);
    }
    [[nodiscard]] ByReplica replica(std::int64_t offset, std::int64_t shown = INT64_MAX) const {
        return ByReplica(id, offset, shown);
    }
    const Response::Partition& partition_of(const Response& response) {
        REQUIRE(response.responses.size() == 1);
        return response.responses[0].partitions[0];
    }
    const Response::Partition& ask(const FetchOne& one, std::int16_t version) {
        return partition_of(world.connect().ask<Response>(one.request, version));
    }
    /// Appends a record with acks=1.
    void append(std::string value) {
        const Buffer batch = make_batch({.value = std::move(value)});
        ProduceOne produce(batch.view(), {"t"});
        produce.request.acks = 1;
        (void)world.connect().ask<schema::ProduceResponse>(produce.request, 9);
    }

    World world;
    TopicId id;
};

TEST_CASE("rack read: the leader names a replica in the consumer's rack, and sends no records",
          "[data][fetch][kip-392]") {
    Bench bench(kSelf);
    bench.append("a");
    (void)bench.ask(bench.replica(1), kReplica);
    const auto& named = bench.ask(bench.consumer(0), kConsumer);
    CHECK(named.error_code == ErrorCode::none);
    CHECK(named.preferred_read_replica == kOther);
    CHECK(wire::is_empty(named.records));
    CHECK(named.high_watermark == Offset(1));
}

TEST_CASE("rack read: the leader answers itself if nobody in the rack is fit",
          "[data][fetch][kip-392]") {
    Bench bench(kSelf);
    bench.append("a");
    const auto serves = [&](const FetchOne& one, std::int16_t version = kConsumer) {
        const auto& answer = bench.ask(one, version);
        return values_of(answer.records) == Values{"a"} &&
               answer.preferred_read_replica == kNoBroker;
    };
    (void)bench.ask(bench.replica(1), kReplica);
    CHECK(serves(bench.consumer(0, "west")));
    CHECK(serves(bench.consumer(0, "south")));
    CHECK(serves(bench.consumer(0, "")));
    const FetchOne old(0, {"t", bench.id});
    CHECK(serves(old, 10));
    bench.world.set_rack(kOther, "south");
    CHECK(serves(bench.consumer(0)));
}

TEST_CASE("rack read: a follower serves consumers that know of followers, and no others",
          "[data][fetch][kip-392]") {
    Bench bench(kOther);
    CHECK(bench.ask(bench.consumer(0), kConsumer).error_code == ErrorCode::none);
    const auto& beyond = bench.ask(bench.consumer(1), kConsumer);
    CHECK(beyond.error_code == ErrorCode::offset_out_of_range);
    CHECK(beyond.high_watermark == kNoOffset);
    const FetchOne old(0, {"t", bench.id});
    CHECK(bench.ask(old, 10).error_code == ErrorCode::not_leader_or_follower);
    CHECK(bench.ask(bench.replica(0), kReplica).error_code == ErrorCode::not_leader_or_follower);
}

TEST_CASE("rack read: a broker without a replica of the partition refuses",
          "[data][fetch][kip-392]") {
    Bench bench(kSelf);
    bench.world.publish({.topic = "u", .leader = kOther, .replicas = {kOther}, .isr = {kOther}});
    FetchOne one(0, {"u", bench.world.id_of("u")});
    CHECK(bench.ask(one, kConsumer).error_code == ErrorCode::not_leader_or_follower);
}

/// The time from the acknowledgement by another request until the waiting one is answered.
std::optional<Duration> time_to_watermark(Bench& bench, std::int64_t shown) {
    bench.append("a");
    Client& waiting = bench.world.connect();
    ByReplica one = bench.replica(1, shown);
    one.request.max_wait_ms = Millis(500);
    one.request.min_bytes = 1;
    waiting.send(one.request, kReplica);
    const TimePoint begin = bench.world.scheduler.now();
    CHECK(bench.world.run_until([&] { return waiting.has_answer(); }));
    const auto& answer = bench.partition_of(waiting.receive<Response>(kReplica));
    CHECK(answer.high_watermark == Offset(1));
    return bench.world.scheduler.now() - begin;
}

TEST_CASE("watermark push: a follower with readers is answered soon after the watermark moves",
          "[data][fetch][follower][kip-392][kip-1166]") {
    const auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{6}));
    Bench with_readers(kSelf, seed);
    CHECK(time_to_watermark(with_readers, 0) <= 10ms);
    Bench informed(kSelf, seed);
    CHECK(time_to_watermark(informed, 1) >= 500ms);
    Bench without(kSelf, seed);
    CHECK(time_to_watermark(without, INT64_MAX) >= 500ms);
}

TEST_CASE("watermark push: also if it moves while the follower's request waits",
          "[data][fetch][follower][kip-392][kip-1166]") {
    // The leader's own end moves with its sync.
    Bench bench(kSelf, GENERATE(range(std::uint64_t{1}, std::uint64_t{6})), Durability::disk);
    CHECK(time_to_watermark(bench, 0) <= 20ms);
}

}  // namespace
}  // namespace hw::broker
