#pragma once

#include <memory>
#include <vector>

#include "test/sim/machine.h"
#include "test/sim/stage.h"

namespace hw::sim {

/// Runs the faults of the network and of several machines. All members outlive it.
struct ClusterScript {
    Stage& stage;
    Scheduler& scheduler;
    SimNetwork& network;
    const std::vector<std::unique_ptr<Machine>>& machines;  ///< by id, from 1 on

    [[nodiscard]] Task<> run(const ClusterFault& fault) const {
        co_await stage.sleep(fault.after);
        stage.tell(fault.text);
        begin(fault);
        co_await stage.sleep(fault.length);
        end(fault);
    }

private:
    void begin(const ClusterFault& fault) const {
        if (fault.network) {
            network.set_faults(*fault.network);
        }
        for (const auto& [from, to] : fault.blocked) {
            network.block(from, to);
        }
        for (const NodeTag node : fault.paused) {
            if (machines[node - 1]->process() != nullptr) {
                scheduler.pause(node);
            }
        }
        for (const NodeTag node : fault.without_power) {
            machines[node - 1]->end_process(ProcessEnd::power_loss);
        }
    }
    void end(const ClusterFault& fault) const {
        for (const auto& [from, to] : fault.blocked) {
            network.unblock(from, to);
        }
        for (const NodeTag node : fault.paused) {
            scheduler.resume(node);
        }
        stage.tell("over: " + fault.text);
    }
};

}  // namespace hw::sim
