#include "broker/api/delayed_requests.h"

#include <vector>

#include <catch2/catch.hpp>

#include "replication/partition/delayed_fetch.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

using replication::DelayedFetch;

struct Bench {
    Bench() { delayed.start(); }
    ~Bench() {
        stop();
        shard.drop();
    }

    void stop() {
        bool stopped = false;
        shard.spawn(stop(stopped));
        CHECK(
            scheduler.run_until([&] { return stopped; }, scheduler.now() + std::chrono::hours(1)));
    }
    Task<> stop(bool& stopped) {
        co_await delayed.stop();
        stopped = true;
    }
    /// Begins a wait of `span` that stores the time of its end in `ended`.
    replication::WaitHandle<DelayedFetch> begin(Millis span, TimePoint& ended) {
        auto wait = DelayedFetch::begin(shard, 1, [this, &ended] { ended = scheduler.now(); });
        REQUIRE(delayed.add_fetch(*wait, delayed.deadline(span)));
        return wait;
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
    DelayedRequests delayed{shard, clock};
};

TEST_CASE("delayed requests: each ends at its own deadline, in whatever order they began",
          "[data][delayed]") {
    Bench bench;
    TimePoint first = kNever;
    TimePoint second = kNever;
    const auto long_wait = bench.begin(Millis(500), first);
    const auto short_wait = bench.begin(Millis(20), second);
    const TimePoint start = bench.scheduler.now();
    CHECK(bench.scheduler.run_until([&] { return first != kNever && second != kNever; },
                                    start + std::chrono::seconds(1)));
    CHECK(second == start + std::chrono::milliseconds(20));
    CHECK(first == start + std::chrono::milliseconds(500));
    CHECK(bench.delayed.size() == 0);
}

TEST_CASE("delayed requests: a wait is at least zero and at most kMaxWait", "[data][delayed]") {
    Bench bench;
    const TimePoint now = bench.scheduler.now();
    CHECK(bench.delayed.deadline(Millis(-5)) == now);
    CHECK(bench.delayed.deadline(Millis(7)) == now + std::chrono::milliseconds(7));
    CHECK(bench.delayed.deadline(Millis(INT32_MAX)) == now + DelayedRequests::kMaxWait);
}

TEST_CASE("delayed requests: a stop ends all waits", "[data][delayed]") {
    Bench bench;
    TimePoint ended = kNever;
    const auto wait = bench.begin(Millis(60'000), ended);
    bench.stop();
    CHECK(ended < TimePoint() + std::chrono::seconds(60));
    CHECK(bench.delayed.size() == 0);
}

Task<> finish_later(Bench& bench, bool& done) {
    Signal nobody;
    co_await bench.shard.wait(nobody, bench.clock.now() + std::chrono::milliseconds(3));
    done = true;
}

TEST_CASE("delayed requests: a stop waits for the rest of a request that has ended its wait",
          "[data][delayed]") {
    Bench bench;
    bool done = false;
    bench.delayed.go_on(finish_later(bench, done));
    bench.stop();
    CHECK(done);
}

TEST_CASE("delayed requests: waiting fetches do not use up the places of produces",
          "[data][delayed]") {
    Bench bench;
    TimePoint ended = kNever;
    std::vector<replication::WaitHandle<DelayedFetch>> fetches;
    for (std::size_t i = 0; i < replication::WaitTimers::kMaxWaits; ++i) {
        fetches.push_back(bench.begin(Millis(60'000), ended));
    }
    const auto fetch = DelayedFetch::begin(bench.shard, 1, [] {});
    CHECK_FALSE(bench.delayed.add_fetch(*fetch, bench.delayed.deadline(Millis(1))));
    const auto produce = DelayedFetch::begin(bench.shard, 1, [] {});
    CHECK(bench.delayed.add_produce(*produce, bench.delayed.deadline(Millis(1))));
    const auto untimed = DelayedFetch::begin(bench.shard, 1, [] {});
    bench.delayed.add_untimed(*untimed);
    CHECK(bench.delayed.size() == replication::WaitTimers::kMaxWaits + 1);
}

TEST_CASE("delayed requests: a request without a deadline is not ended by time",
          "[data][delayed]") {
    Bench bench;
    bool untimed_ended = false;
    TimePoint ended = kNever;
    auto untimed = DelayedFetch::begin(bench.shard, 1, [&] { untimed_ended = true; });
    bench.delayed.add_untimed(*untimed);
    const auto timed = bench.begin(Millis(20), ended);
    bench.scheduler.run_until([] { return false; },
                              bench.scheduler.now() + 2 * DelayedRequests::kMaxWait);
    CHECK(ended != kNever);
    CHECK_FALSE(untimed_ended);
}

}  // namespace
}  // namespace hw::broker
