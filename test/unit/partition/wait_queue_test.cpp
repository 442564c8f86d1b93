#include "replication/partition/wait_queue.h"

#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"

namespace hw::replication {
namespace {

PartitionProgress readable(std::uint64_t bytes) {
    return {.high_watermark = {}, .durable_end_offset = {}, .readable_bytes = bytes};
}

/// The waiting requests of one partition. Each append is a separate request.
struct World {
    void settle() {
        while (scheduler.step()) {
        }
    }
    void append(std::int64_t end_offset, Awaited awaited) {
        const auto number = static_cast<int>(requests.size());
        requests.push_back(DelayedProduce::begin(shard, 1, nullptr,
                                                 [this, number] { answered.push_back(number); }));
        AppendWait wait;
        wait.slot = requests.back()->slot(0);
        wait.end_offset = Offset(end_offset);
        wait.awaited = awaited;
        queue.add(std::move(wait));
    }
    std::vector<int> progress(std::int64_t high_watermark, std::int64_t durable,
                              std::uint64_t readable_bytes = 0) {
        queue.on_progress({Offset(high_watermark), Offset(durable), readable_bytes});
        settle();
        return std::exchange(answered, {});
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
    WaitQueue queue{clock};
    std::vector<WaitHandle<DelayedProduce>> requests;
    std::vector<int> answered;
};

TEST_CASE("wait queue: an append is answered when the awaited offset has passed its end",
          "[partition][wait]") {
    World world;
    world.append(10, Awaited::high_watermark);
    world.append(20, Awaited::durable_end);
    world.append(30, Awaited::both);
    CHECK(world.progress(9, 9).empty());
    CHECK(world.progress(10, 10) == std::vector{0});
    CHECK(world.progress(29, 20) == std::vector{1});
    CHECK(world.progress(30, 29).empty());
    CHECK(world.progress(30, 30) == std::vector{2});
    CHECK(world.queue.appends() == 0);
}

TEST_CASE("wait queue: an append that awaits both may be durable first", "[partition][wait]") {
    World world;
    world.append(10, Awaited::both);
    CHECK(world.progress(9, 10).empty());
    CHECK(world.progress(10, 10) == std::vector{0});
}

TEST_CASE("wait queue: a retry of an old append does not wait for newer appends",
          "[partition][wait]") {
    World world;
    world.append(20, Awaited::high_watermark);
    world.append(10, Awaited::high_watermark);
    CHECK(world.progress(10, 0) == std::vector{1});
    CHECK(world.progress(20, 0) == std::vector{0});
}

TEST_CASE("wait queue: failed appends get the reason", "[partition][wait]") {
    World world;
    world.append(10, Awaited::high_watermark);
    world.append(20, Awaited::durable_end);
    world.queue.fail_appends({wire::ErrorCode::not_leader_or_follower, "moved"});
    world.settle();
    CHECK(world.answered == std::vector{0, 1});
    for (const auto& request : world.requests) {
        CHECK(request->outcome(0).code == wire::ErrorCode::not_leader_or_follower);
        CHECK(request->outcome(0).message == "moved");
        CHECK(request->outcome(0).base_offset == kNoOffset);
    }
    CHECK(world.queue.appends() == 0);
}

TEST_CASE("wait queue: appends of requests that have ended are dropped", "[partition][wait]") {
    World world;
    world.append(10, Awaited::high_watermark);
    world.append(20, Awaited::durable_end);
    world.requests.pop_back();
    world.queue.drop_ended_appends();
    CHECK(world.queue.appends() == 1);
    CHECK(world.progress(10, 0) == std::vector{0});
}

TEST_CASE("wait queue: a fetch gets each gain of readable bytes, up to its maximum",
          "[partition][wait]") {
    World world;
    int ends = 0;
    const auto wait = DelayedFetch::begin(world.shard, 100, [&] { ++ends; });
    REQUIRE(world.queue.add({wait->reference(), 1000, 80}, readable(1000)));
    world.progress(0, 0, 1050);
    CHECK(world.queue.fetches() == 1);
    world.progress(0, 0, 5000);
    CHECK(world.queue.fetches() == 0);
    CHECK(ends == 0);
    DelayedFetch::report_bytes(wait->reference(), 20);
    world.settle();
    CHECK(ends == 1);
}

TEST_CASE(
    "wait queue: a fetch gets at once the bytes that were added between its read and its wait",
    "[partition][wait]") {
    World world;
    int ends = 0;
    const auto wait = DelayedFetch::begin(world.shard, 30, [&] { ++ends; });
    REQUIRE(world.queue.add({wait->reference(), 1000, 500}, readable(1030)));
    world.settle();
    CHECK(ends == 1);
}

TEST_CASE("wait queue: fetches that ended elsewhere do not pile up in an idle partition",
          "[partition][wait]") {
    World world;
    for (int i = 0; i < 1000; ++i) {
        const auto wait = DelayedFetch::begin(world.shard, 1, [] {});
        REQUIRE(world.queue.add({wait->reference(), 0, 1}, readable(0)));
    }
    CHECK(world.queue.fetches() <= 3);
}

TEST_CASE("wait queue: a fetch beyond the limit is not added", "[partition][wait]") {
    World world;
    std::vector<WaitHandle<DelayedFetch>> waits;
    for (std::size_t i = 0; i < WaitQueue::kMaxFetches; ++i) {
        waits.push_back(DelayedFetch::begin(world.shard, 1, [] {}));
        REQUIRE(world.queue.add({waits.back()->reference(), 0, 1}, readable(0)));
    }
    const auto one_more = DelayedFetch::begin(world.shard, 1, [] {});
    CHECK_FALSE(world.queue.add({one_more->reference(), 0, 1}, readable(0)));
}

TEST_CASE("wait queue: finish_fetches ends all waiting fetches", "[partition][wait]") {
    World world;
    int ends = 0;
    const auto first = DelayedFetch::begin(world.shard, 100, [&] { ++ends; });
    const auto second = DelayedFetch::begin(world.shard, 100, [&] { ++ends; });
    REQUIRE(world.queue.add({first->reference(), 0, 500}, readable(0)));
    REQUIRE(world.queue.add({second->reference(), 0, 500}, readable(0)));
    world.queue.finish_fetches();
    world.settle();
    CHECK(ends == 2);
    CHECK(world.queue.fetches() == 0);
}

}  // namespace
}  // namespace hw::replication
