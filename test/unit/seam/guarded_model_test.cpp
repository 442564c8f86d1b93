#include <string>

#include <catch2/catch.hpp>

#include "broker/runtime/guarded.h"
#include "test/unit/seam/broken_seam.h"
#include "test/unit/seam/seam_model.h"

namespace hw::broker {
namespace {

/// Traits of Guarded for the model: small limits, and atomics that the explorer controls.
template <std::size_t max_queued, std::size_t work_per_turn, class Orders = model::AllOrders>
struct ModelTraits {
    template <class Value>
    using Atomic = model::ModelAtomic<Value, Orders>;
    static constexpr std::size_t kMaxQueued = max_queued;
    static constexpr std::size_t kWorkPerTurn = work_per_turn;
};

template <std::size_t max_queued, std::size_t work_per_turn>
using ModelGuarded = Guarded<Visited, ModelTraits<max_queued, work_per_turn>>;

struct NoAcquire {
    static constexpr bool kAcquire = false;
    static constexpr bool kRelease = true;
};

struct NoRelease {
    static constexpr bool kAcquire = true;
    static constexpr bool kRelease = false;
};

template <class Orders>
using WeakGuarded = Guarded<Visited, ModelTraits<4, 2, Orders>>;

template <Fault fault>
std::string breach_of(const Scenario& scenario) {
    return explore<BrokenSeam<fault>>(scenario).breach;
}

/// Checks that all rules of History hold in each execution, and that there are at least
/// `executions` of them.
template <class Seam>
Verdict check_all(const Scenario& scenario, std::uint64_t executions) {
    const Verdict verdict = explore<Seam>(scenario);
    CHECK(verdict.breach == "");
    CHECK(verdict.executions >= executions);
    return verdict;
}

TEST_CASE("guarded model: two threads keep the rules in all interleavings", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{0}, {0}}}, 10);
    check_all<ModelGuarded<4, 2>>({.programs = {{0, 0}, {0, 0}}}, 10'000);
}

TEST_CASE("guarded model: work that is entered from inside keeps the rules", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{1, 0}, {0}}}, 10'000);
    check_all<ModelGuarded<4, 2>>({.programs = {{1}, {1}}}, 500);
}

TEST_CASE("guarded model: work that waits for a later turn keeps the rules", "[seam]") {
    CHECK(check_all<ModelGuarded<4, 1>>({.programs = {{2}, {0}}}, 1'000).turns > 0);
}

TEST_CASE("guarded model: three threads keep the rules in all interleavings", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{0}, {0}, {0}}}, 10'000);
}

TEST_CASE("guarded model: three threads keep the rules with at most three preemptions", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{1, 0}, {0, 0}, {0}}, .max_preemptions = 3},
                                  50'000);
}

TEST_CASE("guarded model: deferred work keeps the rules", "[seam]") {
    const Scenario scenario{.programs = {{0, 0}, {0}}, .defers = true};
    CHECK(check_all<ModelGuarded<4, 2>>(scenario, 10'000).turns > 0);
}

TEST_CASE("guarded model: refused work does not run, and only a full queue refuses work",
          "[seam]") {
    const Scenario scenario{.programs = {{1}, {0, 0}}, .holder = Holder::threads};
    CHECK(check_all<ModelGuarded<1, 2>>(scenario, 1'000).refusals > 0);
}

TEST_CASE("guarded model: the object lives until its last work has run", "[seam]") {
    const Scenario scenario{.programs = {{0}, {0}, {0}}, .holder = Holder::threads};
    CHECK(check_all<ModelGuarded<4, 1>>(scenario, 100'000).turns > 0);
}

TEST_CASE("guarded model: larger scenarios keep the rules", "[.long]") {
    check_all<ModelGuarded<4, 1>>({.programs = {{1, 0}, {0, 0}}}, 500'000);
    check_all<ModelGuarded<4, 2>>({.programs = {{1, 0}, {0, 0}}}, 500'000);
    check_all<ModelGuarded<4, 2>>(
        {.programs = {{1, 0}, {0, 0}, {0, 0}}, .holder = Holder::threads, .max_preemptions = 3},
        100'000);
    check_all<ModelGuarded<2, 1>>({.programs = {{1, 0}, {0, 0}, {0, 0}}, .max_preemptions = 4},
                                  1'000'000);
}

TEST_CASE("guarded model: without acquire or without release a data race is found", "[seam]") {
    const Scenario scenario{.programs = {{0}, {0}}};
    CHECK_THAT(explore<WeakGuarded<NoAcquire>>(scenario).breach,
               Catch::StartsWith("work has not seen the work before it"));
    CHECK_THAT(explore<WeakGuarded<NoRelease>>(scenario).breach,
               Catch::StartsWith("work has not seen the work before it"));
}

TEST_CASE("guarded model: a guard that queues work before it counts it breaks the order",
          "[seam]") {
    const Scenario scenario{.programs = {{1, 0}, {0}}, .holder = Holder::threads};
    CHECK_THAT(breach_of<Fault::queues_before_counting>(scenario),
               Catch::StartsWith("work overtakes earlier work of its thread"));
}

TEST_CASE("guarded model: two threads with one piece of work each reveal each remaining fault",
          "[seam]") {
    const Scenario scenario{.programs = {{0}, {0}}, .holder = Holder::threads};
    CHECK(breach_of<Fault::queues_before_counting>(scenario).empty());
    CHECK_THAT(breach_of<Fault::counts_before_queueing>(scenario),
               Catch::StartsWith("accepted work is lost"));
    CHECK_THAT(breach_of<Fault::lowers_before_running>(scenario),
               Catch::StartsWith("work has not seen the work before it"));
    CHECK_THAT(breach_of<Fault::leaves_in_two_steps>(scenario),
               Catch::StartsWith("accepted work is lost"));
    CHECK_THAT(breach_of<Fault::posts_without_holding>(scenario),
               Catch::StartsWith("accepted work is lost"));
}

}  // namespace
}  // namespace hw::broker
