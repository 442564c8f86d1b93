#include <string>

#include <catch2/catch.hpp>

#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"

namespace hw::sim {
namespace {

class Recorder final : public TurnHook {
public:
    Recorder(std::string& order, std::string name) : order_(order), name_(std::move(name)) {}
    void at_end_of_turn() override { order_ += name_; }

private:
    std::string& order_;
    std::string name_;
};

struct World {
    explicit World(std::uint64_t seed) : scheduler(seed) {}

    void run() {
        while (scheduler.step()) {
        }
    }

    Scheduler scheduler;
    SimShard shard{scheduler, 1, 0};
};

Task<> waits(Shard& shard, Signal& signal, TimePoint deadline, std::string& log) {
    const Woken woken = co_await shard.wait(signal, deadline);
    log += woken == Woken::signalled ? "signalled " : "deadline ";
}

TEST_CASE("shard: a deadline is a time of the node's clock", "[sim]") {
    Scheduler scheduler(1);
    const SimClock fast(scheduler, 1100);
    SimShard shard(scheduler, 1, 0, &fast);
    std::string log;
    Signal signal;
    shard.spawn(waits(shard, signal, TimePoint() + std::chrono::seconds(110), log));
    while (scheduler.step()) {
    }
    CHECK(log == "deadline ");
    CHECK(scheduler.now() >= TimePoint() + std::chrono::seconds(100));
    CHECK(scheduler.now() < TimePoint() + std::chrono::seconds(101));
}

TEST_CASE("shard: a wait ends by its signal or by its deadline, whichever comes first", "[sim]") {
    World world(1);
    std::string log;
    Signal signal;
    SECTION("the signal") {
        world.shard.spawn(waits(world.shard, signal, TimePoint() + std::chrono::hours(1), log));
        world.shard.post([&] { signal.set(); });
        world.run();
        CHECK(log == "signalled ");
        CHECK(world.scheduler.now() < TimePoint() + std::chrono::hours(1));
    }
    SECTION("the deadline") {
        world.shard.spawn(waits(world.shard, signal, TimePoint() + std::chrono::hours(1), log));
        world.run();
        CHECK(log == "deadline ");
        CHECK(world.scheduler.now() >= TimePoint() + std::chrono::hours(1));
    }
    SECTION("a signal that was set before") {
        signal.set();
        world.shard.spawn(waits(world.shard, signal, kNever, log));
        world.run();
        CHECK(log == "signalled ");
        CHECK_FALSE(signal.is_set());
    }
}

TEST_CASE("shard: at the end of a turn the apply hooks run before the send hooks", "[sim]") {
    World world(GENERATE(1U, 2U, 3U, 4U));
    std::string order;
    Recorder send(order, "send ");
    Recorder apply(order, "apply ");
    world.shard.post([&] {
        world.shard.at_end_of_turn(TurnStep::send, send);
        world.shard.at_end_of_turn(TurnStep::apply, apply);
        world.shard.at_end_of_turn(TurnStep::send, send);
    });
    world.run();
    CHECK(order == "apply send ");
}

TEST_CASE("shard: a hook that is destroyed before the end of the turn does not run", "[sim]") {
    World world(1);
    std::string order;
    Recorder kept(order, "kept ");
    auto dropped = std::make_unique<Recorder>(order, "dropped ");
    world.shard.at_end_of_turn(TurnStep::send, *dropped);
    world.shard.at_end_of_turn(TurnStep::send, kept);
    dropped.reset();
    world.run();
    CHECK(order == "kept ");
}

Task<> watch_group(TaskGroup& group, bool& idle) {
    co_await group.wait_idle();
    idle = true;
}

TEST_CASE("shard: a group is idle when the last of its coroutines has ended", "[sim]") {
    World world(GENERATE(1U, 2U, 3U, 4U));
    std::string log;
    TaskGroup group(world.shard);
    Signal first;
    Signal second;
    group.spawn(waits(world.shard, first, kNever, log));
    group.spawn(waits(world.shard, second, kNever, log));
    bool idle = false;
    world.shard.spawn(watch_group(group, idle));
    first.set();
    world.run();
    CHECK_FALSE(idle);
    second.set();
    world.run();
    CHECK(idle);
}

Task<> hold_until(Shard& shard, Signal& signal, std::shared_ptr<int> held) {
    co_await shard.wait(signal, kNever);
    ++*held;
}

TEST_CASE("shard: the end of a shard destroys its waiting coroutines", "[sim]") {
    Scheduler scheduler(1);
    auto alive = std::make_shared<int>(0);
    Signal signal;
    {
        SimShard shard(scheduler, 1, 0);
        for (int i = 0; i < 5; ++i) {
            shard.spawn(hold_until(shard, signal, alive));
        }
        while (scheduler.step()) {
        }
        CHECK(alive.use_count() == 6);
    }
    CHECK(alive.use_count() == 1);
    CHECK(*alive == 0);
}

}  // namespace
}  // namespace hw::sim
