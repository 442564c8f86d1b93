#include <cstdint>
#include <optional>

#include <catch2/catch.hpp>

#include "test/sim/simulation.h"

namespace hw::sim {
namespace {

/// A broken rule must be noticed within this many seeds. One seed in ten notices the rule that is
/// hardest to notice.
constexpr std::uint64_t kSeeds = 60;

Verdict run(std::uint64_t seed, const Mutants& mutants) {
    SimulationOptions options;
    options.seed = seed;
    options.mutants = mutants;
    return simulate(options);
}

/// Checks that some seed fails with the mutants and not without them.
void check_noticed(const Mutants& mutants) {
    std::uint64_t seed = 1;
    while (seed <= kSeeds && !run(seed, mutants).broken) {
        ++seed;
    }
    INFO("seed " << seed);
    CHECK(seed <= kSeeds);
    CHECK_FALSE(run(seed, {}).broken.has_value());
}

TEST_CASE("simulation: an acknowledgement sent before the sync is noticed", "[sim][mutant]") {
    Mutants mutants;
    mutants.leader.acknowledges_before_sync = true;
    check_noticed(mutants);
}

TEST_CASE("simulation: counting a sync as done when it begins is noticed", "[sim][mutant]") {
    Mutants mutants;
    mutants.log.durable_end_before_sync = true;
    check_noticed(mutants);
}

TEST_CASE("simulation: never syncing the folder entries of new segments is noticed",
          "[sim][mutant]") {
    Mutants mutants;
    mutants.log.folder_is_not_synced = true;
    check_noticed(mutants);
}

TEST_CASE("simulation: a node that works without a pause is noticed", "[sim][mutant]") {
    Mutants mutants;
    mutants.node_spins = true;
    check_noticed(mutants);
}

}  // namespace
}  // namespace hw::sim
