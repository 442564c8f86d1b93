#include <cstdint>
#include <optional>

#include <catch2/catch.hpp>

#include "test/sim/simulation.h"

namespace hw::sim {
namespace {

/// Within so many seeds a broken rule must be noticed.
constexpr std::uint64_t kSeeds = 20;

Verdict run(std::uint64_t seed, const Mutants& mutants) {
    SimulationOptions options;
    options.seed = seed;
    options.mutants = mutants;
    return simulate(options);
}

/// Some seed from `first` on notices what does not happen without the mutants. It begins shortly
/// before one that does, to be quick.
void check_noticed(const Mutants& mutants, std::uint64_t first) {
    std::uint64_t seed = first;
    while (seed < first + kSeeds && !run(seed, mutants).broken) {
        ++seed;
    }
    INFO("seed " << seed);
    CHECK(seed < first + kSeeds);
    CHECK_FALSE(run(seed, {}).broken.has_value());
}

TEST_CASE("simulation: an acknowledgement before the sync is noticed", "[sim][mutant]") {
    Mutants mutants;
    mutants.leader.acknowledges_before_sync = true;
    check_noticed(mutants, 1);
}

TEST_CASE("simulation: a sync that counts when it begins is noticed", "[sim][mutant]") {
    Mutants mutants;
    mutants.log.durable_end_before_sync = true;
    check_noticed(mutants, 15);
}

TEST_CASE("simulation: entries of new segments that are never synced are noticed",
          "[sim][mutant]") {
    Mutants mutants;
    mutants.log.folder_is_not_synced = true;
    check_noticed(mutants, 1);
}

}  // namespace
}  // namespace hw::sim
