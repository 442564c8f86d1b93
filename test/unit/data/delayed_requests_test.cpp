#include "broker/api/waiting_requests.h"

#include <vector>

#include <catch2/catch.hpp>

#include "replication/partition/fetch_wait.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

using replication::FetchWait;

struct Bench {
    Bench() { waiting.start(); }
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
        co_await waiting.stop();
        stopped = true;
    }
    /// A wait that notes when it ended.
    replication::WaitHandle<FetchWait> begin(Millis span, TimePoint& ended) {
        auto wait = FetchWait::begin(shard, 1, [this, &ended] { ended = scheduler.now(); });
        REQUIRE(waiting.add_fetch(*wait, waiting.deadline(span)));
        return wait;
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
    WaitingRequests waiting{shard, clock};
};

TEST_CASE("waiting requests: each ends at its deadline, a later one that is nearer first",
          "[data][waiting]") {
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
    CHECK(bench.waiting.size() == 0);
}

TEST_CASE("waiting requests: a span is bounded on both sides", "[data][waiting]") {
    Bench bench;
    const TimePoint now = bench.scheduler.now();
    CHECK(bench.waiting.deadline(Millis(-5)) == now);
    CHECK(bench.waiting.deadline(Millis(7)) == now + std::chrono::milliseconds(7));
    CHECK(bench.waiting.deadline(Millis(INT32_MAX)) == now + WaitingRequests::kMaxWait);
}

TEST_CASE("waiting requests: the end of the shard's service ends them", "[data][waiting]") {
    Bench bench;
    TimePoint ended = kNever;
    const auto wait = bench.begin(Millis(60'000), ended);
    bench.stop();
    CHECK(ended < TimePoint() + std::chrono::seconds(60));
    CHECK(bench.waiting.size() == 0);
}

TEST_CASE("waiting requests: what goes on is waited for at the end", "[data][waiting]") {
    Bench bench;
    bool done = false;
    Signal nobody;
    const auto rest = [&]() -> Task<> {
        co_await bench.shard.wait(nobody, bench.clock.now() + std::chrono::milliseconds(3));
        done = true;
    };
    bench.waiting.go_on(rest());
    bench.stop();
    CHECK(done);
}

TEST_CASE("waiting requests: fetches take no place from produces", "[data][waiting]") {
    Bench bench;
    TimePoint ended = kNever;
    std::vector<replication::WaitHandle<FetchWait>> fetches;
    for (std::size_t i = 0; i < replication::WaitTimers::kMaxWaits; ++i) {
        fetches.push_back(bench.begin(Millis(60'000), ended));
    }
    const auto fetch = FetchWait::begin(bench.shard, 1, [] {});
    CHECK_FALSE(bench.waiting.add_fetch(*fetch, bench.waiting.deadline(Millis(1))));
    const auto produce = FetchWait::begin(bench.shard, 1, [] {});
    CHECK(bench.waiting.add_produce(*produce, bench.waiting.deadline(Millis(1))));
    const auto untimed = FetchWait::begin(bench.shard, 1, [] {});
    bench.waiting.add_untimed(*untimed);
    CHECK(bench.waiting.size() == replication::WaitTimers::kMaxWaits + 1);
}

TEST_CASE("waiting requests: one without a deadline outlasts those with one", "[data][waiting]") {
    Bench bench;
    bool untimed_ended = false;
    TimePoint ended = kNever;
    auto untimed = FetchWait::begin(bench.shard, 1, [&] { untimed_ended = true; });
    bench.waiting.add_untimed(*untimed);
    const auto timed = bench.begin(Millis(20), ended);
    bench.scheduler.run_until([] { return false; },
                              bench.scheduler.now() + 2 * WaitingRequests::kMaxWait);
    CHECK(ended != kNever);
    CHECK_FALSE(untimed_ended);
}

}  // namespace
}  // namespace hw::broker
