#include "broker/net/long_loop.h"

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

struct World {
    Task<> sort(std::vector<std::uint64_t>& items) {
        co_await sort_in_turns(shard, std::span(items));
        sorted = true;
    }
    Task<> count_turns() {
        while (!sorted) {
            ++turns;
            co_await let_others_run(shard);
        }
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    bool sorted = false;
    std::size_t turns = 0;
};

TEST_CASE("long loop: a sort is correct, and lets other coroutines run if it is long",
          "[net][loop]") {
    const std::size_t size = GENERATE(std::size_t{0}, std::size_t{1}, kItemsPerTurn,
                                      kItemsPerTurn + 1, 20 * kItemsPerTurn);
    World world;
    std::vector<std::uint64_t> items(size);
    for (std::uint64_t& item : items) {
        item = world.scheduler.random().below(1000);
    }
    world.shard.spawn(world.sort(items));
    world.shard.spawn(world.count_turns());
    while (world.scheduler.step()) {
    }
    CHECK(world.sorted);
    CHECK(std::ranges::is_sorted(items));
    if (size >= 20 * kItemsPerTurn) {
        CHECK(world.turns > 10);
    }
}

TEST_CASE("long loop: a turn ends each time the given number of items is done", "[net][loop]") {
    LongLoop loop(3);
    std::vector<bool> over;
    for (int i = 0; i < 7; ++i) {
        over.push_back(loop.is_over());
    }
    CHECK(over == std::vector{false, false, true, false, false, true, false});
}

}  // namespace
}  // namespace hw::broker
