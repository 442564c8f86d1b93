#include "broker/runtime/guarded.h"

#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/runtime/process.h"
#include "broker/runtime/system_clock.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

/// Counts overlaps of two threads inside, and work of one thread that runs out of order.
struct Counter {
    void add(std::size_t thread, std::uint64_t number) {
        const bool alone = !std::exchange(inside, true);
        overlaps += alone ? 0 : 1;
        disorders += number == next.at(thread) ? 0 : 1;
        next.at(thread) = number + 1;
        ++total;
        inside = false;
    }

    bool inside = false;
    std::uint64_t total = 0;
    std::uint64_t overlaps = 0;
    std::uint64_t disorders = 0;
    std::vector<std::uint64_t> next = std::vector<std::uint64_t>(8);
};

struct World {
    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
};

class Always final : public DeferPolicy {
public:
    bool defer() override { return true; }
};

TEST_CASE("guarded: work runs at once when no thread is inside", "[seam]") {
    World world;
    const auto guarded = std::make_shared<Guarded<std::string>>(world.clock, nullptr);
    bool ran = false;
    CHECK(guarded->enter(world.shard, [&](std::string&, Shard&) { ran = true; }));
    CHECK(ran);
}

TEST_CASE("guarded: work that is entered from inside runs after the work that entered it",
          "[seam]") {
    World world;
    const auto guarded = std::make_shared<Guarded<std::string>>(world.clock, nullptr);
    std::string seen;
    CHECK(guarded->enter(world.shard, [&](std::string& text, Shard&) {
        CHECK(guarded->enter(world.shard, [&](std::string& inner, Shard&) {
            inner += "second";
            seen = inner;
        }));
        text += "first ";
    }));
    CHECK(seen == "first second");
}

TEST_CASE("guarded: deferred work runs in a later turn, in order", "[seam]") {
    World world;
    Always always;
    const auto guarded = std::make_shared<Guarded<std::string>>(world.clock, &always);
    std::string seen;
    for (const char* word : {"a", "b", "c"}) {
        CHECK(guarded->enter(world.shard, [&seen, word](std::string&, Shard&) { seen += word; }));
    }
    CHECK(seen.empty());
    while (world.scheduler.step()) {
    }
    CHECK(seen == "abc");
}

TEST_CASE("guarded: a long queue is drained over several turns", "[seam]") {
    World world;
    Always always;
    using Queue = Guarded<std::string>;
    const auto guarded = std::make_shared<Queue>(world.clock, &always);
    std::size_t ran = 0;
    for (std::size_t i = 0; i < 2 * Queue::kWorkPerTurn; ++i) {
        CHECK(guarded->enter(world.shard, [&](std::string&, Shard&) { ++ran; }));
    }
    CHECK(world.scheduler.step());
    CHECK(ran == Queue::kWorkPerTurn);
    while (world.scheduler.step()) {
    }
    CHECK(ran == 2 * Queue::kWorkPerTurn);
}

TEST_CASE("guarded: a full queue refuses work, and takes work again when it is drained", "[seam]") {
    World world;
    Always always;
    using Queue = Guarded<std::string>;
    const auto guarded = std::make_shared<Queue>(world.clock, &always);
    const auto nothing = [](std::string&, Shard&) {};
    for (std::size_t i = 0; i < Queue::kMaxQueued; ++i) {
        REQUIRE(guarded->enter(world.shard, nothing));
    }
    CHECK_FALSE(guarded->enter(world.shard, nothing));
    bool ran = false;
    guarded->enter_unrefused(world.shard, [&](std::string&, Shard&) { ran = true; });
    while (world.scheduler.step()) {
    }
    CHECK(guarded->enter(world.shard, nothing));
    CHECK(ran);
}

TEST_CASE("guarded: work that is still queued at the end is destroyed, not run", "[seam]") {
    World world;
    Always always;
    auto held = std::make_shared<int>(0);
    {
        const auto guarded = std::make_shared<Guarded<std::string>>(world.clock, &always);
        CHECK(guarded->enter(world.shard, [held](std::string&, Shard&) { ++*held; }));
        world.shard.drop();
    }
    CHECK(held.use_count() == 1);
    CHECK(*held == 0);
}

void enter_often(Guarded<Counter>& guarded, Shard& shard, std::size_t thread,
                 std::uint64_t entries) {
    for (std::uint64_t number = 0; number < entries;) {
        const auto add = [thread, number](Counter& counter, Shard&) {
            counter.add(thread, number);
        };
        number += guarded.enter(shard, add) ? 1 : 0;
    }
}

TEST_CASE("guarded: threads are inside one at a time, and the work of each runs in order",
          "[seam][threads]") {
    constexpr std::size_t kThreads = 3;
    constexpr std::uint64_t kEntries = 20'000;
    const SystemClock clock;
    LoopThreads loops(kThreads);
    const auto guarded = std::make_shared<Guarded<Counter>>(clock, nullptr);
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
        Shard& shard = *loops.data()[thread];
        threads.emplace_back([&, thread] { enter_often(*guarded, shard, thread, kEntries); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::promise<Counter> result;
    CHECK(guarded->enter(*loops.data()[0],
                         [&](Counter& counter, Shard&) { result.set_value(counter); }));
    const Counter counter = result.get_future().get();
    CHECK(counter.total == kThreads * kEntries);
    CHECK(counter.overlaps == 0);
    CHECK(counter.disorders == 0);
}

}  // namespace
}  // namespace hw::broker
