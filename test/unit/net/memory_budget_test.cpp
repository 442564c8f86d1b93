#include "broker/net/memory_budget.h"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

struct World {
    void run() {
        while (scheduler.step()) {
        }
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    MemoryBudget budget{shard, 100};
};

Task<> reserve(World& world, std::size_t bytes, std::string name, std::string& order,
               std::vector<Reservation>& kept) {
    Reservation reservation = co_await world.budget.reserve(bytes);
    order += name;
    kept.push_back(std::move(reservation));
}

TEST_CASE("memory: what fits is reserved at once, and given back when it ends", "[net][memory]") {
    World world;
    {
        const auto first = world.budget.try_reserve(60);
        REQUIRE(first);
        CHECK_FALSE(world.budget.try_reserve(41));
        const auto second = world.budget.try_reserve(40);
        CHECK(second);
        CHECK(world.budget.held() == 100);
    }
    CHECK(world.budget.held() == 0);
}

TEST_CASE("memory: a request may end after the budget of its shard", "[net][memory]") {
    Reservation left;
    {
        World world;
        auto reserved = world.budget.try_reserve(60);
        REQUIRE(reserved);
        left = std::move(*reserved);
    }
    left.grow(10);
    left.recycle(Buffer(BufferPool::kCapacity));
}

TEST_CASE("memory: a request larger than the budget is admitted when nothing is held",
          "[net][memory]") {
    World world;
    {
        const auto huge = world.budget.try_reserve(1000);
        CHECK(huge);
        CHECK_FALSE(world.budget.try_reserve(1));
    }
    const auto small = world.budget.try_reserve(1);
    CHECK(small);
    CHECK_FALSE(world.budget.try_reserve(1000));
}

TEST_CASE("memory: who waits is served first come, first served", "[net][memory]") {
    World world;
    std::string order;
    std::vector<Reservation> kept;
    auto first = world.budget.try_reserve(100);
    // One after the other, because the simulated shard starts coroutines in any order.
    world.shard.spawn(reserve(world, 90, "a", order, kept));
    world.run();
    world.shard.spawn(reserve(world, 5, "b", order, kept));
    world.run();
    CHECK(order.empty());
    CHECK(world.budget.waiting() == 2);
    CHECK_FALSE(world.budget.try_reserve(1));
    first.reset();
    world.run();
    CHECK(order.size() == 2);
    CHECK(world.budget.waiting() == 0);
    CHECK(world.budget.held() == 95);
}

TEST_CASE("memory: a large waiter is not overtaken by small ones", "[net][memory]") {
    World world;
    std::string order;
    std::vector<Reservation> kept;
    auto first = world.budget.try_reserve(50);
    auto second = world.budget.try_reserve(50);
    world.shard.spawn(reserve(world, 80, "large", order, kept));
    world.run();
    second.reset();
    CHECK_FALSE(world.budget.try_reserve(10));
    world.run();
    CHECK(order.empty());
    first.reset();
    world.run();
    CHECK(order == "large");
}

TEST_CASE("memory: growth counts even beyond the limit", "[net][memory]") {
    World world;
    auto reservation = world.budget.try_reserve(90);
    REQUIRE(reservation);
    reservation->grow(30);
    CHECK(world.budget.held() == 120);
    CHECK_FALSE(world.budget.try_reserve(1));
    reservation.reset();
    CHECK(world.budget.held() == 0);
}

}  // namespace
}  // namespace hw::broker
