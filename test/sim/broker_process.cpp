#include "test/sim/broker_process.h"

#include <utility>

#include "broker/net/long_loop.h"
#include "config/broker_config.h"
#include "protocol/base/assert.h"

namespace hw::sim {
namespace {

config::BrokerConfig make_config() {
    config::BrokerInput input;
    input.file_name = "simulation";
    input.file_text = fmt::format(
        "process.roles=broker,controller\nnode.id={}\n"
        "listeners=PLAINTEXT://localhost:{},CONTROLLER://localhost:{}\n"
        "controller.listener.names=CONTROLLER\nlog.dirs=/data\n",
        BrokerProcess::kTag, kBrokerAddress.port, kBrokerAddress.port + 1);
    const config::LoadedConfig loaded = config::load_broker_config(input);
    HW_ASSERT(loaded.config.has_value());
    return *loaded.config;
}

std::vector<std::unique_ptr<SimShard>> make_data_shards(const ProcessWorld& world) {
    std::vector<std::unique_ptr<SimShard>> shards;
    for (std::size_t index = 0; index < world.data_shards; ++index) {
        shards.push_back(std::make_unique<SimShard>(world.scheduler, BrokerProcess::kTag, index));
    }
    return shards;
}

}  // namespace

BrokerProcess::BrokerProcess(const ProcessWorld& world, SimDisk& disk)
    : coin_(world.scheduler.random(), world.defer_one_in),
      control_(world.scheduler, kTag, world.data_shards),
      data_(make_data_shards(world)),
      node_(make_config(), world.limits, ports(world, disk)) {
    node_.on_end([this](const Error&) { ended_ = true; });
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

broker::NodePorts BrokerProcess::ports(const ProcessWorld& world, SimDisk& disk) {
    std::vector<Shard*> data;
    for (const auto& shard : data_) {
        data.push_back(shard.get());
    }
    return {.clock = world.clock,
            .entropy = world.entropy,
            .network = world.network,
            .disk = disk,
            .log = world.log,
            .control = control_,
            .data = std::move(data),
            .defer = &coin_,
            .mutants = world.mutants.leader,
            .log_mutants = world.mutants.log};
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
