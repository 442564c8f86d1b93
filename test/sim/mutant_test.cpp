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
void check_noticed(const Mutants& mutants, std::uint64_t first_seed = 1) {
    std::uint64_t seed = first_seed;
    while (seed < first_seed + kSeeds && !run(seed, mutants).broken) {
        ++seed;
    }
    INFO("seed " << seed);
    CHECK(seed < first_seed + kSeeds);
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

struct RaftMutant {
    const char* name;
    bool replication::RaftMutants::* bug;
    std::uint64_t first_seed;  ///< a cluster that notices it
};

TEST_CASE("simulation: each broken rule of the metadata quorum is noticed", "[sim][mutant]") {
    using replication::RaftMutants;
    const RaftMutant mutant =
        GENERATE(RaftMutant{"counts_before_durable", &RaftMutants::counts_before_durable, 3},
                 RaftMutant{"commits_old_epoch", &RaftMutants::commits_old_epoch, 3},
                 RaftMutant{"votes_for_short_log", &RaftMutants::votes_for_short_log, 3},
                 RaftMutant{"forgets_vote", &RaftMutants::forgets_vote, 3},
                 RaftMutant{"reuses_epoch", &RaftMutants::reuses_epoch, 3},
                 RaftMutant{"trusts_watermark_early", &RaftMutants::trusts_watermark_early, 3},
                 RaftMutant{"grants_any_pre_vote", &RaftMutants::grants_any_pre_vote, 5},
                 RaftMutant{"leads_without_majority", &RaftMutants::leads_without_majority, 3},
                 RaftMutant{"answers_before_durable", &RaftMutants::answers_before_durable, 3});
    INFO(mutant.name);
    Mutants mutants;
    mutants.raft.*mutant.bug = true;
    check_noticed(mutants, mutant.first_seed);
}

}  // namespace
}  // namespace hw::sim
