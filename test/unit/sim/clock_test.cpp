#include <catch2/catch.hpp>

#include "test/sim/sim_clock.h"

namespace hw::sim {
namespace {

TEST_CASE("clock: setting one wall clock changes no other clock", "[sim]") {
    Scheduler scheduler(1);
    SimClock set(scheduler);
    const SimClock other(scheduler);
    const TimePoint now = set.now();
    const std::int64_t hour_ms = 3'600'000;
    set.set_wall(std::chrono::hours(1));
    CHECK(set.wall_now() - other.wall_now() == hour_ms);
    set.set_wall(-std::chrono::hours(1));
    CHECK(set.wall_now() - other.wall_now() == -hour_ms);
    CHECK(set.now() == now);
    set.set_wall({});
    CHECK(set.wall_now() == other.wall_now());
}

}  // namespace
}  // namespace hw::sim
