#pragma once

#include <cstdint>

#include "test/sim/checker.h"
#include "test/sim/machine.h"
#include "test/sim/stage.h"

namespace hw::sim {

/// How often a run had a fault of one kind.
struct FaultTally {
    std::uint64_t times = 0;
    std::uint64_t acknowledged = 0;  ///< records acknowledged before the last fault

    void note(const Checker& checker) {
        ++times;
        acknowledged = checker.acknowledged();
    }
};

/// What the scripts of all machines count together.
struct FaultTallies {
    FaultTally full_disks;
    FaultTally wall_jumps;
    FaultTally damages;
    FaultTally failed_directories;
    std::uint64_t starts_without_directory = 0;
    std::uint64_t refused_starts = 0;  ///< and ends of nodes, because of damage
};

/// Runs the lives of one machine's node: each with a start, its faults and its end. A power loss of
/// several nodes may end a life earlier. Afterwards the node runs without faults of its own.
class MachineScript {
public:
    /// All of these outlive it.
    struct Ports {
        Stage& stage;
        Checker& checker;
        const Plan& plan;
        FaultTallies& tallies;
    };

    MachineScript(const Ports& ports, Machine& machine) : ports_(ports), machine_(machine) {}

    [[nodiscard]] Task<> run();
    /// Stops the node in order. Fails the run if that takes too long.
    [[nodiscard]] Task<> stop_in_order();

    /// Time limit for a start that waits for nobody, and for a stop.
    static constexpr Duration kPatience = std::chrono::minutes(1);

private:
    /// Time within which a process must give up after its disk fails.
    static constexpr Duration kGiveUpTimeout = std::chrono::seconds(3);
    /// Time between the end of a process and its next start while the disk is full.
    static constexpr Duration kRestartDelay = std::chrono::milliseconds(300);

    /// Whether the process of the present life has not been ended by another script.
    [[nodiscard]] bool goes_on() const {
        return machine_.process() != nullptr && machine_.life() == life_;
    }
    void begin_process();
    [[nodiscard]] Task<> live(const LifePlan& life);
    [[nodiscard]] Task<> run_life(const LifePlan& life);
    [[nodiscard]] Task<> end_life(const LifePlan& life);
    [[nodiscard]] Task<> freeze(const LifePlan& life);
    [[nodiscard]] Task<> fail_syncs(const LifePlan& life);
    [[nodiscard]] Task<> fill_disk(const LifePlan& life);
    [[nodiscard]] Task<> end_on_full_disk(const LifePlan& life);
    /// Whether a failed disk ends the node soon. With two directories it goes on until the disk has
    /// failed in both, or in the one of its metadata log.
    [[nodiscard]] bool must_give_up() const { return machine_.plan().directories.size() == 1; }
    /// Waits until the process has given up; a time in which it is paused does not count.
    [[nodiscard]] Task<bool> gives_up();
    void make_damage(const DamagePlan& plan);
    /// If the node ended because of the damaged file, repairs the file and starts again.
    [[nodiscard]] Task<> repair_if_refused();
    void repair();
    void jump_wall(const WallJump& jump);
    [[nodiscard]] bool could_not_tell() const;
    [[nodiscard]] Task<> fail_directory(const DirectoryFailure& failure);
    void tell(std::string_view event) const;
    void fail_rule(std::string_view rule) const;

    Ports ports_;
    Machine& machine_;
    std::uint64_t life_ = 0;
    bool keeps_failed_directory_ = false;  ///< in the present life
};

}  // namespace hw::sim
