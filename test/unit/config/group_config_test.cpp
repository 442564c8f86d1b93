#include "config/group_config.h"

#include <catch2/catch.hpp>

#include "test/unit/config/support.h"

namespace hw::config {
namespace {

using std::chrono::milliseconds;

GroupConfig group_of(const Overrides& overrides, const std::string& broker = "") {
    return make_group_config(overrides, settings_of(broker));
}

std::string refusal(std::string_view name, std::string_view value, const std::string& broker = "") {
    const auto checked = check_group_setting(name, value, settings_of(broker));
    return checked ? "accepted" : checked.error().message;
}

TEST_CASE("group config: a group without settings has those of the broker", "[config][group]") {
    CHECK(group_of({}).consumer_session == milliseconds(45'000));
    CHECK(group_of({}).consumer_heartbeat_interval == milliseconds(1000));
    const GroupConfig short_lived = group_of(
        {}, "group.consumer.session.timeout.ms=6000\ngroup.consumer.heartbeat.interval.ms=200");
    // Out of the bounds, which hold for settings of groups.
    CHECK(short_lived.consumer_session == milliseconds(6000));
    CHECK(short_lived.consumer_heartbeat_interval == milliseconds(200));
}

TEST_CASE("group config: each value is taken from the group's key", "[config][group]") {
    const GroupConfig group = group_of(
        {{"consumer.session.timeout.ms", "50000"}, {"consumer.heartbeat.interval.ms", " 2000 "}});
    CHECK(group.consumer_session == milliseconds(50'000));
    CHECK(group.consumer_heartbeat_interval == milliseconds(2000));
}

TEST_CASE("group config: a value out of the broker's bounds counts as the nearest bound",
          "[config][group]") {
    const Overrides least{{"consumer.session.timeout.ms", "1"},
                          {"consumer.heartbeat.interval.ms", "1"}};
    CHECK(group_of(least).consumer_session == milliseconds(45'000));
    CHECK(group_of(least).consumer_heartbeat_interval == milliseconds(500));
    const Overrides most{{"consumer.session.timeout.ms", "2147483647"},
                         {"consumer.heartbeat.interval.ms", "2147483647"}};
    CHECK(group_of(most).consumer_session == milliseconds(60'000));
    CHECK(group_of(most).consumer_heartbeat_interval == milliseconds(15'000));
    CHECK(group_of(most, "group.consumer.max.session.timeout.ms=70000").consumer_session ==
          milliseconds(70'000));
}

TEST_CASE("group config: an invalid value and an unknown name are ignored", "[config][group]") {
    const GroupConfig group =
        group_of({{"consumer.session.timeout.ms", "soon"}, {"some.later.key", "1"}});
    CHECK(group.consumer_session == milliseconds(45'000));
}

TEST_CASE("group setting: a value within the broker's bounds is accepted, both bounds included",
          "[config][group]") {
    CHECK(refusal("consumer.session.timeout.ms", "45000") == "accepted");
    CHECK(refusal("consumer.session.timeout.ms", "60000") == "accepted");
    CHECK(refusal("consumer.heartbeat.interval.ms", "500") == "accepted");
    CHECK(refusal("consumer.heartbeat.interval.ms", "15000") == "accepted");
    CHECK(refusal("consumer.session.timeout.ms", "6000",
                  "group.consumer.min.session.timeout.ms=6000") == "accepted");
}

TEST_CASE("group setting: a value out of the bounds is refused with the keys that set them",
          "[config][group]") {
    constexpr std::string_view kReason =
        " must be a whole number from 45000 to 60000 (milliseconds); these bounds are "
        "group.consumer.min.session.timeout.ms and group.consumer.max.session.timeout.ms in the "
        "configuration of the controllers";
    for (const std::string value : {"44999", "60001", "0", "-1", "x", "", "99999999999999999999"}) {
        CHECK(refusal("consumer.session.timeout.ms", value) ==
              "consumer.session.timeout.ms=" + value + std::string(kReason));
    }
    CHECK(refusal("consumer.heartbeat.interval.ms", "499") != "accepted");
    CHECK(refusal("consumer.heartbeat.interval.ms", "15001") != "accepted");
}

TEST_CASE("group setting: a key without effect accepts only its default", "[config][group]") {
    CHECK(refusal("share.session.timeout.ms", "45000") == "accepted");
    CHECK(refusal("streams.num.standby.replicas", "1") ==
          "streams.num.standby.replicas=1 is not supported yet: only the default '0' is; leave the "
          "key out");
    CHECK(refusal("share.isolation.level", "none") ==
          "share.isolation.level=none must be one of read_uncommitted, read_committed");
}

TEST_CASE("group setting: an unknown name is refused with the key that was perhaps meant",
          "[config][group]") {
    CHECK(refusal("consumer.heartbeat.interval.mss", "1000") ==
          "'consumer.heartbeat.interval.mss' is not a group key; did you mean "
          "'consumer.heartbeat.interval.ms'?");
    CHECK(refusal("retention.ms", "1") == "'retention.ms' is not a group key");
    CHECK(refusal("group.consumer.session.timeout.ms", "50000") ==
          "'group.consumer.session.timeout.ms' is a broker key; the group key with that meaning is "
          "'consumer.session.timeout.ms'");
    CHECK(refusal("", "1") == "'' is not a group key");
}

TEST_CASE("group overrides: the heartbeat interval must be shorter than the session timeout",
          "[config][group]") {
    const Settings broker = settings_of(
        "group.consumer.min.session.timeout.ms=1000\n"
        "group.consumer.session.timeout.ms=10000");
    const Overrides long_interval{{"consumer.heartbeat.interval.ms", "10000"}};
    const auto refused = check_group_overrides(long_interval, broker);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message ==
          "consumer.heartbeat.interval.ms (10000) must be less than consumer.session.timeout.ms "
          "(10000), or members are removed between their heartbeats; lower the first or raise the "
          "second");
    CHECK(check_group_overrides({{"consumer.heartbeat.interval.ms", "9999"}}, broker));
    CHECK_FALSE(check_group_overrides({{"consumer.session.timeout.ms", "1000"}}, broker));
    // What the broker itself has is not the fault of a group.
    CHECK(check_group_overrides({}, settings_of("group.consumer.session.timeout.ms=1")));
}

TEST_CASE("group bounds: a broker whose bounds contradict each other does not start",
          "[config][group]") {
    CHECK(errors_of("group.consumer.max.session.timeout.ms=44999") ==
          Sentences{"test.properties:1: group.consumer.max.session.timeout.ms=44999 must be at "
                    "least group.consumer.min.session.timeout.ms (45000)"});
    CHECK(errors_of("group.consumer.min.heartbeat.interval.ms=15001") ==
          Sentences{"test.properties:1: group.consumer.min.heartbeat.interval.ms=15001 must be at "
                    "most group.consumer.max.heartbeat.interval.ms (15000)"});
    CHECK(errors_of("group.consumer.max.session.timeout.ms=45000").empty());
}

}  // namespace
}  // namespace hw::config
