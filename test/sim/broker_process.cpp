#include "test/sim/broker_process.h"

#include <utility>

#include "broker/net/long_loop.h"
#include "config/broker_config.h"
#include "protocol/base/assert.h"

namespace hw::sim {
namespace {

std::vector<std::unique_ptr<SimShard>> make_data_shards(const ProcessWorld& world,
                                                        const ProcessMachine& machine) {
    std::vector<std::unique_ptr<SimShard>> shards;
    for (std::size_t index = 0; index < world.data_shards; ++index) {
        shards.push_back(
            std::make_unique<SimShard>(world.scheduler, machine.tag, index, &machine.clock));
    }
    return shards;
}

}  // namespace

config::BrokerConfig load_config(const std::string& properties) {
    config::BrokerInput input;
    input.file_name = "simulation";
    input.file_text = properties;
    const config::LoadedConfig loaded = config::load_broker_config(input);
    HW_ASSERT(loaded.config.has_value());
    return *loaded.config;
}

BrokerProcess::BrokerProcess(const ProcessWorld& world, const ProcessMachine& machine,
                             const config::BrokerConfig& config)
    : coin_(world.scheduler.random(), world.defer_one_in),
      control_(world.scheduler, machine.tag, world.data_shards, &machine.clock),
      data_(make_data_shards(world, machine)),
      node_(config, world.limits, ports(world, machine)) {
    node_.on_end([this](const Error& reason) { end_reason_ = reason; });
    if (world.mutants.node_spins) {
        control_.spawn(spin());
    }
}

/// Destroys waiting coroutines before the objects that they wait for.
BrokerProcess::~BrokerProcess() {
    control_.drop();
    for (const auto& shard : data_) {
        shard->drop();
    }
}

broker::NodePorts BrokerProcess::ports(const ProcessWorld& world, const ProcessMachine& machine) {
    std::vector<Shard*> data;
    for (const auto& shard : data_) {
        data.push_back(shard.get());
    }
    return {.clock = machine.clock,
            .entropy = world.entropy,
            .network = world.network,
            .disk = machine.disk,
            .log = machine.log,
            .control = control_,
            .data = std::move(data),
            .defer = &coin_,
            .mutants = world.mutants.leader,
            .follower_mutants = world.mutants.follower,
            .raft_mutants = world.mutants.raft,
            .controller_mutants = world.mutants.controller,
            .log_mutants = world.mutants.log,
            .coordinator_mutants = world.mutants.coordinator,
            .group_mutants = world.mutants.group,
            .consumer_mutants = world.mutants.consumer};
}

void BrokerProcess::begin_start() {
    control_.spawn(start());
}

void BrokerProcess::begin_stop() {
    control_.spawn(stop());
}

Task<> BrokerProcess::start() {
    Result<void> outcome = co_await node_.start();
    started_ = std::move(outcome);
}

Task<> BrokerProcess::spin() {
    while (true) {
        co_await broker::let_others_run(control_);
    }
}

Task<> BrokerProcess::stop() {
    co_await node_.stop();
    stopped_ = true;
}

}  // namespace hw::sim
