#include "broker/quorum/config_rules.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "test/unit/config/support.h"

namespace hw::broker {
namespace {

using controller::TopicConfig;

constexpr auto kTopic = controller::ConfigResourceType::topic;
constexpr auto kGroup = controller::ConfigResourceType::group;

TEST_CASE("config rules: the table of keys decides whether a config is accepted",
          "[quorum][rules]") {
    const config::Settings settings = config::settings_of("");
    const KeyTableRules rules(settings);
    CHECK(rules.validate(kTopic, "segment.bytes", "1048576"));
    const auto small = rules.validate(kTopic, "segment.bytes", "1");
    REQUIRE_FALSE(small);
    CHECK(small.error().message ==
          "segment.bytes=1 must be a whole number from 1048576 to 2147483647 (bytes)");
    CHECK_FALSE(rules.validate(kTopic, "dummy.doesntexist", "1"));
}

TEST_CASE("config rules: lists have a default to start from, other configs have none",
          "[quorum][rules]") {
    const config::Settings settings = config::settings_of("");
    const KeyTableRules rules(settings);
    CHECK(rules.list_default(kTopic, "cleanup.policy") == "delete");
    CHECK_FALSE(rules.list_default(kTopic, "segment.bytes").has_value());
    CHECK_FALSE(rules.list_default(kTopic, "dummy.doesntexist").has_value());
}

TEST_CASE("config rules: a topic cannot go from memory to disk", "[quorum][rules]") {
    const config::Settings settings = config::settings_of("");
    const KeyTableRules rules(settings);
    const controller::ConfigValues memory{{"highwater.durability", "memory"}};
    const controller::ConfigValues disk{{"highwater.durability", "disk"}};
    CHECK(rules.check_change(kTopic, disk, memory));
    CHECK_FALSE(rules.check_change(kTopic, memory, disk));
    CHECK_FALSE(rules.check_change(kTopic, memory, {}));
    CHECK_FALSE(rules.check_change(kTopic, {}, {{"segment.bytes", "x"}}));
    CHECK(rules.check_change(kTopic, {{"segment.bytes", "x"}}, {}));
}

TEST_CASE("config rules: groups have keys of their own, within the bounds of the broker",
          "[quorum][rules]") {
    const config::Settings settings =
        config::settings_of("group.consumer.max.session.timeout.ms=50000");
    const KeyTableRules rules(settings);
    CHECK(rules.validate(kGroup, "consumer.session.timeout.ms", "50000"));
    CHECK_FALSE(rules.validate(kGroup, "consumer.session.timeout.ms", "50001"));
    CHECK_FALSE(rules.validate(kGroup, "segment.bytes", "1048576"));
    CHECK_FALSE(rules.validate(kTopic, "consumer.session.timeout.ms", "50000"));
    CHECK_FALSE(rules.list_default(kGroup, "cleanup.policy").has_value());
    CHECK(rules.check_change(kGroup, {}, {{"consumer.session.timeout.ms", "50000"}}));
}

TEST_CASE("config rules: a group whose members would be removed between heartbeats is refused",
          "[quorum][rules]") {
    const config::Settings settings =
        config::settings_of("group.consumer.min.session.timeout.ms=1000");
    const KeyTableRules rules(settings);
    const controller::ConfigValues quick{{"consumer.session.timeout.ms", "1000"}};
    CHECK_FALSE(rules.check_change(kGroup, {}, quick));
    CHECK(rules.check_change(kGroup, quick, {}));
}

TEST_CASE("config rules: configs are listed in the order of their names, with their source",
          "[quorum][rules]") {
    const config::Settings settings = config::settings_of("message.max.bytes=2000");
    const KeyTableRules rules(settings);
    const auto configs = rules.describe_topic({{"segment.ms", "60000"}}, 3);
    CHECK(std::ranges::is_sorted(configs, {}, &TopicConfig::name));
    const auto find = [&](std::string_view name) {
        const auto found = std::ranges::find(configs, name, &TopicConfig::name);
        REQUIRE(found != configs.end());
        return *found;
    };
    CHECK(find("segment.ms").value == "60000");
    CHECK(find("segment.ms").source == 1);
    CHECK(find("max.message.bytes").value == "2000");
    CHECK(find("max.message.bytes").source == 4);
    CHECK(find("min.insync.replicas").value == "2");
    CHECK(find("min.insync.replicas").source == 5);
    CHECK_FALSE(find("segment.bytes").read_only);
    CHECK_FALSE(find("segment.bytes").sensitive);
}

}  // namespace
}  // namespace hw::broker
