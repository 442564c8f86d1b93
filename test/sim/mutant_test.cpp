#include <cstdint>
#include <optional>

#include <catch2/catch.hpp>

#include "test/sim/simulation.h"

namespace hw::sim {
namespace {

/// Within so many seeds a broken rule must be noticed.
constexpr std::uint64_t kSeeds = 20;

Verdict run(std::uint64_t seed, const replication::LeaderMutants& mutants) {
    SimulationOptions options;
    options.seed = seed;
    options.mutants = mutants;
    return simulate(options);
}

/// The first seed whose run notices; none if no run does.
std::optional<std::uint64_t> noticed_by(const replication::LeaderMutants& mutants) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        if (run(seed, mutants).broken) {
            return seed;
        }
    }
    return std::nullopt;
}

TEST_CASE("simulation: an acknowledgement before the sync is noticed", "[sim][mutant]") {
    replication::LeaderMutants mutants;
    mutants.acknowledges_before_sync = true;
    const auto seed = noticed_by(mutants);
    REQUIRE(seed.has_value());
    INFO("seed " << *seed);
    CHECK_FALSE(run(*seed, {}).broken.has_value());
}

}  // namespace
}  // namespace hw::sim
