#include "broker/quorum/controller_runtime.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/support/raft_process.h"

namespace hw::broker {
namespace {

using controller::ControllerResponse;
using controller::CreateTopicsResult;

constexpr BrokerId kBroker{1};
const DirectoryId kLogDirectory{Uuid{7, 7}};

/// Every topic may have every config.
class AnyConfigs final : public controller::TopicConfigs {
public:
    Result<void> validate(std::string_view, std::string_view) const override { return {}; }
    std::vector<controller::TopicConfig> describe(const controller::ConfigValues&,
                                                  std::int16_t) const override {
        return {};
    }
};

/// One process with a controller.
struct Process : test::RaftProcess {
    Process(sim::Scheduler& scheduler, sim::SimDisk& disk, LogSink& log)
        : RaftProcess(scheduler, disk, log),
          entropy(scheduler.random()),
          runtime(shard, clock, *node,
                  controller::QuorumController({}, {entropy, configs},
                                               controller::MetadataImage("cluster")),
                  Logger(log, "controller")) {
        runtime.on_end([this](const Error& reason) { ended = reason.message; });
        runtime.start();
    }
    ~Process() { shard.drop(); }

    AnyConfigs configs;
    sim::SimEntropy entropy;
    ControllerRuntime runtime;
    std::optional<std::string> ended;
};

/// A machine that keeps its disk over its processes.
struct Machine {
    explicit Machine(std::uint64_t seed) : scheduler(seed) { test::make_metadata_folder(disk); }

    void boot() {
        process.emplace(scheduler, disk, log);
        REQUIRE(run_until([&] { return process->runtime.controller().is_leading(); }));
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }
    template <class Response>
    Response ask(const controller::ControllerRequest& request) {
        std::optional<Response> response;
        process->runtime.handle(request, [&](const ControllerResponse& answer) {
            response = std::get<Response>(answer);
        });
        REQUIRE(run_until([&] { return response.has_value(); }));
        return *response;
    }

    /// Registers the one broker and shows that it lives, until it is unfenced.
    void register_broker() {
        const schema::BrokerRegistrationRequest::Listener listener{
            .name = "PLAINTEXT", .host = "localhost", .port = 9092};
        const schema::BrokerRegistrationRequest::Feature feature{
            .name = "metadata.version", .min_supported_version = 7, .max_supported_version = 33};
        schema::BrokerRegistrationRequest request;
        request.broker_id = kBroker;
        request.cluster_id = "cluster";
        request.incarnation_id = IncarnationId(Uuid{scheduler.random().next(), 1});
        request.listeners = {&listener, 1};
        request.features = {&feature, 1};
        request.log_dirs = {&kLogDirectory, 1};
        const auto registered = ask<controller::BrokerRegistrationResult>(request);
        INFO(registered.verdict.message);
        REQUIRE(registered.verdict.code == wire::ErrorCode::none);
        schema::BrokerHeartbeatRequest heartbeat;
        heartbeat.broker_id = kBroker;
        heartbeat.broker_epoch = registered.broker_epoch;
        heartbeat.current_metadata_offset = Offset(registered.broker_epoch.value());
        const auto alive = ask<controller::BrokerHeartbeatResult>(heartbeat);
        REQUIRE(alive.verdict.code == wire::ErrorCode::none);
    }

    /// Asks for a topic; notes its name in `acknowledged` when that is answered with success.
    void create(const std::string& name) {
        const schema::CreateTopicsRequest::Topic topic{
            .name = name, .num_partitions = 3, .replication_factor = 1};
        schema::CreateTopicsRequest request;
        request.topics = {&topic, 1};
        process->runtime.handle(request, [this](const ControllerResponse& answer) {
            for (const auto& created : std::get<CreateTopicsResult>(answer).topics) {
                if (created.verdict.code == wire::ErrorCode::none) {
                    acknowledged.insert(created.name);
                }
            }
        });
    }
    const controller::MetadataImage& image() const {
        return process->runtime.controller().committed();
    }

    sim::Scheduler scheduler;
    sim::SimDisk disk{scheduler, 1};
    test::Silence log;
    std::optional<Process> process;
    std::set<std::string> acknowledged;
};

TEST_CASE("quorum: a new cluster starts with the records that Kafka's starts with", "[quorum]") {
    Machine machine(1);
    machine.boot();
    REQUIRE(machine.run_until(
        [&] { return machine.image().feature_level(controller::kMetadataVersionFeature) != 0; }));
    CHECK(machine.image().feature_level(controller::kMetadataVersionFeature) == 30);
}

TEST_CASE("quorum: a topic is answered for when its records are committed, not before",
          "[quorum]") {
    Machine machine(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    machine.boot();
    machine.register_broker();
    machine.create("orders");
    CHECK(machine.acknowledged.empty());
    REQUIRE(machine.run_until([&] { return !machine.acknowledged.empty(); }));
    const auto* topic = machine.image().find_topic("orders");
    REQUIRE(topic != nullptr);
    CHECK(topic->partitions.size() == 3);
}

TEST_CASE("quorum: a broker that is silent for its session loses its leaderships", "[quorum]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    machine.create("orders");
    REQUIRE(machine.run_until([&] { return !machine.acknowledged.empty(); }));
    CHECK(machine.image().find_live_broker(kBroker) != nullptr);
    REQUIRE(
        machine.run_until([&] { return machine.image().find_live_broker(kBroker) == nullptr; }));
}

TEST_CASE("quorum: what was answered for is there after any crash", "[quorum]") {
    const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{60}));
    INFO("seed " << seed);
    Machine machine(seed);
    Random chance(seed);
    int number = 0;
    for (int life = 0; life < 4; ++life) {
        machine.boot();
        for (const std::string& name : machine.acknowledged) {
            CHECK(machine.image().find_topic(name) != nullptr);
        }
        machine.register_broker();
        for (std::uint64_t step = chance.below(400); step > 0; --step) {
            if (chance.chance(1, 10)) {
                machine.create("topic-" + std::to_string(number++));
            }
            machine.scheduler.step();
        }
        CHECK_FALSE(machine.process->ended);
        machine.process.reset();
        if (chance.chance(1, 2)) {
            machine.disk.power_loss();
        } else {
            machine.disk.process_kill();
        }
    }
}

TEST_CASE("quorum: a disk that fails ends the controller with the reason", "[quorum]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    machine.disk.faults().sync_error_one_in = 1;
    machine.create("orders");
    REQUIRE(machine.run_until([&] { return machine.process->ended.has_value(); }));
    CHECK(machine.acknowledged.empty());
}

}  // namespace
}  // namespace hw::broker
