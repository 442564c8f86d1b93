#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "test/sim/broker_process.h"
#include "test/sim/checker.h"
#include "test/sim/event_trace.h"
#include "test/sim/plan.h"
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

/// The result of a run.
struct Verdict {
    /// The first broken rule, as a sentence; nullopt if none is broken.
    std::optional<std::string> broken;
    std::vector<std::string> last_events;
    bool has_faults = false;
    FaultCount full_disks;  ///< counts only full disks that refused an operation
    FaultCount wall_jumps;
    FaultCount damages;
    std::uint64_t damage_reports = 0;  ///< reads and starts that were refused because of damage
    std::uint64_t lives = 0;
    std::uint64_t operations = 0;
    std::uint64_t acknowledged = 0;  ///< number of records
    std::uint64_t read = 0;          ///< number of records
    std::uint64_t steps = 0;
    std::uint64_t trace_hash = 0;
    Duration simulated{};
};

/// Runs one seed: the lives of its plan, with producers and readers all the time, then a last life
/// without faults, in which the broker must serve everything and every promised record is found.
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
    struct Fault {
        std::uint64_t times = 0;
        std::uint64_t acknowledged = 0;  ///< records acknowledged before the last fault
    };

    static constexpr NodeTag kClients = 2;
    /// Time limit for a start, a stop and the last requests.
    static constexpr Duration kPatience = std::chrono::minutes(1);
    /// Time within which a process must give up after its disk fails.
    static constexpr Duration kGiveUpTimeout = std::chrono::seconds(3);
    /// Time between the end of a process and its next start while the disk is full.
    static constexpr Duration kRestartDelay = std::chrono::milliseconds(300);
    /// Maximum number of steps in a second of virtual time; more means that the node spins. A step
    /// takes 0.5 us on average, so a spin makes 2,000,000; a sound node makes about 15,000.
    static constexpr std::uint64_t kMaxStepsPerSecond = 200'000;

    [[nodiscard]] bool goes_on() const {
        return !checker_.broken() && !broken_ && scheduler_.steps() < options_.steps_max;
    }
    /// Steps until `done` returns true, `limit` passes or the run ends. Returns the result of
    /// `done`.
    bool step_until(const std::function<bool()>& done, Duration limit);
    void fail_rule(std::string rule);

    void set_up();
    [[nodiscard]] Task<> create_topics();
    void live(const LifePlan& life);
    void run_life(const LifePlan& life);
    void make_damage(const DamagePlan& plan);
    /// If the start failed because of the damaged file, repairs the file and starts again.
    void repair_if_refused();
    void repair();
    void run_final_life();
    void begin_life();
    void jump_wall(const WallJump& jump);
    void finish_start();
    void stop_in_order();
    /// Whether the node reported that it cannot continue, or failed to start.
    [[nodiscard]] bool has_given_up() const;
    void end_life(const LifePlan& life);
    void fill_disk(const LifePlan& life);
    void end_on_full_disk(const LifePlan& life);
    void crash(bool power_loss);
    void end_process();
    void note(Fault& fault);
    [[nodiscard]] FaultCount count_of(const Fault& fault) const;

    const SimulationOptions options_;
    const Plan plan_;
    Scheduler scheduler_;
    EventTrace trace_;
    SimNetwork network_{scheduler_, {}};
    SimClock clock_{scheduler_};  ///< of the broker's machine
    SimClock client_clock_{scheduler_};
    SimEntropy entropy_{scheduler_.random()};
    SimDisk disk_{scheduler_, BrokerProcess::kTag};
    ProcessWorld process_world_;
    Checker checker_;
    std::unique_ptr<BrokerProcess> process_;
    SimShard client_shard_{scheduler_, kClients, 0};
    ClientWorld clients_{client_shard_, client_clock_, network_, checker_, trace_};
    Fault full_disks_;
    Fault wall_jumps_;
    Fault damages_;
    DamageAtRest damage_{disk_};
    std::uint64_t refused_starts_ = 0;
    TimePoint second_end_;            ///< of the current second of virtual time
    std::uint64_t second_steps_ = 0;  ///< number of steps up to its start
    std::vector<std::unique_ptr<SimProducer>> producers_;
    std::vector<std::unique_ptr<SimReader>> readers_;
    bool topics_created_ = false;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
