#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/broker_config.h"
#include "test/sim/broker_process.h"
#include "test/sim/damage.h"
#include "test/sim/event_trace.h"
#include "test/sim/plan.h"

namespace hw::sim {

/// How a process ends.
enum class ProcessEnd : std::uint8_t { stop, kill, power_loss };

/// A machine of the simulated world: its disk and clocks, and the process of its node while that
/// runs.
class Machine {
public:
    /// Called after each end of its process.
    using OnEnd = std::function<void(ProcessEnd end)>;

    /// `properties` is the configuration of its node.
    Machine(const ProcessWorld& world, EventTrace& trace, const NodePlan& plan,
            const std::string& properties);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    void on_end(OnEnd call) { tell_end_ = std::move(call); }
    /// Formats the disk, as each of several controllers needs.
    void format(const std::string& cluster_id);
    /// Begins a new process, and its start.
    void start();
    /// Ends the process, if it runs: after an orderly stop, or at once. A power loss also loses
    /// what an earlier process has not synced.
    void end_process(ProcessEnd end);

    [[nodiscard]] NodeTag tag() const { return plan_.id; }
    [[nodiscard]] const NodePlan& plan() const { return plan_; }
    /// nullptr while no process runs.
    [[nodiscard]] BrokerProcess* process() { return process_.get(); }
    [[nodiscard]] const BrokerProcess* process() const { return process_.get(); }
    /// The number of its present process, or else of the last one.
    [[nodiscard]] std::uint64_t life() const { return life_; }
    /// Whether the node reported that it cannot continue, or failed to start.
    [[nodiscard]] bool has_given_up() const;
    [[nodiscard]] bool is_started() const {
        return process_ != nullptr && process_->started().has_value();
    }
    [[nodiscard]] bool is_paused() const { return world_.scheduler.is_paused(tag()); }

    /// The folder of a partition's replica on this machine; nothing if there is none.
    [[nodiscard]] std::optional<std::string> folder_of(const PartitionPlan& partition) const;
    [[nodiscard]] SimDisk& disk() { return disk_; }
    [[nodiscard]] const SimDisk& disk() const { return disk_; }
    [[nodiscard]] SimClock& clock() { return clock_; }
    [[nodiscard]] const SimClock& clock() const { return clock_; }
    [[nodiscard]] DamageAtRest& damage() { return damage_; }

private:
    const ProcessWorld& world_;
    const NodePlan& plan_;
    config::BrokerConfig config_;
    OnEnd tell_end_;
    NodeLog log_;
    SimDisk disk_;
    SimClock clock_;
    DamageAtRest damage_{disk_};
    std::unique_ptr<BrokerProcess> process_;
    std::uint64_t life_ = 0;
};

}  // namespace hw::sim
