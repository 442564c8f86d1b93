#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/quorum/controller_runtime.h"
#include "protocol/base/random.h"
#include "test/sim/sim_clock.h"
#include "test/support/log_lines.h"
#include "test/support/raft_process.h"

namespace hw::broker {

inline constexpr BrokerId kBroker{1};

/// Accepts every config of every topic, and has one default.
class AnyConfigs final : public controller::ConfigRules {
public:
    Result<void> validate(controller::ConfigResourceType, std::string_view,
                          std::string_view) const override {
        return {};
    }
    std::optional<std::string> list_default(controller::ConfigResourceType,
                                            std::string_view) const override {
        return {};
    }
    Result<void> check_change(controller::ConfigResourceType, const controller::ConfigValues&,
                              const controller::ConfigValues&) const override {
        return {};
    }
    std::vector<controller::TopicConfig> describe_topic(const controller::ConfigValues& values,
                                                        std::int16_t) const override {
        std::vector<controller::TopicConfig> configs;
        configs.push_back({.name = "retention.ms", .value = "604800000", .source = 5});
        for (const auto& [name, value] : values) {
            configs.push_back({.name = name, .value = value, .source = 1});
        }
        return configs;
    }
};

/// The golden files are of a cluster without other features than metadata.version.
inline controller::ControllerOptions first_cluster() {
    controller::ControllerOptions options;
    options.initial_features.group_version = controller::GroupVersion(0);
    return options;
}

/// One process with a controller.
struct Process : test::RaftProcess {
    Process(sim::Scheduler& scheduler, sim::SimDisk& disk, Entropy& entropy, LogSink& log)
        : RaftProcess(scheduler, disk, log),
          runtime(shard, clock, *node,
                  controller::QuorumController(first_cluster(), {entropy, configs},
                                               controller::MetadataImage("cluster")),
                  Logger(log, "controller")) {
        runtime.on_end([this](const Error& reason) { ended = reason.message; });
        runtime.on_image([](const auto&) {});
        runtime.start();
    }
    ~Process() { shard.drop(); }

    AnyConfigs configs;
    ControllerRuntime runtime;
    std::optional<std::string> ended;
};

/// A machine whose disk outlives its processes. Its ids depend on the seed alone, not on other
/// random numbers.
struct Machine {
    explicit Machine(std::uint64_t seed) : scheduler(seed), ids(seed) {
        test::make_metadata_folder(disk);
    }

    void boot() {
        process.emplace(scheduler, disk, entropy, log);
        REQUIRE(run_until([&] { return process->runtime.controller().is_leading(); }));
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }
    template <class Response>
    Response ask(const controller::ControllerRequest& request) {
        std::optional<Response> response;
        process->runtime.handle(request, [&](const controller::ControllerResponse& answer) {
            response = std::get<Response>(answer);
        });
        REQUIRE(run_until([&] { return response.has_value(); }));
        return *response;
    }

    /// Registers the broker and sends a heartbeat, which unfences it.
    void register_broker() {
        const DirectoryId log_directory{Uuid{7, 7}};
        const schema::BrokerRegistrationRequest::Listener listener{
            .name = "PLAINTEXT", .host = "localhost", .port = 9092};
        const schema::BrokerRegistrationRequest::Feature feature{
            .name = "metadata.version", .min_supported_version = 7, .max_supported_version = 33};
        schema::BrokerRegistrationRequest request;
        request.broker_id = kBroker;
        request.cluster_id = "cluster";
        request.incarnation_id = IncarnationId(Uuid{ids.next(), 1});
        request.listeners = {&listener, 1};
        request.features = {&feature, 1};
        request.log_dirs = {&log_directory, 1};
        const auto registered = ask<controller::BrokerRegistrationResult>(request);
        INFO(registered.refusal.message);
        REQUIRE(registered.refusal.code == wire::ErrorCode::none);
        schema::BrokerHeartbeatRequest heartbeat;
        heartbeat.broker_id = kBroker;
        heartbeat.broker_epoch = registered.broker_epoch;
        heartbeat.current_metadata_offset = Offset(registered.broker_epoch.value());
        const auto alive = ask<controller::BrokerHeartbeatResult>(heartbeat);
        REQUIRE(alive.refusal.code == wire::ErrorCode::none);
    }

    /// Asks for a topic. Adds its name to `acknowledged` when the answer is success.
    void create(const std::string& name) {
        const schema::CreateTopicsRequest::Topic topic{
            .name = name, .num_partitions = 3, .replication_factor = 1};
        schema::CreateTopicsRequest request;
        request.topics = {&topic, 1};
        process->runtime.handle(request, [this](const controller::ControllerResponse& answer) {
            for (const auto& created : std::get<controller::CreateTopicsResult>(answer).topics) {
                if (created.refusal.code == wire::ErrorCode::none) {
                    acknowledged.insert(created.name);
                }
            }
        });
    }
    const controller::MetadataImage& image() const {
        return process->runtime.controller().committed();
    }

    sim::Scheduler scheduler;
    Random ids;
    sim::SimEntropy entropy{ids};
    sim::SimDisk disk{scheduler, 1};
    test::LogLines log;
    std::optional<Process> process;
    std::set<std::string> acknowledged;
};

}  // namespace hw::broker
