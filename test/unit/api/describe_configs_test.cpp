#include "broker/api/describe_configs.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "config/describe.h"
#include "test/unit/api/handler_world.h"
#include "test/unit/config/support.h"

namespace hw::broker {
namespace {

using schema::DescribeConfigsRequest;
using schema::DescribeConfigsResponse;
using wire::ErrorCode;

using Resource = DescribeConfigsRequest::Resource;

constexpr std::int8_t kTopic = 2;
constexpr std::int8_t kBroker = 4;
constexpr std::int8_t kGroup = 32;
constexpr ApiVersion kNewest{4};

/// Asks for all keys of a resource.
Resource all_of(std::int8_t type, std::string_view name) {
    return {.resource_type = type,
            .resource_name = name,
            .configuration_keys = wire::Array<std::string_view>::null()};
}

struct World : HandlerWorld {
    wire::DecodedMessage<DescribeConfigsResponse> ask(const std::vector<Resource>& resources,
                                                      ApiVersion version = kNewest) {
        request.resources = resources;
        return HandlerWorld::ask<DescribeConfigsResponse>(handler, request, version);
    }
    ErrorCode code_for(const Resource& resource) { return ask({resource})->results[0].error_code; }

    config::Settings settings = config::settings_of(
        "message.max.bytes=2000\nnum.partitions=4\nssl.keystore.password=hunter2");
    DescribeConfigsHandler handler{services, settings};
    DescribeConfigsRequest request;
};

const DescribeConfigsResponse::Config& find(const DescribeConfigsResponse& response,
                                            std::string_view name) {
    REQUIRE(response.results.size() == 1);
    const auto& configs = response.results[0].configs;
    const auto* found = std::ranges::find(configs, name, &DescribeConfigsResponse::Config::name);
    REQUIRE(found != configs.end());
    return *found;
}

TEST_CASE("describe configs: a topic shows its keys with value and source, in every version",
          "[api][describe-configs]") {
    World world;
    world.add_topic("orders", {BrokerId(1), BrokerId(2), BrokerId(3)});
    world.image.set_configs({controller::ConfigResourceType::topic, "orders"},
                            {{"segment.ms", "60000"}});
    for (const ApiVersion version : versions_of<DescribeConfigsRequest>()) {
        const auto answer = world.ask({all_of(kTopic, "orders")}, version);
        REQUIRE(answer->results.size() == 1);
        CHECK(answer->results[0].error_code == ErrorCode::none);
        CHECK(wire::is_null(answer->results[0].error_message));
        CHECK(answer->results[0].resource_type == kTopic);
        CHECK(answer->results[0].resource_name == "orders");
        CHECK(find(*answer, "segment.ms").value == "60000");
        CHECK(find(*answer, "segment.ms").config_source == 1);
        CHECK(find(*answer, "max.message.bytes").value == "2000");
        CHECK(find(*answer, "max.message.bytes").config_source == 4);
        CHECK(find(*answer, "min.insync.replicas").value == "2");
        CHECK(find(*answer, "min.insync.replicas").config_source == 5);
        const bool has_types = version >= ApiVersion(3);
        CHECK(find(*answer, "segment.ms").config_type == (has_types ? 5 : 0));
    }
}

TEST_CASE("describe configs: only the requested keys are described; an empty list means all keys",
          "[api][describe-configs]") {
    World world;
    world.add_topic("orders");
    const std::vector<std::string_view> names{"segment.ms", "no.such.key"};
    Resource resource = all_of(kTopic, "orders");
    resource.configuration_keys = names;
    const auto answer = world.ask({resource});
    REQUIRE(answer->results[0].configs.size() == 1);
    CHECK(answer->results[0].configs[0].name == "segment.ms");
    resource.configuration_keys = {};
    CHECK(world.ask({resource})->results[0].configs.size() ==
          config::describe_topic({}, world.settings, 1).size());
}

TEST_CASE("describe configs: synonyms and documentation are included if the request asks for them",
          "[api][describe-configs]") {
    World world;
    world.add_topic("orders");
    const auto bare = world.ask({all_of(kTopic, "orders")});
    CHECK(find(*bare, "max.message.bytes").synonyms.empty());
    CHECK(wire::is_null(find(*bare, "max.message.bytes").documentation));
    world.request.include_synonyms = true;
    world.request.include_documentation = true;
    const auto full = world.ask({all_of(kTopic, "orders")});
    const auto& config = find(*full, "max.message.bytes");
    REQUIRE(config.synonyms.size() == 2);
    CHECK(config.synonyms[0].name == "message.max.bytes");
    CHECK(config.synonyms[0].value == "2000");
    CHECK(config.synonyms[0].source == 4);
    CHECK(config.synonyms[1].value == "1048588");
    CHECK(config.synonyms[1].source == 5);
    CHECK(config.documentation == "Largest record batch that is accepted, after compression.");
}

TEST_CASE(
    "describe configs: a group shows its keys with value and source, also if it does not exist",
    "[api][describe-configs]") {
    World world;
    world.image.set_configs({controller::ConfigResourceType::group, "billing"},
                            {{"consumer.heartbeat.interval.ms", "2000"}});
    world.request.include_synonyms = true;
    const auto answer = world.ask({all_of(kGroup, "billing")});
    REQUIRE(answer->results.size() == 1);
    CHECK(answer->results[0].error_code == ErrorCode::none);
    CHECK(answer->results[0].configs.size() == config::describe_group({}, world.settings).size());
    const auto& own = find(*answer, "consumer.heartbeat.interval.ms");
    CHECK(own.value == "2000");
    CHECK(own.config_source == 8);
    CHECK_FALSE(own.read_only);
    REQUIRE(own.synonyms.size() == 2);
    CHECK(own.synonyms[0].source == 8);
    CHECK(own.synonyms[1].name == "group.consumer.heartbeat.interval.ms");
    CHECK(find(*answer, "consumer.session.timeout.ms").value == "45000");
    CHECK(find(*answer, "consumer.session.timeout.ms").config_source == 5);
    CHECK(wire::is_null(find(*answer, "streams.assignor.name").value));

    const auto other = world.ask({all_of(kGroup, "other")});
    CHECK(find(*other, "consumer.heartbeat.interval.ms").value == "1000");
    const auto unnamed = world.ask({all_of(kGroup, "")});
    CHECK(unnamed->results[0].error_code == ErrorCode::invalid_request);
    CHECK(unnamed->results[0].error_message == "the name of the group is empty");
}

TEST_CASE("describe configs: a broker describes its own keys, without the values of secrets",
          "[api][describe-configs]") {
    World world;
    world.request.include_synonyms = true;
    const auto answer = world.ask({all_of(kBroker, "1")});
    CHECK(answer->results[0].configs.size() == config::describe_broker(world.settings).size());
    const auto& partitions = find(*answer, "num.partitions");
    CHECK(partitions.value == "4");
    CHECK(partitions.config_source == 4);
    CHECK(partitions.read_only);
    CHECK_FALSE(partitions.is_sensitive);
    CHECK_FALSE(find(*answer, "message.max.bytes").read_only);
    const auto& secret = find(*answer, "ssl.keystore.password");
    CHECK(wire::is_null(secret.value));
    CHECK(secret.is_sensitive);
    REQUIRE(secret.synonyms.size() == 1);
    CHECK(wire::is_null(secret.synonyms[0].value));
    CHECK(wire::is_null(find(*answer, "log.dirs").value));
}

TEST_CASE("describe configs: the default for all brokers, which has an empty name, has no configs",
          "[api][describe-configs]") {
    World world;
    const auto answer = world.ask({all_of(kBroker, "")});
    CHECK(answer->results[0].error_code == ErrorCode::none);
    CHECK(answer->results[0].configs.empty());
}

TEST_CASE("describe configs: a request for the configs of another broker is refused",
          "[api][describe-configs]") {
    World world;
    const auto answer = world.ask({all_of(kBroker, "2")});
    CHECK(answer->results[0].error_code == ErrorCode::invalid_request);
    CHECK(answer->results[0].error_message ==
          "this is node 1, which does not have the configs of node 2. Ask that node");
    CHECK(world.code_for(all_of(kBroker, "one")) == ErrorCode::invalid_request);
    CHECK(world.code_for(all_of(kBroker, "1x")) == ErrorCode::invalid_request);
}

TEST_CASE(
    "describe configs: an unknown or invalid topic, or an unsupported type, does not affect other "
    "resources",
    "[api][describe-configs]") {
    World world;
    world.add_topic("orders");
    const std::int8_t type =
        GENERATE(std::int8_t{0}, std::int8_t{8}, std::int8_t{16}, std::int8_t{99});
    const auto answer = world.ask({all_of(kTopic, "nothing"), all_of(kTopic, "a/b"),
                                   all_of(type, "orders"), all_of(kTopic, "orders")});
    REQUIRE(answer->results.size() == 4);
    CHECK(answer->results[0].error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(answer->results[0].error_message == "there is no topic 'nothing'");
    CHECK(answer->results[1].error_code == ErrorCode::invalid_topic_exception);
    CHECK(answer->results[2].error_code == ErrorCode::invalid_request);
    CHECK_FALSE(answer->results[2].error_message.empty());
    CHECK(answer->results[2].resource_type == type);
    CHECK(answer->results[3].error_code == ErrorCode::none);
}

TEST_CASE("describe configs: a resource that is named twice is described once, then refused",
          "[api][describe-configs]") {
    World world;
    const auto answer = world.ask({all_of(kBroker, "1"), all_of(kBroker, "1")});
    CHECK(answer->results[0].error_code == ErrorCode::none);
    CHECK(answer->results[1].error_code == ErrorCode::invalid_request);
    CHECK(answer->results[1].configs.empty());
}

TEST_CASE(
    "describe configs: a resource that the caller may not describe is refused, whether it exists "
    "or not",
    "[api][describe-configs]") {
    World world;
    world.add_topic("orders");
    world.add_topic("audit");
    for (const char* name : {"orders", "missing"}) {
        world.authorizer.forbid(Operation::describe_configs, topic_resource(name));
    }
    world.authorizer.forbid(Operation::describe_configs, kCluster);
    world.authorizer.forbid(Operation::describe_configs, {ResourceType::group, "billing"});
    CHECK(world.code_for(all_of(kGroup, "billing")) == ErrorCode::group_authorization_failed);
    CHECK(world.code_for(all_of(kGroup, "other")) == ErrorCode::none);
    CHECK(world.code_for(all_of(kTopic, "orders")) == ErrorCode::topic_authorization_failed);
    CHECK(world.code_for(all_of(kTopic, "missing")) == ErrorCode::topic_authorization_failed);
    CHECK(world.code_for(all_of(kTopic, "audit")) == ErrorCode::none);
    CHECK(world.code_for(all_of(kBroker, "1")) == ErrorCode::cluster_authorization_failed);
}

}  // namespace
}  // namespace hw::broker
