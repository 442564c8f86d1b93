#include <string>

#include <catch2/catch.hpp>

#include "broker/runtime/guarded.h"
#include "test/unit/seam/broken_seam.h"
#include "test/unit/seam/seam_model.h"

namespace hw::broker {
namespace {

/// What an exploration is about; all else is as small as it may be.
template <std::size_t max_works, std::size_t turn_works, class Orders = model::AllOrders>
struct ModelTraits {
    template <class Value>
    using Atomic = model::ModelAtomic<Value, Orders>;
    static constexpr std::size_t kMaxQueued = max_works;
    static constexpr std::size_t kWorkPerTurn = turn_works;
};

template <std::size_t max_works, std::size_t turn_works>
using ModelGuarded = Guarded<Visited, ModelTraits<max_works, turn_works>>;

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

/// All rules of History hold in each execution, of which there are at least so many.
template <class Seam>
Verdict check_all(const Scenario& scenario, std::uint64_t executions) {
    const Verdict verdict = explore<Seam>(scenario);
    CHECK(verdict.breach == "");
    CHECK(verdict.executions >= executions);
    return verdict;
}

TEST_CASE("seam model: two threads keep the rules in all interleavings", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{0}, {0}}}, 10);
    check_all<ModelGuarded<4, 2>>({.programs = {{0, 0}, {0, 0}}}, 10'000);
}

TEST_CASE("seam model: works that are entered from inside keep the rules", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{1, 0}, {0}}}, 10'000);
    check_all<ModelGuarded<4, 2>>({.programs = {{1}, {1}}}, 500);
}

TEST_CASE("seam model: works that wait for a later turn keep the rules", "[seam]") {
    CHECK(check_all<ModelGuarded<4, 1>>({.programs = {{2}, {0}}}, 1'000).turns > 0);
}

TEST_CASE("seam model: three threads keep the rules in all interleavings", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{0}, {0}, {0}}}, 10'000);
}

TEST_CASE("seam model: three threads keep the rules with at most three preemptions", "[seam]") {
    check_all<ModelGuarded<4, 2>>({.programs = {{1, 0}, {0, 0}, {0}}, .max_preemptions = 3},
                                  50'000);
}

TEST_CASE("seam model: deferred works keep the rules", "[seam]") {
    const Scenario scenario{.programs = {{0, 0}, {0}}, .defers = true};
    CHECK(check_all<ModelGuarded<4, 2>>(scenario, 10'000).turns > 0);
}

TEST_CASE("seam model: refused works are not run, and only a full queue refuses", "[seam]") {
    const Scenario scenario{.programs = {{1}, {0, 0}}, .holder = Holder::threads};
    CHECK(check_all<ModelGuarded<1, 2>>(scenario, 1'000).refusals > 0);
}

TEST_CASE("seam model: the object lives until its last work has run", "[seam]") {
    const Scenario scenario{.programs = {{0}, {0}, {0}}, .holder = Holder::threads};
    CHECK(check_all<ModelGuarded<4, 1>>(scenario, 100'000).turns > 0);
}

TEST_CASE("seam model: larger scenarios keep the rules", "[.long]") {
    check_all<ModelGuarded<4, 1>>({.programs = {{1, 0}, {0, 0}}}, 500'000);
    check_all<ModelGuarded<4, 2>>({.programs = {{1, 0}, {0, 0}}}, 500'000);
    check_all<ModelGuarded<4, 2>>(
        {.programs = {{1, 0}, {0, 0}, {0, 0}}, .holder = Holder::threads, .max_preemptions = 3},
        100'000);
    check_all<ModelGuarded<2, 1>>({.programs = {{1, 0}, {0, 0}, {0, 0}}, .max_preemptions = 4},
                                  1'000'000);
}

TEST_CASE("seam model: without acquire, or without release, a data race is found", "[seam]") {
    const Scenario scenario{.programs = {{0}, {0}}};
    CHECK_THAT(explore<WeakGuarded<NoAcquire>>(scenario).breach,
               Catch::StartsWith("a work does not know of the one before it"));
    CHECK_THAT(explore<WeakGuarded<NoRelease>>(scenario).breach,
               Catch::StartsWith("a work does not know of the one before it"));
}

TEST_CASE("seam model: a seam that queues before it counts loses the order", "[seam]") {
    const Scenario scenario{.programs = {{1, 0}, {0}}, .holder = Holder::threads};
    CHECK_THAT(breach_of<Fault::queues_before_counting>(scenario),
               Catch::StartsWith("a work overtakes one that its thread entered before"));
}

TEST_CASE("seam model: a seam with any other fault is found out by two works", "[seam]") {
    const Scenario scenario{.programs = {{0}, {0}}, .holder = Holder::threads};
    CHECK(breach_of<Fault::queues_before_counting>(scenario).empty());
    CHECK_THAT(breach_of<Fault::counts_before_queueing>(scenario),
               Catch::StartsWith("an accepted work is lost"));
    CHECK_THAT(breach_of<Fault::lowers_before_running>(scenario),
               Catch::StartsWith("a work does not know of the one before it"));
    CHECK_THAT(breach_of<Fault::leaves_in_two_steps>(scenario),
               Catch::StartsWith("an accepted work is lost"));
    CHECK_THAT(breach_of<Fault::posts_without_holding>(scenario),
               Catch::StartsWith("an accepted work is lost"));
}

}  // namespace
}  // namespace hw::broker
