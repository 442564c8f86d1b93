#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/simulation.h"

namespace hw::sim {
namespace {

/// Reads seeds.txt: each line begins with a seed, or is a comment.
std::vector<std::uint64_t> kept_seeds() {
    std::ifstream file(HW_SIM_SEEDS_FILE);
    REQUIRE(file.is_open());
    std::vector<std::uint64_t> seeds;
    for (std::string line; std::getline(file, line);) {
        std::uint64_t seed = 0;
        if (!line.starts_with('#')) {
            REQUIRE((std::istringstream(line) >> seed));
            seeds.push_back(seed);
        }
    }
    return seeds;
}

Verdict run(std::uint64_t seed) {
    SimulationOptions options;
    options.seed = seed;
    const Verdict verdict = simulate(options);
    INFO(report(options, verdict));
    CHECK_FALSE(verdict.broken.has_value());
    return verdict;
}

TEST_CASE("simulation: the seeds of seeds.txt pass, and records are acknowledged after each fault",
          "[sim]") {
    std::uint64_t after_full_disks = 0;
    std::uint64_t after_wall_jumps = 0;
    std::uint64_t after_damages = 0;
    std::uint64_t after_failed_directories = 0;
    std::uint64_t moved_off_failed = 0;
    std::uint64_t starts_without_directory = 0;
    std::uint64_t damage_reports = 0;
    QuorumMarks quorum;
    ReplicaMarks replicas;
    std::uint64_t follower_reads = 0;
    OffsetMarks offsets;
    MemberMarks members;
    for (const std::uint64_t seed : kept_seeds()) {
        const Verdict verdict = run(seed);
        after_full_disks += verdict.full_disks.acknowledged_after;
        after_wall_jumps += verdict.wall_jumps.acknowledged_after;
        after_damages += verdict.damages.acknowledged_after;
        after_failed_directories += verdict.failed_directories.acknowledged_after;
        moved_off_failed += verdict.moved_off_failed;
        starts_without_directory += verdict.starts_without_directory;
        damage_reports += verdict.damage_reports;
        quorum.truncations += verdict.quorum.truncations;
        quorum.uncommitted_resignations += verdict.quorum.uncommitted_resignations;
        replicas += verdict.replicas;
        follower_reads += verdict.follower_reads;
        offsets += verdict.offsets;
        members += verdict.members;
    }
    CHECK(after_full_disks > 0);
    CHECK(after_wall_jumps > 0);
    CHECK(after_damages > 0);
    CHECK(after_failed_directories > 0);
    CHECK(moved_off_failed > 0);
    CHECK(starts_without_directory > 0);
    CHECK(damage_reports > 0);
    CHECK(quorum.truncations > 0);
    CHECK(quorum.uncommitted_resignations > 0);
    CHECK(replicas.truncations > 0);
    CHECK(replicas.rollbacks > 0);
    CHECK(replicas.stale_broker_epochs > 0);
    CHECK(replicas.unclean_elections > 0);
    CHECK(follower_reads > 0);
    CHECK(offsets.moved > 0);
    CHECK(members.generations > 0);
    CHECK(members.commits > 0);
    CHECK(members.grants > 0);
    CHECK(members.consumer_commits > 0);
    CHECK(members.fenced > 0);
    CHECK(members.protocol_changes > 0);
}

TEST_CASE("simulation: every promise to clients is kept, with and without faults", "[sim]") {
    std::uint64_t with_faults = 0;
    for (std::uint64_t seed = 1; seed <= HW_SIM_FIXED_SEEDS; ++seed) {
        const Verdict verdict = run(seed);
        with_faults += verdict.has_faults ? 1 : 0;
        CHECK(verdict.simulated >= std::chrono::seconds(60));
        CHECK(verdict.operations >= 1000);
        CHECK(verdict.acknowledged > 0);
        CHECK(verdict.read > 0);
        CHECK(verdict.offsets.read > 0);
    }
    CHECK(with_faults > 0);
    CHECK(with_faults < HW_SIM_FIXED_SEEDS);
}

TEST_CASE("simulation: the same seed gives the same run, another seed a different one", "[sim]") {
    const Verdict first = run(2);
    const Verdict second = run(2);
    CHECK(first.trace_hash == second.trace_hash);
    CHECK(first.steps == second.steps);
    CHECK(run(3).trace_hash != first.trace_hash);
}

TEST_CASE("simulation: a run ends at its limit of steps", "[sim]") {
    SimulationOptions options;
    options.seed = 2;
    options.steps_max = 20'000;
    const Verdict verdict = simulate(options);
    CHECK(verdict.steps == options.steps_max);
    CHECK_FALSE(verdict.broken.has_value());
}

}  // namespace
}  // namespace hw::sim
