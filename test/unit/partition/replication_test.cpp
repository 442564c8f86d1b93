#include <string>

#include <catch2/catch.hpp>

#include "test/unit/partition/partition_world.h"

namespace hw::replication {
namespace {

constexpr std::uint64_t kSeeds = 300;
constexpr int kSteps = 10000;

PartitionWorld::Options options_of(std::uint64_t seed) {
    PartitionWorld::Options options;
    options.seed = seed;
    options.durability = seed % 2 == 0 ? Durability::disk : Durability::memory;
    options.min_insync_replicas = static_cast<std::int32_t>(1 + seed % 3);
    return options;
}

TEST_CASE("replication: the rules hold in random runs", "[partition][replication][seeded]") {
    PartitionWorld::Counts counts;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        INFO("seed " << seed);
        PartitionWorld world(options_of(seed));
        REQUIRE(world.run(kSteps) == "");
        REQUIRE(world.heal() == "");
        counts.elections += world.counts().elections;
        counts.truncations += world.counts().truncations;
        counts.joined += world.counts().joined;
        counts.refused += world.counts().refused;
        counts.withdrawn += world.counts().withdrawn;
        counts.committed += world.counts().committed;
    }
    CAPTURE(counts.elections, counts.truncations, counts.joined, counts.refused, counts.withdrawn,
            counts.committed);
    CHECK(counts.elections > 300);
    CHECK(counts.truncations > 300);
    CHECK(counts.joined > 300);
    CHECK(counts.refused > 20);
    CHECK(counts.withdrawn > 0);
    CHECK(counts.committed > 3000);
}

/// The first rule that the random runs see broken.
std::string noticed(LeaderMutants leader, FollowerMutants follower = {},
                    std::uint64_t first_seed = 1) {
    std::string found;
    for (std::uint64_t seed = first_seed; seed < first_seed + kSeeds && found.empty(); ++seed) {
        PartitionWorld::Options options = options_of(seed);
        options.leader_mutants = leader;
        options.follower_mutants = follower;
        PartitionWorld world(options);
        found = world.run(kSteps);
        found = found.empty() ? world.heal() : found;
    }
    return found;
}

constexpr const char* kLost = "a replica in sync does not have a committed record";
constexpr const char* kCut = "a follower cuts its log below its high watermark";
constexpr const char* kUncounted =
    "the controller's ISR has a member that the leader does not count";

TEST_CASE("replication: the random runs notice each rule that is broken on purpose",
          "[partition][replication][seeded][mutant]") {
    CHECK(noticed({.acknowledges_before_sync = true}) == kLost);
    CHECK(noticed({.ignores_other_replicas = true}) == kLost);
    CHECK(noticed({.forgets_epoch_start = true}) == "a leader shows less than its predecessor");
    CHECK(noticed({.ignores_proposed_members = true}) == kUncounted);
    CHECK(noticed({.adds_before_watermark = true}) == kLost);
    CHECK(noticed({.adds_before_epoch_start = true}) == kLost);
    CHECK(noticed({.rolls_back_unknown = true}) == kUncounted);
    CHECK(noticed({}, {.fetches_before_sync = true}) == kLost);
    CHECK(noticed({}, {.truncates_to_watermark = true}) == kLost);
    CHECK(noticed({}, {.takes_end_of_other_epoch = true}) == "the replicas did not get in sync");
    CHECK(noticed({}, {.takes_diverging_watermark = true}) == kCut);
    CHECK(noticed({}, {.watermark_beyond_log_end = true}) == "a watermark is beyond the log");
    // About one run in a thousand notices this one.
    CHECK(noticed({}, {.takes_answers_of_other_log = true}, 701) == kCut);
}

}  // namespace
}  // namespace hw::replication
