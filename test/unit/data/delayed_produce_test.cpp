#include <array>
#include <set>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Response = schema::ProduceResponse;

const Response::Partition& first_partition(const Response& response) {
    REQUIRE(response.responses.size() == 1);
    return response.responses[0].partition_responses[0];
}

/// A partition whose ISR has a replica that never fetches, so its high watermark does not move.
PartitionSpec lagging() {
    return {.replicas = {kSelf, kOther}, .isr = {kSelf, kOther}};
}

std::vector<std::string> stored(World& world) {
    std::vector<std::string> values;
    world.enter("t", [&](replication::PartitionReplica& replica) {
        storage::ReadCursor cursor;
        const auto read =
            replica.log()->read({Offset(0), replica.log()->log_end_offset(), 1 << 20}, cursor);
        const ByteView bytes = read->bytes.view();
        values = values_of({&bytes, 1});
    });
    return values;
}

TEST_CASE("produce: acks=1 is answered before other replicas have the records",
          "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    world.add(lagging());
    const Buffer batch = make_batch({});
    ProduceOne one(batch.view());
    one.request.acks = 1;
    one.request.timeout_ms = Millis(0);
    const auto& answer = world.connect().ask<Response>(one.request, 9);
    CHECK(first_partition(answer).error_code == ErrorCode::none);
}

TEST_CASE("produce: acks=all gets REQUEST_TIMED_OUT at its deadline, and the records are kept",
          "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    world.add(lagging());
    const Buffer batch = make_batch({});
    ProduceOne one(batch.view());
    one.request.timeout_ms = Millis(700);
    const TimePoint start = world.scheduler.now();
    const auto& answer = world.connect().ask<Response>(one.request, 9);
    CHECK(first_partition(answer).error_code == ErrorCode::request_timed_out);
    CHECK_FALSE(first_partition(answer).error_message.empty());
    const Duration taken = world.scheduler.now() - start;
    CHECK(taken >= std::chrono::milliseconds(700));
    CHECK(taken < std::chrono::milliseconds(800));
    CHECK(stored(world).size() == 1);
}

TEST_CASE("produce: acks=all appends nothing while the ISR is smaller than min.insync.replicas",
          "[data][produce][wait]") {
    World world;
    PartitionSpec spec{.replicas = {kSelf, kOther}, .isr = {kSelf}};
    spec.options.min_insync_replicas = 2;
    world.add(spec);
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view());
    const auto& answer = world.connect().ask<Response>(one.request, 9);
    CHECK(first_partition(answer).error_code == ErrorCode::not_enough_replicas);
    CHECK(stored(world).empty());
}

TEST_CASE("produce: a waiting request gets an error when the leadership is lost",
          "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    world.add(lagging());
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view());
    Client& client = world.connect();
    client.send(one.request, 9);
    world.run_for(std::chrono::milliseconds(100));
    CHECK_FALSE(client.has_answer());
    world.enter("t", [](replication::PartitionReplica& replica) {
        replica.become_offline({ErrorCode::not_leader_or_follower, "another leads"});
    });
    CHECK(first_partition(client.receive<Response>(9)).error_code ==
          ErrorCode::not_leader_or_follower);
}

TEST_CASE("produce: with acks=0 there is no answer, and the next request is answered",
          "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    world.add({});
    const Buffer batch = make_batch({});
    ProduceOne silent(batch.view());
    silent.request.acks = 0;
    Client& client = world.connect();
    client.send(silent.request, 9);
    const ProduceOne loud(batch.view());
    client.send(loud.request, 9);
    client.skip_answer();
    CHECK(first_partition(client.receive<Response>(9)).base_offset == Offset(1));
    CHECK(stored(world).size() == 2);
}

TEST_CASE("produce: with acks=0 an error ends the connection", "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    world.add({});
    const Buffer batch = make_batch({});
    ProduceOne one(batch.view(), {GENERATE(as<std::string_view>(), "t", "nope")});
    one.request.acks = 0;
    if (one.named.name == "t") {
        world.enter("t", [](replication::PartitionReplica& replica) {
            replica.become_offline({ErrorCode::not_leader_or_follower, "another leads"});
        });
    }
    Client& client = world.connect();
    client.send(one.request, 9);
    CHECK(world.run_until([&] { return client.ended(); }));
    CHECK_FALSE(client.has_answer());
}

TEST_CASE("produce: the error for a failed write says that the records may have been appended",
          "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    world.add({});
    world.disk.faults().freeze_after = 0;
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view());
    const auto& answer = world.connect().ask<Response>(one.request, 9);
    CHECK(first_partition(answer).error_code == ErrorCode::not_enough_replicas_after_append);
}

TEST_CASE("produce: producers on two shards append to one partition, each batch at its own offsets",
          "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    world.disk.faults().late_write_one_in = 3;
    world.add({});
    constexpr int kEach = 10;
    std::array<Client*, 2> clients{&world.connect(0), &world.connect(1)};
    std::array<Buffer, 2> batches{make_batch({.value = "0"}), make_batch({.value = "1"})};
    for (int i = 0; i < kEach; ++i) {
        for (std::size_t side = 0; side < 2; ++side) {
            const ProduceOne one(batches.at(side).view());
            clients.at(side)->send(one.request, 9);
        }
    }
    std::set<std::int64_t> offsets;
    for (Client* client : clients) {
        Offset last = kNoOffset;
        for (int i = 0; i < kEach; ++i) {
            const auto& partition = first_partition(client->receive<Response>(9));
            CHECK(partition.error_code == ErrorCode::none);
            CHECK(partition.base_offset > last);
            last = partition.base_offset;
            offsets.insert(last.value());
        }
    }
    CHECK(offsets.size() == 2 * kEach);
    CHECK(*offsets.rbegin() == 2 * kEach - 1);
}

/// Fills the queue of partition 0's guard: it refuses more work until the server has run.
void fill_guard(World& world) {
    world.coin.side = Coin::Side::always;
    const ReplicaPtr replica = world.replica("t");
    const auto nothing = [](replication::PartitionReplica&, Shard&) {};
    for (std::size_t i = 0; i < Guarded<replication::PartitionReplica>::kMaxQueued; ++i) {
        REQUIRE(replica->enter(world.home, nothing));
    }
    REQUIRE_FALSE(replica->enter(world.home, nothing));
}

TEST_CASE("produce: a request waits while the queue of the partition's guard is full",
          "[data][produce][wait]") {
    World world;
    world.add({});
    Client& client = world.connect();
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view());
    client.send(one.request, 9);
    fill_guard(world);
    CHECK(first_partition(client.receive<Response>(9)).error_code == ErrorCode::none);
}

TEST_CASE("produce: a request that finds the guard's queue full until its deadline appends nothing",
          "[data][produce][wait]") {
    World world;
    world.add({});
    Client& client = world.connect();
    const Buffer batch = make_batch({});
    ProduceOne one(batch.view());
    one.request.timeout_ms = Millis(0);
    client.send(one.request, 9);
    fill_guard(world);
    CHECK(first_partition(client.receive<Response>(9)).error_code == ErrorCode::request_timed_out);
    world.run_for(std::chrono::milliseconds(10));
    CHECK(stored(world).empty());
}

TEST_CASE("produce: the records are written even if the connection ends before the answer",
          "[data][produce][wait]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    world.disk.faults().late_write_one_in = 1;
    world.add(lagging());
    const Buffer batch = make_batch({.value = std::string(2000, 'x')});
    const ProduceOne one(batch.view());
    Client& client = world.connect();
    client.send(one.request, 9);
    REQUIRE(world.run_until([&] { return world.shards[0]->delayed.size() == 1; }));
    client.close();
    REQUIRE(world.run_until([&] { return world.shards[0]->delayed.size() == 0; }));
    CHECK(stored(world) == std::vector<std::string>{std::string(2000, 'x')});
}

}  // namespace
}  // namespace hw::broker
