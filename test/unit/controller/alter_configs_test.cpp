#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using Request = schema::IncrementalAlterConfigsRequest;
using wire::ErrorCode;

constexpr std::int8_t kTopic = 2;
constexpr std::int8_t kGroup = 32;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;
constexpr std::int8_t kAppend = 2;
constexpr std::int8_t kSubtract = 3;

/// Brokers 1 to 3; "orders" is on 1 and 2.
World cluster() {
    World world;
    world.lead();
    world.commit();
    world.start_brokers(3);
    world.create_on("orders", {{1, 2}});
    return world;
}

Refusal alter(World& world, const std::vector<Request::Config>& configs,
              std::string_view name = "orders", std::int8_t type = kTopic) {
    const Request::Resource resource{.resource_type = type,
                                     .resource_name = name,
                                     .configs = std::span<const Request::Config>(configs)};
    const auto result = world.call<AlterConfigsResult>(Request{.resources = {&resource, 1}});
    REQUIRE(result.resources.size() == 1);
    CHECK(result.resources[0].type == type);
    CHECK(result.resources[0].name == name);
    return result.resources[0].refusal;
}

ConfigValues values(const World& world, const ConfigResource& resource = {.name = "orders"}) {
    const ConfigValues* found = world.image().find_configs(resource);
    return found == nullptr ? ConfigValues() : *found;
}

TEST_CASE("alter configs: values are set and deleted one by one", "[controller]") {
    World world = cluster();
    CHECK(alter(world, {{"retention.ms", kSet, "7"}, {"min.insync.replicas", kSet, "2"}}).code ==
          ErrorCode::none);
    CHECK(values(world) == ConfigValues{{"min.insync.replicas", "2"}, {"retention.ms", "7"}});
    CHECK(alter(world, {{"retention.ms", kDelete, std::string_view()}}).code == ErrorCode::none);
    CHECK(values(world) == ConfigValues{{"min.insync.replicas", "2"}});
    const Offset end = world.end();
    CHECK(alter(world,
                {{"retention.ms", kDelete, std::string_view()}, {"min.insync.replicas", kSet, "2"}})
              .code == ErrorCode::none);
    CHECK(world.end() == end);
}

TEST_CASE("alter configs: items are added to and removed from a list, beginning with its default",
          "[controller]") {
    World world = cluster();
    CHECK(alter(world, {{"cleanup.policy", kAppend, "compact,delete"}}).code == ErrorCode::none);
    CHECK(values(world).at("cleanup.policy") == "delete,compact");
    CHECK(alter(world, {{"cleanup.policy", kSubtract, " delete , other"}}).code == ErrorCode::none);
    CHECK(values(world).at("cleanup.policy") == "compact");
}

struct Case {
    const char* name;
    ErrorCode error;
    std::vector<Request::Config> configs;
};

TEST_CASE("alter configs: each refusal has Kafka's error, and no config of the topic changes",
          "[controller]") {
    const std::vector<Case> cases{
        {"an unknown name", ErrorCode::invalid_config, {{"no.such", kSet, "1"}}},
        {"an invalid value", ErrorCode::invalid_config, {{"retention.ms", kSet, "x"}}},
        {"no value", ErrorCode::invalid_request, {{"retention.ms", kSet, std::string_view()}}},
        {"an unknown operation", ErrorCode::invalid_request, {{"retention.ms", 4, "1"}}},
        {"an append to a number", ErrorCode::invalid_config, {{"retention.ms", kAppend, "1"}}},
        {"a change that is not allowed", ErrorCode::invalid_config, {{"segment.bytes", kSet, "4"}}},
        {"a config twice",
         ErrorCode::invalid_request,
         {{"segment.bytes", kSet, "6"}, {"segment.bytes", kDelete, std::string_view()}}},
    };
    World world = cluster();
    REQUIRE(alter(world, {{"segment.bytes", kSet, "5"}}).code == ErrorCode::none);
    for (const Case& row : cases) {
        INFO(row.name);
        std::vector<Request::Config> configs = row.configs;
        configs.insert(configs.begin(), {"min.insync.replicas", kSet, "2"});
        CHECK(alter(world, configs).code == row.error);
        CHECK(values(world) == ConfigValues{{"segment.bytes", "5"}});
    }
    CHECK(alter(world, {}, "others").code == ErrorCode::unknown_topic_or_partition);
    const Refusal other = alter(world, {}, "1", 4);
    CHECK(other.code == ErrorCode::invalid_request);
    CHECK(other.message ==
          "configs of resource type 4 cannot be changed yet, only those of topics, type 2, and "
          "groups, type 32");
    CHECK(alter(world, {}, "1", 3).code == ErrorCode::unsupported_version);
}

TEST_CASE("alter configs: a group has configs, whether it exists or not", "[controller]") {
    World world = cluster();
    const ConfigResource billing{ConfigResourceType::group, "billing"};
    const Offset end = world.end();
    CHECK(alter(world, {{"session.ms", kSet, "7"}}, "billing", kGroup).code == ErrorCode::none);
    CHECK(values(world, billing) == ConfigValues{{"session.ms", "7"}});
    REQUIRE(world.records(end).size() == 1);
    CHECK(world.records(end)[0].find("\"resourceType\":32") != std::string::npos);
    CHECK(world.replay() == text_of(world.image()));

    CHECK(alter(world, {{"session.ms", kDelete, std::string_view()}}, "billing", kGroup).code ==
          ErrorCode::none);
    CHECK(values(world, billing).empty());
    CHECK(world.image().find_configs(billing) == nullptr);
    CHECK(world.replay() == text_of(world.image()));
}

TEST_CASE("alter configs: a topic and a group of the same name have configs of their own",
          "[controller]") {
    World world = cluster();
    CHECK(alter(world, {{"session.ms", kSet, "7"}}, "orders", kGroup).code == ErrorCode::none);
    CHECK(alter(world, {{"retention.ms", kSet, "8"}}).code == ErrorCode::none);
    CHECK(values(world) == ConfigValues{{"retention.ms", "8"}});
    world.remove({"orders"});
    CHECK(values(world, {ConfigResourceType::group, "orders"}) ==
          ConfigValues{{"session.ms", "7"}});
}

TEST_CASE("alter configs: wrong configs of a group are refused", "[controller]") {
    World world = cluster();
    const Refusal unnamed = alter(world, {{"session.ms", kSet, "7"}}, "", kGroup);
    CHECK(unnamed.code == ErrorCode::invalid_request);
    CHECK(unnamed.message ==
          "the name of the group is empty; the defaults of all groups are in the configuration of "
          "the brokers");
    CHECK(alter(world, {{"retention.ms", kSet, "7"}}, "billing", kGroup).code ==
          ErrorCode::invalid_config);
    CHECK(alter(world, {{"session.ms", kSet, "x"}}, "billing", kGroup).code ==
          ErrorCode::invalid_config);
    CHECK(alter(world, {{"session.ms", kAppend, "7"}}, "billing", kGroup).code ==
          ErrorCode::invalid_config);
    CHECK(values(world, {ConfigResourceType::group, "billing"}).empty());
}

TEST_CASE("alter configs: a topic that is named twice is not changed", "[controller]") {
    World world = cluster();
    const Request::Config config{"retention.ms", kSet, "7"};
    const std::vector<Request::Resource> resources(
        2, {.resource_type = kTopic, .resource_name = "orders", .configs = {&config, 1}});
    const auto result = world.call<AlterConfigsResult>(
        Request{.resources = std::span<const Request::Resource>(resources)});
    CHECK(result.resources.at(0).refusal.code == ErrorCode::invalid_request);
    CHECK(result.resources.at(1).refusal.code == ErrorCode::invalid_request);
    CHECK(values(world).empty());
}

TEST_CASE("alter configs: validate_only checks and changes nothing", "[controller]") {
    World world = cluster();
    const Request::Config config{"retention.ms", kSet, "7"};
    const Request::Resource resource{
        .resource_type = kTopic, .resource_name = "orders", .configs = {&config, 1}};
    const Offset end = world.end();
    const auto result =
        world.call<AlterConfigsResult>(Request{.resources = {&resource, 1}, .validate_only = true});
    CHECK(result.resources.at(0).refusal.code == ErrorCode::none);
    CHECK(world.end() == end);
}

TEST_CASE("alter configs: more configs than one batch of the log holds are refused",
          "[controller]") {
    World world = cluster();
    const std::string value(RecordBatch::kMaxBytes, '1');
    CHECK(alter(world, {{"retention.ms", kSet, value}}).code == ErrorCode::policy_violation);
    CHECK(values(world).empty());
}

TEST_CASE("alter configs: enabling unclean elections elects for the topic's leaderless partitions",
          "[controller]") {
    World world = cluster();
    world.create_on("others", {{1, 2}});
    for (const std::int32_t id : {2, 1}) {
        auto beat = world.heartbeat(id);
        beat.want_fence = true;
        world.call<BrokerHeartbeatResult>(beat);
    }
    world.beat(2);
    REQUIRE(text_of(world.partition("orders")) == "replicas 1,2 isr 1 leader -1 epoch 1/2");
    CHECK(alter(world, {{"retention.ms", kSet, "7"}}).code == ErrorCode::none);
    CHECK(world.partition("orders").leader == kNoBroker);
    CHECK(alter(world, {{"unclean.leader.election.enable", kSet, "true"}}).code == ErrorCode::none);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2 isr 2 leader 2 epoch 2/3");
    CHECK(world.partition("orders").recovery == LeaderRecovery::recovering);
    CHECK(world.partition("others").leader == kNoBroker);
    CHECK(world.replay() == text_of(world.image()));
}

}  // namespace
}  // namespace hw::controller::testing
