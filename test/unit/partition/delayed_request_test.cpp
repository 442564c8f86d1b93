#include <memory>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "replication/partition/delayed_fetch.h"
#include "replication/partition/delayed_produce.h"
#include "replication/partition/wait_timers.h"
#include "test/sim/sim_shard.h"

namespace hw::replication {
namespace {

struct World {
    void settle() {
        while (scheduler.step()) {
        }
    }
    [[nodiscard]] DelayedRequest::Done count() {
        return [this] { ++ends; };
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    Signal earlier;
    WaitTimers timers{earlier};
    int ends = 0;
};

TimePoint at(int milliseconds) {
    return TimePoint() + std::chrono::milliseconds(milliseconds);
}

ProduceOutcome based_at(std::int64_t offset) {
    ProduceOutcome outcome;
    outcome.base_offset = Offset(offset);
    return outcome;
}

TEST_CASE("produce wait: it ends once, when the last partition has answered", "[partition][wait]") {
    World world;
    const auto wait = DelayedProduce::begin(world.shard, 2, nullptr, world.count());
    ProduceSlot::answer(wait->slot(1), based_at(7));
    world.settle();
    CHECK(world.ends == 0);
    ProduceSlot::answer(wait->slot(0), based_at(3));
    CHECK(world.ends == 0);
    world.settle();
    CHECK(world.ends == 1);
    CHECK(wait->outcome(0).base_offset == Offset(3));
    CHECK(wait->outcome(1).base_offset == Offset(7));
}

TEST_CASE("produce wait: at its deadline the partitions without an answer have timed out",
          "[partition][wait]") {
    World world;
    const auto wait = DelayedProduce::begin(world.shard, 2, nullptr, world.count());
    REQUIRE(world.timers.add(*wait, at(30)));
    ProduceSlot::answer(wait->slot(0), based_at(3));
    world.settle();
    world.timers.on_time(at(29));
    CHECK(world.ends == 0);
    world.timers.on_time(at(30));
    CHECK(world.ends == 1);
    CHECK(wait->outcome(0).code == wire::ErrorCode::none);
    CHECK(wait->outcome(1).code == wire::ErrorCode::request_timed_out);
    CHECK(world.timers.next_deadline() == kNever);
}

TEST_CASE("produce wait: an answer after the end changes nothing", "[partition][wait]") {
    World world;
    const auto wait = DelayedProduce::begin(world.shard, 1, nullptr, world.count());
    REQUIRE(world.timers.add(*wait, at(30)));
    auto slot = wait->slot(0);
    world.timers.on_time(at(30));
    ProduceSlot::answer(std::move(slot), based_at(3));
    world.settle();
    CHECK(world.ends == 1);
    CHECK(wait->outcome(0).code == wire::ErrorCode::request_timed_out);
}

TEST_CASE("produce wait: an ended request is not called back, and its bytes are freed on its shard",
          "[partition][wait]") {
    World world;
    auto request = std::make_shared<int>(1);
    const std::weak_ptr<int> bytes = request;
    std::shared_ptr<ProduceSlot> slot;
    {
        const auto wait = DelayedProduce::begin(world.shard, 1, std::move(request), world.count());
        REQUIRE(world.timers.add(*wait, at(30)));
        slot = wait->slot(0);
    }
    CHECK(world.timers.size() == 0);
    CHECK_FALSE(bytes.expired());
    SECTION("when it is answered") {
        ProduceSlot::answer(std::move(slot), based_at(3));
    }
    SECTION("when it is released") {
        ProduceSlot::release(std::move(slot));
    }
    CHECK_FALSE(bytes.expired());
    world.settle();
    CHECK(bytes.expired());
    CHECK(world.ends == 0);
}

TEST_CASE("fetch wait: it ends when its partitions together have gained the missing bytes",
          "[partition][wait]") {
    World world;
    const auto wait = DelayedFetch::begin(world.shard, 100, world.count());
    DelayedFetch::report_bytes(wait->reference(), 60);
    world.settle();
    CHECK(world.ends == 0);
    DelayedFetch::report_bytes(wait->reference(), 39);
    world.settle();
    CHECK(world.ends == 0);
    DelayedFetch::report_bytes(wait->reference(), 1);
    DelayedFetch::report_bytes(wait->reference(), 500);
    world.settle();
    CHECK(world.ends == 1);
}

TEST_CASE("fetch wait: it ends when one partition finishes it", "[partition][wait]") {
    World world;
    const auto wait = DelayedFetch::begin(world.shard, 100, world.count());
    DelayedFetch::finish(wait->reference());
    world.settle();
    CHECK(world.ends == 1);
}

TEST_CASE("fetch wait: it ends at its deadline", "[partition][wait]") {
    World world;
    const auto wait = DelayedFetch::begin(world.shard, 100, world.count());
    REQUIRE(world.timers.add(*wait, at(500)));
    world.timers.on_time(at(500));
    CHECK(world.ends == 1);
    DelayedFetch::finish(wait->reference());
    world.settle();
    CHECK(world.ends == 1);
}

TEST_CASE("fetch wait: a partition may still report bytes after the request has ended",
          "[partition][wait]") {
    World world;
    std::weak_ptr<DelayedFetch> reference;
    {
        const auto wait = DelayedFetch::begin(world.shard, 100, world.count());
        reference = wait->reference();
        DelayedFetch::report_bytes(reference, 100);
    }
    world.settle();
    DelayedFetch::report_bytes(reference, 100);
    world.settle();
    CHECK(world.ends == 0);
}

TEST_CASE("timers: deadlines expire in order, and the owner is signalled about an earlier one",
          "[partition][wait]") {
    World world;
    std::vector<int> order;
    const auto late = DelayedFetch::begin(world.shard, 1, [&] { order.push_back(2); });
    const auto soon = DelayedFetch::begin(world.shard, 1, [&] { order.push_back(1); });
    const auto later = DelayedFetch::begin(world.shard, 1, [&] { order.push_back(3); });
    REQUIRE(world.timers.add(*late, at(20)));
    CHECK(world.earlier.consume());
    REQUIRE(world.timers.add(*later, at(30)));
    CHECK_FALSE(world.earlier.consume());
    REQUIRE(world.timers.add(*soon, at(10)));
    CHECK(world.earlier.consume());
    CHECK(world.timers.next_deadline() == at(10));
    world.timers.on_time(at(25));
    CHECK(order == std::vector{1, 2});
    CHECK(world.timers.next_deadline() == at(30));
}

TEST_CASE("timers: after the earliest wait is removed, a later deadline does not wake the owner",
          "[partition][wait]") {
    World world;
    {
        const auto gone = DelayedFetch::begin(world.shard, 1, world.count());
        REQUIRE(world.timers.add(*gone, at(20)));
        CHECK(world.timers.arm() == at(20));
        CHECK(world.earlier.consume());
    }
    const auto later = DelayedFetch::begin(world.shard, 1, world.count());
    REQUIRE(world.timers.add(*later, at(30)));
    CHECK_FALSE(world.earlier.consume());
    CHECK(world.timers.arm() == at(30));
    const auto sooner = DelayedFetch::begin(world.shard, 1, world.count());
    REQUIRE(world.timers.add(*sooner, at(25)));
    CHECK(world.earlier.consume());
}

TEST_CASE("timers: a wait that has ended no longer has a deadline", "[partition][wait]") {
    World world;
    const auto wait = DelayedFetch::begin(world.shard, 1, world.count());
    REQUIRE(world.timers.add(*wait, at(20)));
    DelayedFetch::report_bytes(wait->reference(), 1);
    world.settle();
    CHECK(world.ends == 1);
    CHECK(world.timers.size() == 0);
}

TEST_CASE(
    "timers: their destructor frees a request and a wait that own each other, without a callback",
    "[partition][wait]") {
    World world;
    struct Request {
        WaitHandle<DelayedProduce> wait;
    };
    auto request = std::make_shared<Request>();
    const std::weak_ptr<Request> watched = request;
    {
        WaitTimers timers(world.earlier);
        request->wait = DelayedProduce::begin(world.shard, 1, request, world.count());
        REQUIRE(timers.add(*request->wait, at(20)));
        request.reset();
        CHECK_FALSE(watched.expired());
    }
    CHECK(watched.expired());
    CHECK(world.ends == 0);
}

TEST_CASE("timers: a wait beyond the limit gets no deadline", "[partition][wait]") {
    World world;
    std::vector<WaitHandle<DelayedFetch>> waits;
    for (std::size_t i = 0; i < WaitTimers::kMaxWaits; ++i) {
        waits.push_back(DelayedFetch::begin(world.shard, 1, world.count()));
        REQUIRE(world.timers.add(*waits.back(), at(20)));
    }
    const auto one_more = DelayedFetch::begin(world.shard, 1, world.count());
    CHECK_FALSE(world.timers.add(*one_more, at(20)));
    waits.pop_back();
    CHECK(world.timers.add(*one_more, at(20)));
}

}  // namespace
}  // namespace hw::replication
