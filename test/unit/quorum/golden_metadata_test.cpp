#include <string>
#include <vector>

#include "test/support/golden_folder.h"
#include "test/unit/quorum/machine.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;

void register_controller(Machine& machine) {
    using Request = schema::ControllerRegistrationRequest;
    const Request::Listener listener{
        .name = "CONTROLLER", .host = "localhost", .port = 9093, .security_protocol = 0};
    const std::vector<Request::Feature> features{
        {.name = "highwater.durable", .min_supported_version = 0, .max_supported_version = 1},
        {.name = "metadata.version", .min_supported_version = 7, .max_supported_version = 33}};
    Request request;
    request.controller_id = kBroker;
    request.incarnation_id = IncarnationId(Uuid{machine.ids.next(), 1});
    request.listeners = {&listener, 1};
    request.features = features;
    const auto answer = machine.ask<controller::ControllerRegistrationResult>(request);
    REQUIRE(answer.refusal.code == ErrorCode::none);
}

/// Creates so many partitions that the indexes of the log get entries.
void create_topics(Machine& machine) {
    using Request = schema::CreateTopicsRequest;
    const std::vector<Request::Config> configs{{.name = "cleanup.policy", .value = "compact"},
                                               {.name = "highwater.durability", .value = "memory"}};
    std::vector<Request::Topic> topics(2);
    topics[0] = {.name = "orders", .num_partitions = 3, .replication_factor = 1};
    topics[1] = {
        .name = "audit", .num_partitions = 30, .replication_factor = 1, .configs = configs};
    Request request;
    request.topics = topics;
    const auto answer = machine.ask<controller::CreateTopicsResult>(request);
    REQUIRE(answer.topics.size() == 2);
    for (const auto& topic : answer.topics) {
        REQUIRE(topic.refusal.code == ErrorCode::none);
    }
}

void allocate_producer_ids(Machine& machine) {
    schema::AllocateProducerIdsRequest request;
    request.broker_id = kBroker;
    request.broker_epoch = machine.image().find_broker(kBroker)->epoch;
    const auto answer = machine.ask<controller::ProducerIdsResult>(request);
    REQUIRE(answer.refusal.code == ErrorCode::none);
}

void delete_topic(Machine& machine, std::string_view name) {
    const schema::DeleteTopicsRequest::Topic topic{.name = name};
    schema::DeleteTopicsRequest request;
    request.topics = {&topic, 1};
    const auto answer = machine.ask<controller::DeleteTopicsResult>(request);
    REQUIRE(answer.topics[0].refusal.code == ErrorCode::none);
}

/// Starts a controlled shutdown, in which the broker gives up its leaderships.
void begin_shutdown(Machine& machine) {
    schema::BrokerHeartbeatRequest request;
    request.broker_id = kBroker;
    request.broker_epoch = machine.image().find_broker(kBroker)->epoch;
    request.want_shut_down = true;
    const auto answer = machine.ask<controller::BrokerHeartbeatResult>(request);
    REQUIRE(answer.refusal.code == ErrorCode::none);
}

TEST_CASE("golden: the metadata log has the bytes that Kafka's dump tool read without complaint",
          "[quorum][golden]") {
    Machine machine(1);
    machine.boot();
    register_controller(machine);
    machine.register_broker();
    create_topics(machine);
    allocate_producer_ids(machine);
    delete_topic(machine, "audit");
    begin_shutdown(machine);
    machine.process.reset();
    machine.disk.process_kill();
    machine.boot();
    register_controller(machine);
    machine.register_broker();
    REQUIRE(machine.process->node->closing_log().log->close().has_value());
    test::check_golden_folder(machine.disk, test::kMetadataFolder, "__cluster_metadata-0");
}

}  // namespace
}  // namespace hw::broker
