#include "broker/quorum/controller_runtime.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/api/alter_configs.h"
#include "broker/api/create_topics.h"
#include "broker/api/delete_topics.h"
#include "broker/api/elect_leaders.h"
#include "broker/api/node_requests.h"
#include "broker/api/partition_requests.h"
#include "broker/api/update_features.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_network.h"
#include "test/support/forbidding.h"
#include "test/support/log_lines.h"
#include "test/support/wire_client.h"
#include "test/unit/config/support.h"
#include "test/unit/quorum/machine.h"

namespace hw::broker {
namespace {

TEST_CASE("quorum: a new cluster finalizes metadata.version 30", "[quorum]") {
    Machine machine(1);
    machine.boot();
    REQUIRE(machine.run_until(
        [&] { return machine.image().feature_level(controller::kMetadataVersionFeature) != 0; }));
    CHECK(machine.image().feature_level(controller::kMetadataVersionFeature) == 30);
}

TEST_CASE("quorum: a new topic is acknowledged when its records are committed, not before",
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

TEST_CASE("quorum: a controller that replays a damaged log ends, and names the file and byte",
          "[quorum][damage]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    const std::string path = std::string(test::kMetadataFolder) + "/00000000000000000000.log";
    const std::string sound = machine.disk.contents(path);
    const std::size_t size = record::parse_batch(as_bytes(sound))->size();
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
        INFO("bit " << bit % 8 << " of byte " << bit / 8);
        machine.process.reset();
        machine.disk.process_kill();
        machine.process.emplace(machine.scheduler, machine.disk, machine.entropy, machine.log);
        const char flipped = static_cast<char>(sound[bit / 8] ^ (1 << (bit % 8)));
        machine.disk.alter(path, bit / 8, {&flipped, 1});
        const auto& process = *machine.process;
        REQUIRE(machine.run_until([&] {
            return process.ended.has_value() || process.runtime.controller().is_leading();
        }));
        REQUIRE(process.ended.has_value());
        CHECK(process.ended->find(path + ", byte 0") != std::string::npos);
        machine.disk.alter(path, bit / 8, {&sound[bit / 8], 1});
    }
}

TEST_CASE("quorum: a controller that follows records of its own process names a damaged file",
          "[quorum][damage]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    const std::string path = std::string(test::kMetadataFolder) + "/00000000000000000000.log";
    const std::size_t before = machine.disk.contents(path).size();
    machine.create("orders");
    auto& process = *machine.process;
    process.runtime.on_resign(process.node->core().epoch());
    REQUIRE(machine.run_until([&] { return machine.disk.contents(path).size() > before; }));
    const char flipped = static_cast<char>(machine.disk.contents(path).back() ^ 1);
    machine.disk.alter(path, machine.disk.contents(path).size() - 1, {&flipped, 1});
    REQUIRE(machine.run_until([&] { return process.ended.has_value(); }));
    INFO(*process.ended);
    CHECK(process.ended->find(path + ": the batch at offset ") != std::string::npos);
}

TEST_CASE("quorum: a broker that sends no heartbeat for its session timeout is fenced",
          "[quorum]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    machine.create("orders");
    REQUIRE(machine.run_until([&] { return !machine.acknowledged.empty(); }));
    CHECK(machine.image().find_live_broker(kBroker) != nullptr);
    CHECK(machine.log.have("broker 1 has registered, with broker epoch"));
    CHECK(machine.log.have("broker 1 is unfenced: it may lead partitions"));
    REQUIRE(
        machine.run_until([&] { return machine.image().find_live_broker(kBroker) == nullptr; }));
    CHECK(machine.log.have("broker 1 has sent no heartbeat for 3000 ms"));
    CHECK(
        machine.log.have("broker 1 is fenced: of the partitions that it led, 0 have another "
                         "leader and 3 have none"));
}

/// Crashes a controller several times and checks that it keeps what it acknowledged. Returns the
/// number of acknowledged topics.
std::size_t crash_often(std::uint64_t seed) {
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
    return machine.acknowledged.size();
}

TEST_CASE("quorum: an acknowledged topic survives any crash", "[quorum]") {
    std::size_t acknowledged = 0;
    for (std::uint64_t seed = 1; seed < 60; ++seed) {
        INFO("seed " << seed);
        acknowledged += crash_often(seed);
    }
    CHECK(acknowledged > 100);
}

class Sink final : public AnswerSink {
public:
    void on_answer() override { answered = true; }
    void on_reject(const Error& reason) override { rejected = reason.message; }

    bool answered = false;
    std::optional<std::string> rejected;
};

/// The APIs of the controller's listener, and a client that sends a request and reads the answer.
struct Apis {
    explicit Apis(Machine& of, bool may_delete = true)
        : machine(of),
          settings(config::settings_of(may_delete ? "" : "delete.topic.enable=false")) {
        using schema::ApiKey;
        ControllerRuntime& runtime = machine.process->runtime;
        dispatcher.add(ApiKey::broker_registration, std::make_unique<BrokerRegistrationHandler>(
                                                        runtime, Logger(log, "controller"), clock));
        dispatcher.add(ApiKey::broker_heartbeat,
                       std::make_unique<BrokerHeartbeatHandler>(runtime, watch));
        dispatcher.add(ApiKey::controller_registration,
                       std::make_unique<ControllerRegistrationHandler>(
                           runtime, Logger(log, "controller"), clock));
        dispatcher.add(ApiKey::allocate_producer_ids,
                       std::make_unique<AllocateProducerIdsHandler>(runtime));
        dispatcher.add(ApiKey::create_topics, std::make_unique<CreateTopicsHandler>(
                                                  runtime, settings, Logger(log, "topics"), clock));
        dispatcher.add(ApiKey::delete_topics,
                       std::make_unique<DeleteTopicsHandler>(runtime, settings));
        dispatcher.add(ApiKey::alter_partition, std::make_unique<AlterPartitionHandler>(runtime));
        dispatcher.add(ApiKey::assign_replicas_to_dirs,
                       std::make_unique<AssignReplicasHandler>(runtime));
        dispatcher.add(ApiKey::incremental_alter_configs,
                       std::make_unique<AlterConfigsHandler>(runtime, settings));
        dispatcher.add(ApiKey::elect_leaders,
                       std::make_unique<ElectLeadersHandler>(runtime, settings));
        dispatcher.add(ApiKey::update_features,
                       std::make_unique<UpdateFeaturesHandler>(runtime, settings));
    }

    /// Sends `request`. Returns the answer as JSON, or the reason if the request is rejected.
    template <class Response, class Request>
    std::string ask(const Request& request, ApiVersion version) {
        const std::string frame = test::request_frame(request, version, CorrelationId(5)).substr(4);
        Buffer buffer(frame.size());
        std::ranges::copy(as_bytes(frame), buffer.data());
        Sink sink;
        const auto exchange = std::make_shared<Exchange>(std::move(buffer), Reservation(), sink);
        exchange->context().listener = &info;
        machine.process->shard.spawn(dispatcher.dispatch(exchange));
        REQUIRE(machine.run_until([&] { return sink.answered || sink.rejected; }));
        if (sink.rejected) {
            return *sink.rejected;
        }
        const schema::ApiInfo& api = *schema::find_api(Request::kKey);
        const std::size_t header = api.response_header_version(version) == ApiVersion(1) ? 9 : 8;
        std::string answer;
        for (const ByteView slice : exchange->answer().slices) {
            answer += as_text(slice);
        }
        Arena arena(1 << 20);
        wire::Reader reader(as_bytes(answer).subspan(header), arena);
        Response response;
        decode(reader, version, response);
        REQUIRE(reader.finish());
        std::string text;
        print(response, version, text);
        return text;
    }

    Machine& machine;
    config::Settings settings;
    sim::SimClock clock{machine.scheduler};
    test::LogLines log;
    sim::SimNetwork network{machine.scheduler, {}};
    BrokerWatch watch{{machine.process->shard, clock, network, Logger(log, "controller")},
                      machine.process->runtime,
                      kNoBroker};
    test::ForbiddingAuthorizer authorizer;
    NoQuotas quotas;
    Dispatcher dispatcher{authorizer, quotas};
    ListenerInfo info{
        .name = "CONTROLLER", .role = ListenerRole::controller, .bound = {}, .advertised = {}};
};

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("quorum: topics are created and deleted in every API version, each with its own error",
          "[quorum][api]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    Apis apis(machine);
    for (std::int16_t version = 2; version <= 7; ++version) {
        const std::string name = "topic-" + std::to_string(version);
        const std::vector<schema::CreateTopicsRequest::Topic> topics{
            {.name = name, .num_partitions = 1, .replication_factor = 1},
            {.name = "no/name", .num_partitions = 1, .replication_factor = 1}};
        schema::CreateTopicsRequest request;
        request.topics = topics;
        const std::string created =
            apis.ask<schema::CreateTopicsResponse>(request, ApiVersion(version));
        INFO(created);
        CHECK(contains(created, "\"name\":\"" + name + "\""));
        CHECK(contains(created, "\"errorCode\":17"));
        CHECK(machine.image().find_topic(name) != nullptr);
    }
    for (std::int16_t version = 1; version <= 6; ++version) {
        const std::string name = "topic-" + std::to_string(version + 1);
        const std::vector<std::string_view> names{name, "", "nothing"};
        const std::vector<schema::DeleteTopicsRequest::Topic> topics{{.name = name}, {.name = ""}};
        schema::DeleteTopicsRequest request;
        if (version < 6) {
            request.topic_names = names;
        } else {
            request.topics = topics;
        }
        const std::string deleted =
            apis.ask<schema::DeleteTopicsResponse>(request, ApiVersion(version));
        INFO(deleted);
        CHECK(contains(deleted, "\"name\":\"" + name + "\""));
        CHECK(machine.image().find_topic(name) == nullptr);
    }
}

TEST_CASE(
    "quorum: compacted topics are created, and one log line warns that they keep every record",
    "[quorum][api]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    Apis apis(machine);
    const schema::CreateTopicsRequest::Config compact{.name = "cleanup.policy", .value = "compact"};
    std::vector<schema::CreateTopicsRequest::Topic> topics;
    for (const std::string_view name : {"first", "second", "no/name"}) {
        topics.push_back(
            {.name = name, .num_partitions = 1, .replication_factor = 1, .configs = {&compact, 1}});
    }
    topics.push_back({.name = "plain", .num_partitions = 1, .replication_factor = 1});
    schema::CreateTopicsRequest request;
    request.topics = topics;
    request.validate_only = true;
    apis.ask<schema::CreateTopicsResponse>(request, ApiVersion(7));
    CHECK(apis.log.lines.empty());
    request.validate_only = false;
    apis.ask<schema::CreateTopicsResponse>(request, ApiVersion(7));
    CHECK(machine.image().find_topic("second") != nullptr);
    REQUIRE(apis.log.lines.size() == 1);
    CHECK(
        apis.log.lines[0] ==
        "topic 'first' is created with cleanup.policy=compact: this version compacts nothing yet; "
        "the topic keeps every record (and 1 more)");
    // A client may create topics as fast as it likes: the log stays readable.
    const schema::CreateTopicsRequest::Config config = compact;
    for (std::uint64_t number = 0; number < 2 * RateLimitedLog::kLines; ++number) {
        const std::string name = "topic-" + std::to_string(number);
        const schema::CreateTopicsRequest::Topic one{
            .name = name, .num_partitions = 1, .replication_factor = 1, .configs = {&config, 1}};
        request.topics = {&one, 1};
        apis.ask<schema::CreateTopicsResponse>(request, ApiVersion(7));
    }
    CHECK(apis.log.lines.size() < 2 * RateLimitedLog::kLines);
}

TEST_CASE("quorum: heartbeats, producer ids and registrations are answered over the wire",
          "[quorum][api]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    Apis apis(machine);
    schema::BrokerHeartbeatRequest heartbeat;
    heartbeat.broker_id = kBroker;
    CHECK(contains(apis.ask<schema::BrokerHeartbeatResponse>(heartbeat, ApiVersion(2)),
                   "\"errorCode\":77"));
    schema::AllocateProducerIdsRequest ids;
    ids.broker_id = kBroker;
    ids.broker_epoch = machine.image().find_broker(kBroker)->epoch;
    CHECK(contains(apis.ask<schema::AllocateProducerIdsResponse>(ids, ApiVersion(0)),
                   "\"producerIdLen\":1000"));
    schema::BrokerRegistrationRequest registration;
    registration.cluster_id = "another";
    CHECK(contains(apis.ask<schema::BrokerRegistrationResponse>(registration, ApiVersion(4)),
                   "\"errorCode\":104"));
    CHECK(contains(apis.ask<schema::ControllerRegistrationResponse>(
                       schema::ControllerRegistrationRequest(), ApiVersion(0)),
                   "\"errorCode\""));
}

TEST_CASE("quorum: a failed sync ends the controller, and nothing is acknowledged", "[quorum]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    machine.disk.faults().sync_error_one_in = 1;
    machine.create("orders");
    REQUIRE(machine.run_until([&] { return machine.process->ended.has_value(); }));
    CHECK(machine.acknowledged.empty());
}

TEST_CASE(
    "quorum: topics that the caller may not create or delete are refused, other topics are not",
    "[quorum][api]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    Apis apis(machine);
    apis.authorizer.forbid(Operation::create, kCluster);
    apis.authorizer.forbid(Operation::create, topic_resource("hidden"));
    const std::vector<schema::CreateTopicsRequest::Topic> topics{
        {.name = "hidden", .num_partitions = 1, .replication_factor = 1},
        {.name = "open", .num_partitions = 1, .replication_factor = 1}};
    schema::CreateTopicsRequest create;
    create.topics = topics;
    const std::string created = apis.ask<schema::CreateTopicsResponse>(create, ApiVersion(7));
    INFO(created);
    CHECK(contains(created, "\"errorCode\":29"));
    CHECK(machine.image().find_topic("hidden") == nullptr);
    const auto* open = machine.image().find_topic("open");
    REQUIRE(open != nullptr);

    apis.authorizer.forbid(Operation::remove, topic_resource("open"));
    const std::vector<std::string_view> names{"open", "nothing"};
    schema::DeleteTopicsRequest by_name;
    by_name.topic_names = names;
    const std::string refused = apis.ask<schema::DeleteTopicsResponse>(by_name, ApiVersion(5));
    INFO(refused);
    CHECK(contains(refused, "\"name\":\"open\",\"errorCode\":29"));
    CHECK(contains(refused, "\"name\":\"nothing\",\"errorCode\":3"));
    const std::vector<schema::DeleteTopicsRequest::Topic> ids{
        {.name = std::string_view(), .topic_id = open->id}};
    schema::DeleteTopicsRequest by_id;
    by_id.topics = ids;
    CHECK(
        contains(apis.ask<schema::DeleteTopicsResponse>(by_id, ApiVersion(6)), "\"errorCode\":29"));
    CHECK(machine.image().find_topic("open") != nullptr);
}

/// A controller with one broker and topic "orders", whose partition 0 that broker leads.
struct LedTopic {
    LedTopic() {
        machine.boot();
        machine.register_broker();
        machine.create("orders");
        REQUIRE(machine.run_until([this] { return !machine.acknowledged.empty(); }));
        id = machine.image().find_topic("orders")->id;
        epoch = machine.image().find_broker(kBroker)->epoch;
    }

    Machine machine{1};
    TopicId id;
    BrokerEpoch epoch;
};

TEST_CASE("quorum: AlterPartition answers with the state of each partition, in both versions",
          "[quorum][api]") {
    using Request = schema::AlterPartitionRequest;
    LedTopic led;
    Apis apis(led.machine);
    const BrokerId member = kBroker;
    const Request::BrokerState state{.broker_id = member, .broker_epoch = led.epoch};
    PartitionEpoch partition_epoch{0};
    for (const std::int16_t version : {std::int16_t{2}, std::int16_t{3}}) {
        std::vector<Request::Partition> partitions{
            {.partition_index = PartitionIndex(0), .partition_epoch = partition_epoch},
            {.partition_index = PartitionIndex(7)}};
        if (version == 2) {
            partitions[0].new_isr = {&member, 1};
        } else {
            partitions[0].new_isr_with_epochs = {&state, 1};
        }
        const std::vector<Request::Topic> topics{
            {.topic_id = led.id, .partitions = std::span<const Request::Partition>(partitions)}};
        Request request{.broker_id = member, .broker_epoch = led.epoch};
        request.topics = topics;
        const std::string answer =
            apis.ask<schema::AlterPartitionResponse>(request, ApiVersion(version));
        ++partition_epoch;
        INFO(answer);
        CHECK(contains(answer, "\"partitionIndex\":0,\"errorCode\":0,\"leaderId\":1"));
        CHECK(contains(answer, "\"isr\":[1]"));
        CHECK(contains(answer, "\"partitionIndex\":7,\"errorCode\":3"));
        request.broker_epoch = BrokerEpoch(-1);
        CHECK(contains(apis.ask<schema::AlterPartitionResponse>(request, ApiVersion(version)),
                       "\"errorCode\":77"));
    }
}

TEST_CASE("quorum: AssignReplicasToDirs answers for each directory, topic and partition",
          "[quorum][api]") {
    using Request = schema::AssignReplicasToDirsRequest;
    LedTopic led;
    Apis apis(led.machine);
    const std::vector<Request::Partition> partitions{{PartitionIndex(0)}, {PartitionIndex(7)}};
    const std::vector<Request::Topic> topics{
        {led.id, std::span<const Request::Partition>(partitions)},
        {TopicId(Uuid{9, 9}), std::span<const Request::Partition>(partitions).first(1)}};
    const std::vector<Request::Directory> directories{
        {DirectoryId(Uuid{7, 7}), std::span<const Request::Topic>(topics)},
        {controller::kLostDirectory, std::span<const Request::Topic>(topics).first(1)}};
    Request request{.broker_id = kBroker, .broker_epoch = led.epoch};
    request.directories = directories;
    const std::string answer =
        apis.ask<schema::AssignReplicasToDirsResponse>(request, ApiVersion(0));
    INFO(answer);
    const std::string both =
        "\"partitions\":[{\"partitionIndex\":0,\"errorCode\":0},"
        "{\"partitionIndex\":7,\"errorCode\":3}]";
    CHECK(answer.find(both) != answer.rfind(both));
    CHECK(contains(answer, "\"partitions\":[{\"partitionIndex\":0,\"errorCode\":100}]"));
    CHECK(led.machine.image().topic_table().led_by(kNoBroker).size() == 1);
}

TEST_CASE("quorum: ElectLeaders needs the permission to alter the cluster", "[quorum][api]") {
    using Request = schema::ElectLeadersRequest;
    LedTopic led;
    Apis apis(led.machine);
    const std::vector<PartitionIndex> partitions{PartitionIndex(0), PartitionIndex(7)};
    const Request::TopicPartitions topic{.topic = "orders",
                                         .partitions = std::span<const PartitionIndex>(partitions)};
    Request request;
    request.topic_partitions = {&topic, 1};
    for (std::int16_t version = 0; version <= 2; ++version) {
        const std::string answer =
            apis.ask<schema::ElectLeadersResponse>(request, ApiVersion(version));
        INFO(answer);
        CHECK(contains(answer, "\"partitionId\":0,\"errorCode\":84"));
        CHECK(contains(answer, "\"partitionId\":7,\"errorCode\":3"));
    }
    apis.authorizer.forbid(Operation::alter, kCluster);
    CHECK(contains(apis.ask<schema::ElectLeadersResponse>(request, ApiVersion(2)),
                   "\"partitionId\":0,\"errorCode\":31"));
}

TEST_CASE("quorum: features are updated by those who may alter the cluster, in every version",
          "[quorum][api]") {
    using Request = schema::UpdateFeaturesRequest;
    Machine machine(1);
    machine.boot();
    Apis apis(machine);
    for (std::int16_t version = 0; version <= 2; ++version) {
        const bool is_raise = version % 2 == 0;
        Request::FeatureUpdate update{.feature = "group.version",
                                      .max_version_level = std::int16_t{is_raise}};
        if (!is_raise) {
            update.upgrade_type = 2;
        }
        Request request;
        request.feature_updates = {&update, 1};
        const std::string answer =
            apis.ask<schema::UpdateFeaturesResponse>(request, ApiVersion(version));
        INFO(answer);
        CHECK(contains(answer, "\"errorCode\":0,\"errorMessage\":null"));
        CHECK(contains(answer, "\"feature\":\"group.version\"") == (version < 2));
        CHECK(machine.image().feature_level("group.version") == std::int16_t{is_raise});
    }
    const Request::FeatureUpdate update{.feature = "group.version", .max_version_level = 2};
    Request request;
    request.feature_updates = {&update, 1};
    const std::string refused = apis.ask<schema::UpdateFeaturesResponse>(request, ApiVersion(1));
    CHECK(contains(refused, "\"errorCode\":95,\"errorMessage\":\"feature group.version cannot be"));
    CHECK(contains(refused, "\"results\":[]"));
    apis.authorizer.forbid(Operation::alter, kCluster);
    CHECK(contains(apis.ask<schema::UpdateFeaturesResponse>(request, ApiVersion(2)),
                   "\"errorCode\":31"));
}

TEST_CASE("quorum: configs of a topic are altered by those who may, in every version",
          "[quorum][api]") {
    using Request = schema::IncrementalAlterConfigsRequest;
    LedTopic led;
    Apis apis(led.machine);
    const Request::Config config{.name = "retention.ms", .config_operation = 0, .value = "7"};
    const std::vector<Request::Resource> resources{
        {.resource_type = 2, .resource_name = "orders", .configs = {&config, 1}},
        {.resource_type = 4, .resource_name = "1", .configs = {&config, 1}}};
    Request request;
    request.resources = resources;
    for (std::int16_t version = 0; version <= 1; ++version) {
        const std::string answer =
            apis.ask<schema::IncrementalAlterConfigsResponse>(request, ApiVersion(version));
        INFO(answer);
        CHECK(contains(answer,
                       "{\"errorCode\":0,\"errorMessage\":null,\"resourceType\":2,"
                       "\"resourceName\":\"orders\"}"));
        CHECK(contains(answer, "\"errorCode\":42"));
    }
    const controller::ConfigResource orders{controller::ConfigResourceType::topic, "orders"};
    REQUIRE(led.machine.image().find_configs(orders) != nullptr);
    CHECK(led.machine.image().find_configs(orders)->at("retention.ms") == "7");
    apis.authorizer.forbid(Operation::alter_configs, topic_resource("orders"));
    CHECK(contains(apis.ask<schema::IncrementalAlterConfigsResponse>(request, ApiVersion(1)),
                   "\"errorCode\":29"));
    apis.authorizer.forbid(Operation::alter_configs, kCluster);
    CHECK(contains(apis.ask<schema::IncrementalAlterConfigsResponse>(request, ApiVersion(1)),
                   "\"errorCode\":31"));
}

TEST_CASE("quorum: configs of a group are altered by those who may", "[quorum][api]") {
    using Request = schema::IncrementalAlterConfigsRequest;
    LedTopic led;
    Apis apis(led.machine);
    const Request::Config config{
        .name = "consumer.heartbeat.interval.ms", .config_operation = 0, .value = "2000"};
    const Request::Resource resource{
        .resource_type = 32, .resource_name = "billing", .configs = {&config, 1}};
    Request request;
    request.resources = {&resource, 1};
    CHECK(contains(apis.ask<schema::IncrementalAlterConfigsResponse>(request, ApiVersion(1)),
                   "{\"errorCode\":0,\"errorMessage\":null,\"resourceType\":32,"
                   "\"resourceName\":\"billing\"}"));
    const controller::ConfigResource billing{controller::ConfigResourceType::group, "billing"};
    REQUIRE(led.machine.image().find_configs(billing) != nullptr);
    CHECK(led.machine.image().find_configs(billing)->at("consumer.heartbeat.interval.ms") ==
          "2000");
    apis.authorizer.forbid(Operation::alter_configs, {ResourceType::group, "billing"});
    CHECK(contains(apis.ask<schema::IncrementalAlterConfigsResponse>(request, ApiVersion(1)),
                   "\"errorCode\":30"));
}

TEST_CASE("quorum: delete.topic.enable=false refuses every deletion", "[quorum][api]") {
    Machine machine(1);
    machine.boot();
    machine.register_broker();
    machine.create("orders");
    REQUIRE(machine.run_until([&] { return !machine.acknowledged.empty(); }));
    Apis apis(machine, false);
    const std::string_view name = "orders";
    schema::DeleteTopicsRequest request;
    request.topic_names = {&name, 1};
    const auto version = GENERATE(range(std::int16_t{1}, std::int16_t{6}));
    const std::string answer = apis.ask<schema::DeleteTopicsResponse>(request, ApiVersion(version));
    CHECK(contains(answer, version < 3 ? "\"errorCode\":42" : "\"errorCode\":73"));
    CHECK(machine.image().find_topic("orders") != nullptr);
}

TEST_CASE("quorum: requests that only cluster members may send are refused to others",
          "[quorum][api]") {
    Machine machine(1);
    machine.boot();
    Apis apis(machine);
    apis.authorizer.forbid(Operation::cluster_action, kCluster);
    CHECK(contains(
        apis.ask<schema::BrokerHeartbeatResponse>(schema::BrokerHeartbeatRequest(), ApiVersion(1)),
        "\"errorCode\":31"));
    CHECK(contains(apis.ask<schema::AllocateProducerIdsResponse>(
                       schema::AllocateProducerIdsRequest(), ApiVersion(0)),
                   "\"errorCode\":31"));
    CHECK(contains(apis.ask<schema::BrokerRegistrationResponse>(schema::BrokerRegistrationRequest(),
                                                                ApiVersion(4)),
                   "\"errorCode\":31"));
    CHECK(contains(apis.ask<schema::ControllerRegistrationResponse>(
                       schema::ControllerRegistrationRequest(), ApiVersion(0)),
                   "\"errorCode\":31"));
    CHECK(contains(
        apis.ask<schema::AlterPartitionResponse>(schema::AlterPartitionRequest(), ApiVersion(3)),
        "\"errorCode\":31"));
    CHECK(contains(apis.ask<schema::AssignReplicasToDirsResponse>(
                       schema::AssignReplicasToDirsRequest(), ApiVersion(0)),
                   "\"errorCode\":31"));
    CHECK(machine.image().controllers().empty());
}

}  // namespace
}  // namespace hw::broker
