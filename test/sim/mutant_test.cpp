#include <cstdint>
#include <optional>

#include <catch2/catch.hpp>

#include "test/sim/simulation.h"

namespace hw::sim {
namespace {

/// A broken rule must be noticed within this many seeds. The rarest is noticed by one seed in ten.
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

TEST_CASE("simulation: an acknowledgement before the sync is noticed", "[sim][mutant]") {
    Mutants mutants;
    mutants.leader.acknowledges_before_sync = true;
    check_noticed(mutants);
}

TEST_CASE("simulation: a sync that counts when it begins is noticed", "[sim][mutant]") {
    Mutants mutants;
    mutants.log.durable_end_before_sync = true;
    check_noticed(mutants);
}

TEST_CASE("simulation: entries of new segments that are never synced are noticed",
          "[sim][mutant]") {
    Mutants mutants;
    mutants.log.folder_is_not_synced = true;
    check_noticed(mutants);
}

}  // namespace
}  // namespace hw::sim
