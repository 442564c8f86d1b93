#include <cstdint>
#include <optional>

#include <catch2/catch.hpp>

#include "test/sim/mutant_table.h"
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
void check_noticed(const Mutants& mutants, std::uint64_t first_seed) {
    std::uint64_t seed = first_seed;
    while (seed < first_seed + kSeeds && !run(seed, mutants).broken) {
        ++seed;
    }
    INFO("seed " << seed);
    CHECK(seed < first_seed + kSeeds);
    CHECK_FALSE(run(seed, {}).broken.has_value());
}

struct Noticed {
    const char* name;
    std::uint64_t first_seed;  ///< close to one that notices it
};

TEST_CASE("simulation: each broken rule is noticed by a run", "[sim][mutant]") {
    const Noticed noticed = GENERATE(
        // the log and the node
        Noticed{"durable_end_before_sync", 1}, Noticed{"folder_is_not_synced", 1},
        Noticed{"node_spins", 1},
        // replication
        Noticed{"acknowledges_before_sync", 1}, Noticed{"ignores_min_isr", 3},
        Noticed{"ignores_other_replicas", 3}, Noticed{"forgets_epoch_start", 1306},
        Noticed{"ignores_proposed_members", 3}, Noticed{"adds_before_watermark", 3},
        Noticed{"fetches_before_sync", 3}, Noticed{"truncates_to_watermark", 3},
        Noticed{"watermark_beyond_log_end", 3},
        // the controller
        Noticed{"elects_fenced_brokers", 3}, Noticed{"elects_uncleanly", 5},
        // the metadata quorum
        Noticed{"counts_before_durable", 3}, Noticed{"commits_old_epoch", 3},
        Noticed{"votes_for_short_log", 3}, Noticed{"forgets_vote", 3}, Noticed{"reuses_epoch", 3},
        Noticed{"trusts_watermark_early", 3}, Noticed{"grants_any_pre_vote", 5},
        Noticed{"leads_without_majority", 3}, Noticed{"answers_before_durable", 3},
        // the coordinators of groups
        Noticed{"answers_before_commit", 12}, Noticed{"loads_to_watermark", 3},
        Noticed{"keeps_state_when_resigned", 7},
        // groups
        Noticed{"answers_sync_unstored", 1}, Noticed{"takes_old_generations", 1},
        Noticed{"takes_old_instances", 24}, Noticed{"keeps_dead_members", 19},
        // consumer groups
        Noticed{"gives_held_partitions", 1}, Noticed{"forgets_revoking", 5},
        Noticed{"takes_old_epochs", 20}, Noticed{"takes_old_heartbeats", 18},
        Noticed{"keeps_silent_members", 1}, Noticed{"forgets_instances", 21},
        // groups that change their protocol
        Noticed{"forgets_classic_parts", 201960}, Noticed{"takes_back_removed", 201997});
    INFO(noticed.name);
    const auto mutants = find_mutant(noticed.name);
    REQUIRE(mutants.has_value());
    check_noticed(*mutants, noticed.first_seed);
}

}  // namespace
}  // namespace hw::sim
