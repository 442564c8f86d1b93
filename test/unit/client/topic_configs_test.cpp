#include "tools/client/topic_configs.h"

#include <array>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/schema/api/describe_configs.h"
#include "protocol/schema/api/incremental_alter_configs.h"
#include "test/support/scripted_broker.h"

namespace hw::client {
namespace {

using schema::DescribeConfigsResponse;
using schema::IncrementalAlterConfigsRequest;
using schema::IncrementalAlterConfigsResponse;

constexpr std::int8_t kOfTopic = 1;
constexpr std::int8_t kOfDefault = 5;

/// The description of topic "t", whose min.insync.replicas has this value and source.
std::string description(const ScriptedRequest& request, std::string_view value,
                        std::int8_t source) {
    const std::array configs{DescribeConfigsResponse::Config{
        .name = "min.insync.replicas", .value = value, .config_source = source}};
    const std::array results{DescribeConfigsResponse::Resource{.error_code = wire::ErrorCode::none,
                                                               .error_message = {},
                                                               .resource_type = 2,
                                                               .resource_name = "t",
                                                               .configs = configs}};
    DescribeConfigsResponse response;
    response.results = results;
    return request.answer(response);
}

std::string altered(const ScriptedRequest& request, wire::ErrorCode error,
                    std::string_view message = {}) {
    const std::array responses{IncrementalAlterConfigsResponse::Resource{
        .error_code = error, .error_message = message, .resource_type = 2, .resource_name = "t"}};
    IncrementalAlterConfigsResponse response;
    response.responses = responses;
    return request.answer(response);
}

Client connected_to(const ScriptedBroker& broker, Milliseconds timeout = Milliseconds(15000)) {
    auto client = Client::connect({.servers = {broker.address()}, .timeout = timeout});
    REQUIRE(client);
    return std::move(*client);
}

bool is_alteration(const ScriptedRequest& request) {
    return request.header.request_api_key == schema::ApiKey::incremental_alter_configs;
}

const ConfigChange kSetTo2{"min.insync.replicas", "2"};
const ConfigChange kReset{"min.insync.replicas", std::nullopt};

TEST_CASE("topic configs: a key of the topic itself and a default are told apart", "[client]") {
    const std::int8_t source = GENERATE(kOfTopic, kOfDefault);
    const ScriptedBroker broker([&](const ScriptedRequest& request, const config::Address&) {
        return description(request, "2", source);
    });
    Client client = connected_to(broker);
    const std::array<std::string, 1> topics{"t"};
    const auto described = describe_topic_keys(client, topics);
    REQUIRE(described);
    REQUIRE(described->size() == 1);
    REQUIRE(described->front().keys);
    CHECK(described->front().keys->front() ==
          TopicKey{"min.insync.replicas", "2", source == kOfTopic});
}

TEST_CASE("topic configs: an alteration waits until the broker shows it", "[client]") {
    int looks = 0;
    const ConfigChange change = GENERATE(kSetTo2, kReset);
    const std::int8_t before = change.value ? kOfDefault : kOfTopic;
    const std::int8_t after = change.value ? kOfTopic : kOfDefault;
    std::int8_t operation = -1;
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address&) {
        if (!is_alteration(request)) {
            return description(request, "2", looks++ < 2 ? before : after);
        }
        Arena arena(1 << 16);
        const auto asked = request.decoded<IncrementalAlterConfigsRequest>(arena);
        operation = asked.resources[0].configs[0].config_operation;
        return altered(request, wire::ErrorCode::none);
    });
    Client client = connected_to(*broker);
    const auto outcomes = alter_topics(client, {.topics = {"t"}, .changes = {change}});
    broker.reset();
    REQUIRE(outcomes);
    REQUIRE(outcomes->size() == 1);
    CHECK(outcomes->front().result);
    CHECK(outcomes->front().is_shown);
    CHECK(operation == (change.value ? 0 : 1));
    CHECK(looks == 3);
}

TEST_CASE("topic configs: a change that the broker does not show in time is done all the same",
          "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address&) {
        return is_alteration(request) ? altered(request, wire::ErrorCode::none)
                                      : description(request, "1", kOfDefault);
    });
    Client client = connected_to(broker, Milliseconds(50));
    const auto outcomes = alter_topics(client, {.topics = {"t"}, .changes = {kSetTo2}});
    REQUIRE(outcomes);
    CHECK(outcomes->front().result);
    CHECK_FALSE(outcomes->front().is_shown);
}

TEST_CASE("topic configs: a dry run asks only for the check", "[client]") {
    bool is_check_only = false;
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address&) {
        Arena arena(1 << 16);
        is_check_only = request.decoded<IncrementalAlterConfigsRequest>(arena).validate_only;
        return altered(request, wire::ErrorCode::none);
    });
    Client client = connected_to(*broker);
    const auto outcomes =
        alter_topics(client, {.topics = {"t"}, .changes = {kSetTo2}, .is_dry_run = true});
    broker.reset();
    REQUIRE(outcomes);
    CHECK(is_check_only);
}

TEST_CASE("topic configs: a refusal has the sentence of the broker", "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address&) {
        return altered(request, wire::ErrorCode::invalid_config, "that is wrong");
    });
    Client client = connected_to(broker);
    const auto outcomes = alter_topics(client, {.topics = {"t"}, .changes = {kSetTo2}});
    REQUIRE(outcomes);
    REQUIRE_FALSE(outcomes->front().result);
    CHECK(outcomes->front().result.error().kind == ErrorKind::invalid);
    CHECK(outcomes->front().result.error().message == "topic 't': INVALID_CONFIG: that is wrong");
}

}  // namespace
}  // namespace hw::client
