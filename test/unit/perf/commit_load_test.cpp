#include "tools/perf/commit_load.h"

#include <catch2/catch.hpp>

#include "test/unit/perf/coordinator.h"
#include "tools/perf/offset_scan.h"

namespace hw::perf {
namespace {

using test::Coordinator;
using test::run;
using wire::ErrorCode;

TEST_CASE("perf commit: as many requests are sent as were asked for, each with all partitions",
          "[perf]") {
    const Coordinator coordinator;
    const CommitReport report = run(coordinator, CommitOptions{.topic = "t",
                                                               .partitions = 2,
                                                               .groups = 3,
                                                               .connections = 2,
                                                               .in_flight = 4,
                                                               .requests = 100});
    CHECK(report.is_success());
    CHECK(report.tally.acknowledged == 100);
    CHECK(report.tally.records == 200);
    CHECK(report.tally.latency.count() == 100);
}

TEST_CASE("perf commit: as many are sent when several brokers share them", "[perf]") {
    const Coordinator coordinator;
    auto client = client::Client::connect({.servers = {coordinator.broker.address()}});
    REQUIRE(client);
    const std::uint64_t requests = GENERATE(1U, 2U, 3U, 100U);
    const CommitOptions options{
        .topic = "t", .groups = 3, .connections = 3, .in_flight = 4, .requests = requests};
    auto target = find_target(*client, options);
    REQUIRE(target);
    target->coordinators.brokers.assign(3, target->coordinators.brokers.front());
    target->coordinators.broker_of = {0, 1, 2};
    const auto report = run_load(options, *target);
    REQUIRE(report);
    CHECK(report->tally.acknowledged == requests);
}

TEST_CASE("perf commit: a topic with too few partitions is refused", "[perf]") {
    const Coordinator coordinator;
    auto client = client::Client::connect({.servers = {coordinator.broker.address()}});
    REQUIRE(client);
    const auto target =
        find_target(*client, CommitOptions{.topic = "t", .partitions = 3, .requests = 1});
    REQUIRE_FALSE(target);
    CHECK(target.error().message ==
          "topic 't' has 2 partitions, fewer than the 3 of a commit: give another --topic, or "
          "fewer --partitions");
}

TEST_CASE("perf offsets: groups that are being loaded are asked for again", "[perf]") {
    Coordinator coordinator;
    coordinator.loading = {"perf-commit-1", "perf-commit-60"};
    auto client = client::Client::connect({.servers = {coordinator.broker.address()}});
    REQUIRE(client);
    const auto report = scan_offsets(*client, {.groups = 120});
    REQUIRE(report);
    CHECK(report->groups == 120);
    CHECK(report->offsets == 240);
    CHECK(report->refused.at(ErrorCode::coordinator_load_in_progress) == 2);
    CHECK(report->first <= report->all);
}

}  // namespace
}  // namespace hw::perf
