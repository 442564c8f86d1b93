#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "test/sim/checker.h"
#include "test/sim/cluster_script.h"
#include "test/sim/consumer_judge.h"
#include "test/sim/event_trace.h"
#include "test/sim/isr_tracker.h"
#include "test/sim/machine_script.h"
#include "test/sim/metadata_checker.h"
#include "test/sim/plan.h"
#include "test/sim/quorum_checker.h"
#include "test/sim/recorder.h"
#include "test/sim/replica_checker.h"
#include "test/sim/sim_admin.h"
#include "test/sim/sim_changer.h"
#include "test/sim/sim_committer.h"
#include "test/sim/sim_consumer.h"
#include "test/sim/sim_member.h"
#include "test/sim/sim_producer.h"
#include "test/sim/sim_reader.h"

namespace hw::sim {

struct SimulationOptions {
    std::uint64_t seed = 1;
    /// The run stops after this many steps of the scheduler, without its final checks.
    std::uint64_t steps_max = UINT64_MAX;
    Mutants mutants;
    EventTrace::Echo echo;
};

/// How often a run had a fault of one kind, and whether the broker served afterwards.
struct FaultCount {
    std::uint64_t times = 0;
    std::uint64_t acknowledged_after = 0;  ///< records acknowledged after the last fault
};

/// What the clients of a run did with committed offsets.
struct OffsetMarks {
    std::uint64_t acknowledged = 0;  ///< commits and removals
    std::uint64_t read = 0;
    std::uint64_t read_at_replaced = 0;
    std::uint64_t stale = 0;  ///< among these, those with old answers
    std::uint64_t moved = 0;  ///< first acknowledgements by another coordinator

    OffsetMarks& operator+=(const OffsetMarks& other) {
        acknowledged += other.acknowledged;
        read += other.read;
        read_at_replaced += other.read_at_replaced;
        stale += other.stale;
        moved += other.moved;
        return *this;
    }
};

/// What the members of groups did.
struct MemberMarks {
    std::uint64_t generations = 0;  ///< that a member has got its part of
    std::uint64_t commits = 0;
    std::uint64_t grants = 0;            ///< partitions that members of consumer groups have got
    std::uint64_t consumer_commits = 0;  ///< of members of consumer groups
    std::uint64_t fenced = 0;            ///< times that one of these was told to join again
    std::uint64_t protocol_changes = 0;  ///< groups that changed their protocol, and changed back

    MemberMarks& operator+=(const MemberMarks& other) {
        generations += other.generations;
        commits += other.commits;
        grants += other.grants;
        consumer_commits += other.consumer_commits;
        fenced += other.fenced;
        protocol_changes += other.protocol_changes;
        return *this;
    }
};

/// The result of a run.
struct Verdict {
    /// The first broken rule, as a sentence; nullopt if none is broken.
    std::optional<std::string> broken;
    std::vector<std::string> last_events;
    bool has_faults = false;
    FaultCount full_disks;  ///< counts only full disks that refused an operation
    FaultCount wall_jumps;
    FaultCount damages;
    FaultCount failed_directories;
    /// Partitions that another replica in sync led after the directory of their leader had failed.
    std::uint64_t moved_off_failed = 0;
    std::uint64_t starts_without_directory = 0;
    std::uint64_t damage_reports = 0;  ///< reads and starts that were refused because of damage
    std::size_t nodes = 0;
    std::uint64_t cluster_faults = 0;  ///< of the network and of several nodes
    QuorumMarks quorum;
    ReplicaMarks replicas;
    std::uint64_t follower_reads = 0;  ///< records that followers have answered
    OffsetMarks offsets;
    MemberMarks members;
    std::uint64_t lives = 0;
    std::uint64_t operations = 0;
    std::uint64_t acknowledged = 0;  ///< number of records
    std::uint64_t read = 0;          ///< number of records
    std::uint64_t steps = 0;
    std::uint64_t trace_hash = 0;
    Duration simulated{};
};

/// Runs one seed: the lives of the nodes and the faults of its plan, with producers and readers all
/// the time, then a phase without faults, in which the cluster must serve everything and every
/// promised record is found.
[[nodiscard]] Verdict simulate(const SimulationOptions& options);

/// The report of a run that failed.
[[nodiscard]] std::string report(const SimulationOptions& options, const Verdict& verdict);

/// One run of a seed. Used once.
class Simulation {
public:
    explicit Simulation(const SimulationOptions& options);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    [[nodiscard]] Verdict run();

private:
    /// Time limit for a start, a stop and the last requests.
    static constexpr Duration kPatience = MachineScript::kPatience;
    /// Maximum number of steps of a node in a second of virtual time; more means that it spins. A
    /// step takes 0.5 us on average, so a spin makes 2,000,000; a sound node makes about 15,000.
    static constexpr std::uint64_t kMaxStepsPerSecond = 200'000;

    [[nodiscard]] std::optional<std::string> broken() const;
    [[nodiscard]] bool goes_on() const {
        return !broken() && scheduler_.steps() < options_.steps_max;
    }
    /// Steps until `done` returns true, `limit` passes or the run ends. Returns the result of
    /// `done`.
    bool step_until(const std::function<bool()>& done, Duration limit);
    /// Does nothing if the run has ended, also at its limit of steps.
    void fail_rule(std::string rule);
    void after_step();
    void note_failed_syncs(const Machine& machine);
    void check_spin();

    void set_up();
    void learn_placement();
    [[nodiscard]] std::vector<NodeTag> find_replicas(const PartitionPlan& partition) const;
    void start_clients();
    [[nodiscard]] std::optional<std::string> judge();
    void run_faults();
    /// Ends all faults, and checks that the cluster serves everything and kept every promise.
    void run_without_faults();
    /// Fails a data directory of a node that goes on. The partitions there that have another
    /// replica in sync must be served by it. Then the directory is repaired by a restart.
    void run_failed_directory();
    /// Whether the partition is served by another node than `node`, or cannot be.
    [[nodiscard]] bool has_moved(PartitionNumber number, NodeTag node) const;
    /// The bytes of a replica's log.
    [[nodiscard]] std::string log_of(NodeTag node, const PartitionPlan& partition) const;
    void check_replicas();
    void start_missing();
    void stop_all();
    void on_life_end(NodeTag node, ProcessEnd end);
    void on_loss(PartitionNumber partition, IsrTracker::Loss loss);
    [[nodiscard]] bool all_started() const;
    [[nodiscard]] FaultCount count_of(const FaultTally& fault) const;
    [[nodiscard]] MemberMarks member_marks() const;
    [[nodiscard]] Verdict verdict();

    const SimulationOptions options_;
    const Plan plan_;
    Scheduler scheduler_;
    EventTrace trace_;
    SimNetwork network_{scheduler_, {}};
    SimClock client_clock_{scheduler_};
    SimEntropy entropy_{scheduler_.random()};
    ProcessWorld process_world_;
    Checker checker_;
    Recorder recorder_;
    OffsetJudge offset_judge_;
    GroupJudge group_judge_;
    ConsumerJudge consumer_judge_;
    IsrTracker isr_tracker_{
        plan_,
        [this](PartitionNumber partition, IsrTracker::Loss loss) { on_loss(partition, loss); },
        [this](PartitionNumber partition) { recorder_.on_loss_end(partition); }};
    std::vector<std::unique_ptr<Machine>> machines_;  ///< by id, from 1 on
    /// The nodes that have each partition.
    std::vector<std::vector<NodeTag>> placement_;
    SimShard client_shard_{scheduler_, kClients, 0};
    ClientWorld clients_;
    FaultTallies tallies_;
    Stage stage_{scheduler_, trace_};
    std::vector<MachineScript> scripts_;
    ClusterScript cluster_script_;
    QuorumChecker quorum_checker_{scheduler_, machines_};
    MetadataChecker metadata_checker_;
    ReplicaChecker replica_checker_{plan_, machines_, isr_tracker_};
    std::uint64_t ended_lives_ = 0;
    std::uint64_t moved_off_failed_ = 0;
    TimePoint second_end_;            ///< of the current second of virtual time
    std::uint64_t second_steps_ = 0;  ///< number of steps up to its start
    std::vector<std::unique_ptr<SimProducer>> producers_;
    std::vector<std::unique_ptr<SimReader>> readers_;
    std::vector<std::unique_ptr<SimCommitter>> committers_;
    std::vector<std::unique_ptr<SimMember>> members_;
    std::vector<std::unique_ptr<SimConsumer>> consumers_;
    std::vector<std::unique_ptr<SimChanger>> changers_;
    SimAdmin admin_;
};

}  // namespace hw::sim
