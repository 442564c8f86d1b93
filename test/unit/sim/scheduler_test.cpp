#include "test/sim/scheduler.h"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

namespace hw::sim {
namespace {

std::string run(std::uint64_t seed, std::uint64_t& hash) {
    Scheduler scheduler(seed);
    std::string order;
    for (char name = 'a'; name <= 'h'; ++name) {
        scheduler.ready(kWorld, [&order, name] { order += name; });
    }
    while (scheduler.step()) {
    }
    hash = scheduler.trace_hash();
    return order;
}

TEST_CASE("scheduler: the seed alone decides the order", "[sim]") {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint64_t other = 0;
    CHECK(run(1, first) == run(1, second));
    CHECK(first == second);
    CHECK(run(1, first) != run(2, other));
    CHECK(first != other);
}

TEST_CASE("scheduler: time moves to the next deadline when nothing is ready", "[sim]") {
    Scheduler scheduler(1);
    const TimePoint deadline = TimePoint() + std::chrono::hours(1);
    TimePoint woken;
    scheduler.park(kWorld, [&] { woken = scheduler.now(); }, deadline);
    CHECK(scheduler.step());
    CHECK(woken == deadline);
    CHECK_FALSE(scheduler.step());
}

TEST_CASE("scheduler: parked work runs once, however often it is woken", "[sim]") {
    Scheduler scheduler(1);
    int runs = 0;
    const auto id = scheduler.park(kWorld, [&] { ++runs; }, TimePoint() + std::chrono::seconds(1));
    scheduler.wake(id);
    scheduler.wake(id);
    while (scheduler.step()) {
    }
    CHECK(runs == 1);
    CHECK(scheduler.now() < TimePoint() + std::chrono::seconds(1));
}

TEST_CASE("scheduler: the work of a paused node waits, also work that becomes due meanwhile",
          "[sim]") {
    Scheduler scheduler(1);
    std::string order;
    scheduler.ready(1, [&] { order += "a"; });
    scheduler.park(1, [&] { order += "b"; }, TimePoint() + std::chrono::seconds(1));
    scheduler.pause(1);
    CHECK(scheduler.is_paused(1));
    scheduler.park(2, [&] { order += "c"; }, TimePoint() + std::chrono::seconds(2));
    while (scheduler.step()) {
    }
    CHECK(order == "c");
    scheduler.resume(1);
    CHECK_FALSE(scheduler.is_paused(1));
    while (scheduler.step()) {
    }
    CHECK((order == "cab" || order == "cba"));
}

TEST_CASE("scheduler: dropping a node destroys its work while it is paused, too", "[sim]") {
    Scheduler scheduler(1);
    bool has_run = false;
    scheduler.pause(1);
    scheduler.ready(1, [&] { has_run = true; });
    scheduler.drop(1);
    scheduler.resume(1);
    CHECK_FALSE(scheduler.step());
    CHECK_FALSE(has_run);
}

TEST_CASE("scheduler: dropping a node destroys its work, and the work that the destructors post",
          "[sim]") {
    Scheduler scheduler(1);
    struct Reposting {
        Scheduler* scheduler;
        int left;
        ~Reposting() {
            if (left > 0) {
                auto next = std::make_shared<Reposting>(scheduler, left - 1);
                scheduler->ready(7, [next] {});
            }
        }
    };
    bool other_ran = false;
    {
        auto first = std::make_shared<Reposting>(&scheduler, 3);
        scheduler.ready(7, [first] {});
    }
    scheduler.ready(8, [&] { other_ran = true; });
    scheduler.drop(7);
    CHECK(scheduler.step());
    CHECK(other_ran);
    CHECK_FALSE(scheduler.step());
}

}  // namespace
}  // namespace hw::sim
