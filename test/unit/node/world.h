#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/ranges.h>

#include "broker/runtime/guarded.h"
#include "config/broker_config.h"
#include "protocol/base/logger.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_network.h"
#include "test/support/log_lines.h"

namespace hw::broker {

/// The world that all nodes of one process share.
struct World {
    explicit World(std::uint64_t seed, sim::NetworkFaults faults = {})
        : scheduler(seed), network(scheduler, faults) {}

    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }

    void run_for(Duration span) {
        const TimePoint end = scheduler.now() + span;
        scheduler.run_until([&] { return scheduler.now() >= end; }, end);
    }

    sim::Scheduler scheduler;
    sim::SimNetwork network;
    sim::SimClock clock{scheduler};
    sim::SimEntropy entropy{scheduler.random()};
    test::LogLines log;
};

inline config::BrokerConfig config_of(std::uint32_t number, std::uint16_t port,
                                      const std::vector<std::string>& settings = {}) {
    config::BrokerInput input;
    input.file_name = "test";
    input.file_text = fmt::format(
        "process.roles=broker,controller\nnode.id={}\n"
        "listeners=PLAINTEXT://localhost:{},CONTROLLER://localhost:0\n"
        "controller.listener.names=CONTROLLER\nlog.dirs=/data\n",
        number, port);
    input.overrides = settings;
    const config::LoadedConfig loaded = config::load_broker_config(input);
    INFO(fmt::format("{}", fmt::join(loaded.problems.errors, "; ")));
    REQUIRE(loaded.config.has_value());
    return *loaded.config;
}

/// Defers about half of the work on replicas to a later turn.
class Coin final : public DeferPolicy {
public:
    explicit Coin(Random random) : random_(random) {}
    bool defer() override { return random_.below(2) == 0; }

private:
    Random random_;
};

}  // namespace hw::broker
