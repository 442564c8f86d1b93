#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/node.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_network.h"
#include "test/sim/sim_shard.h"
#include "test/support/mutants.h"

namespace hw::sim {

/// Defers a random part of the work on replicas to a later turn.
class RandomDefer final : public broker::DeferPolicy {
public:
    RandomDefer(Random& random, std::uint64_t one_in) : random_(&random), one_in_(one_in) {}
    bool defer() override { return one_in_ != 0 && random_->chance(1, one_in_); }

private:
    Random* random_;
    std::uint64_t one_in_;
};

/// The ports and options that a run gives to its processes.
struct ProcessWorld {
    Scheduler& scheduler;
    SimNetwork& network;
    Entropy& entropy;
    std::size_t data_shards = 1;
    std::uint64_t defer_one_in = 0;
    Mutants mutants;
    broker::NodeLimits limits = {};
};

/// Loads the configuration of a node from the text of a property file, which must be right.
[[nodiscard]] config::BrokerConfig load_config(const std::string& properties);

/// The machine on which a process runs.
struct ProcessMachine {
    NodeTag tag;
    const SimClock& clock;
    SimDisk& disk;
    LogSink& log;
};

/// One process of a node, with its shards. At a crash, its disk and network are cut off
/// (SimDisk::process_kill, SimNetwork::cut) before it is destroyed.
class BrokerProcess {
public:
    BrokerProcess(const ProcessWorld& world, const ProcessMachine& machine,
                  const config::BrokerConfig& config);
    ~BrokerProcess();
    BrokerProcess(const BrokerProcess&) = delete;
    BrokerProcess& operator=(const BrokerProcess&) = delete;

    void begin_start();
    /// Ends a start that waits for other nodes.
    void cancel_start() { node_.cancel_start(); }
    /// Call after the start has ended.
    void begin_stop();

    /// The result of the start; nullopt until it has ended.
    [[nodiscard]] const std::optional<Result<void>>& started() const { return started_; }
    [[nodiscard]] bool stopped() const { return stopped_; }
    /// Whether the node reported that it cannot continue.
    [[nodiscard]] bool ended() const { return end_reason_.has_value(); }
    /// The error, if it cannot continue or could not start.
    [[nodiscard]] std::optional<Error> failure() const {
        return started_ && !started_->has_value() ? std::optional(started_->error()) : end_reason_;
    }
    [[nodiscard]] const broker::Node& node() const { return node_; }

private:
    [[nodiscard]] Task<> start();
    [[nodiscard]] Task<> stop();
    [[nodiscard]] Task<> spin();
    [[nodiscard]] broker::NodePorts ports(const ProcessWorld& world, const ProcessMachine& machine);

    RandomDefer coin_;
    SimShard control_;
    std::vector<std::unique_ptr<SimShard>> data_;
    broker::Node node_;
    std::optional<Result<void>> started_;
    bool stopped_ = false;
    std::optional<Error> end_reason_;
};

}  // namespace hw::sim
