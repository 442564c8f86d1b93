#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "test/sim/mutant_table.h"
#include "test/sim/simulation.h"

namespace hw::sim {
namespace {

namespace po = boost::program_options;

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
/// One run in this many is repeated, to check that the second run is the same.
constexpr std::uint64_t kTwiceOneIn = 100;

constexpr const char* kHelp =
    R"(hw-sim: runs whole clusters in a simulated world and checks what their clients see

Usage:
  hw-sim --seed N [--steps M] [--trace]     one run, at most M steps; --trace prints every event
  hw-sim --minutes M [--first-seed S]       seeds from S on (default 1) for M minutes
  hw-sim ... --mutant NAME                  the same with a rule that is broken on purpose
  hw-sim --mutants                          the names of these rules

A run fails when a promise to a client is broken. The same seed and program give the
same run.
)";

/// Counts of runs that had a fault of one kind.
struct FaultRuns {
    std::uint64_t runs = 0;
    std::uint64_t times = 0;
    std::uint64_t served_after = 0;  ///< runs with records acknowledged after the last fault

    void add(const FaultCount& count) {
        runs += count.times > 0 ? 1 : 0;
        times += count.times;
        served_after += count.acknowledged_after > 0 ? 1 : 0;
    }

    void print(std::string_view what) const {
        fmt::print(
            "{}: in {} runs, {} times in all; in {} of these runs records were acknowledged "
            "afterwards.\n",
            what, runs, times, served_after);
    }
};

/// Sums over runs.
struct Totals {
    std::uint64_t runs = 0;
    std::uint64_t run_twice = 0;
    std::uint64_t with_faults = 0;
    FaultRuns full_disks;
    FaultRuns wall_jumps;
    FaultRuns damages;
    FaultRuns failed_directories;
    std::uint64_t moved_off_failed = 0;
    std::uint64_t starts_without_directory = 0;
    std::uint64_t damage_reports = 0;
    std::uint64_t clusters = 0;  ///< runs with more than one node
    std::uint64_t nodes = 0;
    std::uint64_t cluster_faults = 0;
    QuorumMarks quorum;
    ReplicaMarks replicas;
    std::uint64_t follower_reads = 0;
    OffsetMarks offsets;
    MemberMarks members;
    std::uint64_t lives = 0;
    std::uint64_t operations = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t read = 0;
    double seconds = 0;

    void add(const Verdict& verdict) {
        ++runs;
        with_faults += verdict.has_faults ? 1 : 0;
        full_disks.add(verdict.full_disks);
        wall_jumps.add(verdict.wall_jumps);
        damages.add(verdict.damages);
        failed_directories.add(verdict.failed_directories);
        moved_off_failed += verdict.moved_off_failed;
        starts_without_directory += verdict.starts_without_directory;
        damage_reports += verdict.damage_reports;
        clusters += verdict.nodes > 1 ? 1 : 0;
        nodes += verdict.nodes;
        cluster_faults += verdict.cluster_faults;
        quorum.elections += verdict.quorum.elections;
        quorum.truncations += verdict.quorum.truncations;
        quorum.uncommitted_resignations += verdict.quorum.uncommitted_resignations;
        replicas += verdict.replicas;
        follower_reads += verdict.follower_reads;
        offsets += verdict.offsets;
        members += verdict.members;
        lives += verdict.lives;
        operations += verdict.operations;
        acknowledged += verdict.acknowledged;
        read += verdict.read;
        seconds += std::chrono::duration<double>(verdict.simulated).count();
    }

    void print() const {
        const auto mean = [this](double sum) { return sum / static_cast<double>(runs); };
        fmt::print(
            "{} runs without a failure, {:.0f} simulated seconds, {} of them with faults, {} run "
            "twice. On average: {:.1f} simulated seconds, {:.1f} lives, {:.0f} client operations, "
            "{:.0f} records acknowledged, {:.0f} read.\n",
            runs, seconds, with_faults, run_twice, mean(seconds), mean(static_cast<double>(lives)),
            mean(static_cast<double>(operations)), mean(static_cast<double>(acknowledged)),
            mean(static_cast<double>(read)));
        fmt::print(
            "{} runs had several nodes. On average: {:.1f} nodes, {:.1f} faults of the network or "
            "of several nodes.\n",
            clusters, mean(static_cast<double>(nodes)), mean(static_cast<double>(cluster_faults)));
        fmt::print(
            "The metadata quorums elected {} leaders, {} of which resigned with uncommitted "
            "records; {} logs were truncated.\n",
            quorum.elections, quorum.uncommitted_resignations, quorum.truncations);
        fmt::print(
            "Replicas: {} logs were truncated; {} new members of an ISR were refused, {} because "
            "they had registered again; {} unclean elections; {} records read at followers.\n",
            replicas.truncations, replicas.rollbacks, replicas.stale_broker_epochs,
            replicas.unclean_elections, follower_reads);
        fmt::print(
            "Offsets of groups: {:.0f} commits and removals acknowledged on average, {:.0f} read; "
            "{} read at replaced leaders, {} of them old; {} moves between coordinators.\n",
            mean(static_cast<double>(offsets.acknowledged)),
            mean(static_cast<double>(offsets.read)), offsets.read_at_replaced, offsets.stale,
            offsets.moved);
        fmt::print(
            "Members of classic groups: {:.0f} generations and {:.0f} commits on average; of "
            "other groups: {:.0f} partitions given, {:.0f} commits, and fenced {:.0f} times. {} "
            "groups changed their protocol, and changed back.\n",
            mean(static_cast<double>(members.generations)),
            mean(static_cast<double>(members.commits)), mean(static_cast<double>(members.grants)),
            mean(static_cast<double>(members.consumer_commits)),
            mean(static_cast<double>(members.fenced)), members.protocol_changes);
        full_disks.print("A full disk");
        wall_jumps.print("A jump of the wall clock");
        damages.print("Damage at rest");
        failed_directories.print("A failed directory");
        fmt::print(
            "{} partitions moved off a directory that failed at the end of a run. {} starts "
            "without a directory.\n",
            moved_off_failed, starts_without_directory);
        fmt::print("{} reads and starts were refused because of damage.\n", damage_reports);
    }
};

/// Runs one seed. If it fails, prints a report and returns false.
bool run_one(const SimulationOptions& options, bool twice, Totals& totals) {
    const Verdict verdict = simulate(options);
    if (verdict.broken) {
        fmt::print("{}", report(options, verdict));
        return false;
    }
    if (twice && simulate(options).trace_hash != verdict.trace_hash) {
        fmt::print("seed {} failed: a second run was different\n", options.seed);
        return false;
    }
    totals.run_twice += twice ? 1 : 0;
    totals.add(verdict);
    return true;
}

int run_for(double minutes, std::uint64_t first_seed, const Mutants& mutants) {
    using RealClock = std::chrono::steady_clock;
    const auto end = RealClock::now() + std::chrono::duration<double, std::ratio<60>>(minutes);
    Totals totals;
    std::uint64_t seed = first_seed;
    bool holds = true;
    do {
        SimulationOptions options;
        options.seed = seed;
        options.mutants = mutants;
        holds = run_one(options, totals.runs % kTwiceOneIn == 0, totals);
        seed += holds ? 1 : 0;
    } while (holds && RealClock::now() < end);
    if (totals.runs > 0) {
        fmt::print("seeds {} to {}: ", first_seed, seed - 1);
        totals.print();
    }
    return holds ? kExitOk : kExitFailed;
}

/// The switches for `--mutant NAME`. Throws for an unknown name.
Mutants chosen_mutants(const po::variables_map& given) {
    if (!given.contains("mutant")) {
        return {};
    }
    const auto& name = given["mutant"].as<std::string>();
    const auto mutants = find_mutant(name);
    if (!mutants) {
        throw po::error("there is no mutant '" + name + "'; 'hw-sim --mutants' names them");
    }
    return *mutants;
}

int list_mutants() {
    for (const NamedMutant& mutant : all_mutants()) {
        fmt::print("{}\n", mutant.name);
    }
    return kExitOk;
}

int run(int count, char** values) {
    po::options_description known;
    known.add_options()("help,h", "")("seed", po::value<std::uint64_t>())(
        "steps", po::value<std::uint64_t>())("trace", "")("minutes", po::value<double>())(
        "first-seed", po::value<std::uint64_t>()->default_value(1))(
        "mutant", po::value<std::string>())("mutants", "");
    po::variables_map given;
    po::store(po::parse_command_line(count, values, known), given);
    if (given.contains("mutants")) {
        return list_mutants();
    }
    const Mutants mutants = chosen_mutants(given);
    if (given.contains("minutes")) {
        return run_for(given["minutes"].as<double>(), given["first-seed"].as<std::uint64_t>(),
                       mutants);
    }
    if (!given.contains("seed")) {
        fmt::print("{}", kHelp);
        return given.contains("help") ? kExitOk : kExitUsage;
    }
    SimulationOptions options;
    options.seed = given["seed"].as<std::uint64_t>();
    options.mutants = mutants;
    if (given.contains("steps")) {
        options.steps_max = given["steps"].as<std::uint64_t>();
    }
    if (given.contains("trace")) {
        options.echo = [](const std::string& line) { fmt::print("{}\n", line); };
    }
    Totals totals;
    const bool holds = run_one(options, false, totals);
    if (holds) {
        totals.print();
    }
    return holds ? kExitOk : kExitFailed;
}

}  // namespace
}  // namespace hw::sim

int main(int count, char** values) {
    try {
        return hw::sim::run(count, values);
    } catch (const boost::program_options::error& wrong) {
        fmt::print(stderr, "hw-sim: {}; see 'hw-sim --help'\n", wrong.what());
        return hw::sim::kExitUsage;
    }
}
