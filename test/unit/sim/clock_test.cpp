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

TEST_CASE("clock: a clock at a wrong rate shows its times at the true times that it tells",
          "[sim]") {
    const std::int64_t rate = GENERATE(900, 999, 1000, 1001, 1100);
    Scheduler scheduler(1);
    const SimClock clock(scheduler, rate);
    scheduler.park(kWorld, [] {}, TimePoint() + std::chrono::seconds(100));
    scheduler.step();
    const Duration hundred_seconds = std::chrono::milliseconds(100 * rate);
    CHECK(clock.now() >= TimePoint() + hundred_seconds);
    CHECK(clock.now() < TimePoint() + hundred_seconds + std::chrono::microseconds(2));
    const TimePoint shown = clock.now() + Duration(123'457);
    scheduler.park(kWorld, [&] { CHECK(clock.now() >= shown); }, clock.true_time(shown));
    scheduler.step();
    CHECK(clock.now() < shown + std::chrono::microseconds(2));
    CHECK(clock.true_time(kNever) == kNever);
}

}  // namespace
}  // namespace hw::sim
