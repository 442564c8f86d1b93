#include <array>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::FetchRequest;
using Response = schema::FetchResponse;

/// A server with topic "t", and one consumer that waits up to 10 s for one byte from offset 0.
struct Bench {
    explicit Bench(std::uint64_t seed = 1) : world(seed) {
        world.add({});
        client = &world.connect();
        one.request.max_wait_ms = Millis(10'000);
    }
    void send() { client->send(one.request, 12); }
    /// Sends, and runs until the request waits in the partition.
    void send_and_wait() {
        send();
        REQUIRE(world.run_until([this] { return waiting() == 1; }));
        world.run_for(std::chrono::milliseconds(10));
        REQUIRE_FALSE(client->has_answer());
    }
    const Response::Partition& receive() {
        return client->receive<Response>(12).responses[0].partitions[0];
    }
    [[nodiscard]] std::size_t waiting() const { return world.shards[0]->delayed.size(); }

    World world;
    Client* client = nullptr;
    FetchOne one{0};
};

Duration since(const World& world, TimePoint start) {
    return world.scheduler.now() - start;
}

TEST_CASE("long poll: an append ends it", "[data][fetch][poll]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    bench.send_and_wait();
    const TimePoint start = bench.world.scheduler.now();
    bench.world.append({.value = "new"});
    CHECK(values_of(bench.receive().records) == std::vector<std::string>{"new"});
    CHECK(since(bench.world, start) < std::chrono::seconds(1));
    CHECK(bench.waiting() == 0);
}

TEST_CASE("long poll: an append between the read and the wait is not missed",
          "[data][fetch][poll]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{41})));
    const TimePoint start = bench.world.scheduler.now();
    bench.send();
    bench.world.append({.value = "new"});
    CHECK(values_of(bench.receive().records) == std::vector<std::string>{"new"});
    CHECK(since(bench.world, start) < std::chrono::seconds(1));
}

TEST_CASE("long poll: it waits until all partitions together have min_bytes",
          "[data][fetch][poll]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    bench.world.add({.topic = "u"});
    const auto size = static_cast<std::int32_t>(make_batch({}).size());
    const std::array<Request::Topic, 2> topics{Request::Topic{"t", {}, {&bench.one.partition, 1}},
                                               Request::Topic{"u", {}, {&bench.one.partition, 1}}};
    bench.one.request.topics = topics;
    bench.one.request.min_bytes = 3 * size;
    bench.world.append({}, "t");
    bench.send_and_wait();
    bench.world.append({}, "u");
    bench.world.run_for(std::chrono::milliseconds(100));
    CHECK_FALSE(bench.client->has_answer());
    bench.world.append({}, "t");
    const Response& answer = bench.client->receive<Response>(12);
    CHECK(values_of(answer.responses[0].partitions[0].records).size() == 2);
    CHECK(values_of(answer.responses[1].partitions[0].records).size() == 1);
}

TEST_CASE("long poll: at its deadline it returns the records that there are",
          "[data][fetch][poll]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    bench.world.append({.value = "little"});
    bench.one.request.min_bytes = 100'000;
    const TimePoint start = bench.world.scheduler.now();
    bench.send();
    CHECK(values_of(bench.receive().records) == std::vector<std::string>{"little"});
    CHECK(since(bench.world, start) >= std::chrono::seconds(10));
    CHECK(since(bench.world, start) < std::chrono::milliseconds(10'100));
}

TEST_CASE("long poll: min_bytes above max_bytes counts as max_bytes", "[data][fetch][poll]") {
    Bench bench;
    bench.world.append({.value = std::string(300, 'x')});
    bench.one.request.min_bytes = 1000;
    bench.one.request.max_bytes = 200;
    const TimePoint start = bench.world.scheduler.now();
    bench.send();
    CHECK(values_of(bench.receive().records).size() == 1);
    CHECK(since(bench.world, start) < std::chrono::seconds(1));
}

TEST_CASE("long poll: a request without wait time, min_bytes or partitions is answered at once",
          "[data][fetch][poll]") {
    Bench bench;
    SECTION("max_wait_ms is 0") {
        bench.one.request.max_wait_ms = Millis(0);
    }
    SECTION("max_wait_ms is negative") {
        bench.one.request.max_wait_ms = Millis(-1);
    }
    SECTION("min_bytes is 0") {
        bench.one.request.min_bytes = 0;
    }
    SECTION("no partitions") {
        bench.one.request.topics = {};
    }
    const TimePoint start = bench.world.scheduler.now();
    bench.send();
    CHECK(bench.client->receive<Response>(12).error_code == ErrorCode::none);
    CHECK(since(bench.world, start) < std::chrono::seconds(1));
}

TEST_CASE("long poll: an error is answered at once", "[data][fetch][poll]") {
    Bench bench;
    const std::array<Request::Topic, 2> topics{
        Request::Topic{"t", {}, {&bench.one.partition, 1}},
        Request::Topic{"nope", {}, {&bench.one.partition, 1}}};
    bench.one.request.topics = topics;
    const TimePoint start = bench.world.scheduler.now();
    bench.send();
    const Response& answer = bench.client->receive<Response>(12);
    CHECK(answer.responses[1].partitions[0].error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(since(bench.world, start) < std::chrono::seconds(1));
}

TEST_CASE("long poll: lost leadership ends it", "[data][fetch][poll]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    bench.send_and_wait();
    bench.world.enter("t", [](replication::PartitionReplica& replica) {
        replica.become_offline({ErrorCode::not_leader_or_follower, "another leads"});
    });
    const auto& partition = bench.receive();
    CHECK(partition.error_code == ErrorCode::not_leader_or_follower);
    CHECK(partition.high_watermark == kNoOffset);
}

TEST_CASE("long poll: it ends with its connection", "[data][fetch][poll]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    bench.send_and_wait();
    bench.client->close();
    const TimePoint start = bench.world.scheduler.now();
    REQUIRE(bench.world.run_until([&] { return bench.waiting() == 0; }));
    CHECK(since(bench.world, start) < std::chrono::seconds(1));
    bench.world.append({});
    CHECK(bench.world.fetch_waits("t") == 0);
}

TEST_CASE("long poll: later requests on its connection are served meanwhile",
          "[data][fetch][poll]") {
    Bench bench;
    bench.send_and_wait();
    const Buffer batch = make_batch({.value = "own"});
    const ProduceOne produce(batch.view());
    bench.client->send(produce.request, 9);
    CHECK(values_of(bench.receive().records) == std::vector<std::string>{"own"});
    CHECK(bench.client->receive<schema::ProduceResponse>(9)
              .responses[0]
              .partition_responses[0]
              .error_code == ErrorCode::none);
}

TEST_CASE("long poll: it is woken by a producer on another shard", "[data][fetch][poll]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    bench.send_and_wait();
    const Buffer batch = make_batch({.value = "far"});
    const ProduceOne produce(batch.view());
    bench.world.connect(1).ask<schema::ProduceResponse>(produce.request, 9);
    CHECK(values_of(bench.receive().records) == std::vector<std::string>{"far"});
}

}  // namespace
}  // namespace hw::broker
