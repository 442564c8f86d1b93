#include "tools/perf/group_load.h"

#include <array>

#include <catch2/catch.hpp>

#include "test/unit/perf/coordinator.h"

namespace hw::perf {
namespace {

using test::Beat;
using test::BeatAnswer;
using test::Coordinator;
using test::run;
using wire::ErrorCode;

constexpr std::array kBoth{PartitionIndex(0), PartitionIndex(1)};
const BeatAnswer::TopicPartitions kAll{.topic_id = client::kTopicId, .partitions = kBoth};
const BeatAnswer::Assignment kAssignAll{.topic_partitions = {&kAll, 1}};

/// Gives each member both partitions when it joins.
BeatAnswer assign_all(const Beat& beat) {
    return {.member_id = "m",
            .member_epoch = beat.member_epoch == 0 ? 1 : beat.member_epoch,
            .heartbeat_interval_ms = Millis(50),
            .assignment = beat.member_epoch == 0 ? &kAssignAll : nullptr};
}

GroupOptions options(std::size_t groups, std::size_t members) {
    return {.topic = "t",
            .groups = groups,
            .members = members,
            .hold = std::chrono::seconds(0),
            .step_max = std::chrono::seconds(1)};
}

TEST_CASE("perf group: groups of one member are stable when all have joined, and then they leave",
          "[perf]") {
    int left = 0;
    Coordinator coordinator;
    coordinator.answer_beat = [&](const Beat& beat) {
        left += beat.member_epoch == -1 ? 1 : 0;
        return assign_all(beat);
    };
    const GroupReport report = run(coordinator, options(5, 1));
    CHECK(report.is_success());
    REQUIRE(report.steps.size() == 1);
    CHECK(report.steps[0].name == "join");
    CHECK(report.steps[0].epoch == 1);
    CHECK(report.steps[0].stable.count() > 0);
    CHECK(report.steps[0].stable_after_join.count() > 0);
    CHECK(report.partitions == 2);
    CHECK(report.connections == 5);
    CHECK(report.tally.removed == 0);
    CHECK(report.tally.heartbeats == 10);
    CHECK(left == 5);
}

TEST_CASE("perf group: two owners of a partition are an overlap, and the run is no success",
          "[perf]") {
    Coordinator coordinator;
    coordinator.answer_beat = assign_all;
    const GroupReport report = run(coordinator, options(1, 2));
    CHECK(report.tally.overlaps == 2);
    CHECK_FALSE(report.is_success());
}

TEST_CASE("perf group: a group that does not get stable ends the run after the limit", "[perf]") {
    Coordinator coordinator;
    coordinator.answer_beat = [](const Beat& beat) {
        BeatAnswer answer = assign_all(beat);
        answer.assignment = nullptr;
        return answer;
    };
    const GroupReport report = run(coordinator, options(1, 1));
    CHECK(report.failure == "a group was not stable 1 s after step 'join' began");
    CHECK(report.steps.empty());
    CHECK(report.tally.heartbeats > 2);
}

TEST_CASE("perf group: a refusal for good ends the run", "[perf]") {
    Coordinator coordinator;
    coordinator.answer_beat = [](const Beat&) {
        return BeatAnswer{.error_code = ErrorCode::group_authorization_failed};
    };
    const GroupReport report = run(coordinator, options(1, 1));
    REQUIRE(report.failure);
    CHECK_THAT(*report.failure, Catch::Contains("group 'perf-group-0'") &&
                                    Catch::Contains("GROUP_AUTHORIZATION_FAILED"));
}

TEST_CASE("perf group: members of a classic group get a connection each", "[perf]") {
    GroupOptions load = options(10, 300);
    load.protocol = GroupProtocol::classic;
    CHECK(connections_of(load, 1) == 1000);
    CHECK(connections_of(load, 4) == 300);
    load.connections = 500;
    CHECK(connections_of(load, 1) == 500);
    load.connections = 299;
    const auto refused = connections_of(load, 1);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, Catch::Contains("299 connections for groups of 300"));
}

TEST_CASE("perf group: members of consumer groups share connections", "[perf]") {
    GroupOptions load = options(10, 300);
    CHECK(connections_of(load, 1) == 64);
    load.connections = 3;
    CHECK(connections_of(load, 1) == 3);
    CHECK(connections_of(load, 2) == 2);
    CHECK(connections_of(options(1, 5), 1) == 5);
}

}  // namespace
}  // namespace hw::perf
