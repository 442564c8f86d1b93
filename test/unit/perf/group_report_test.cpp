#include "tools/perf/group_report.h"

#include <catch2/catch.hpp>

namespace hw::perf {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

GroupReport ten_members() {
    GroupReport report;
    report.topic = "t";
    report.partitions = 10;
    report.groups = 2;
    report.members = 5;
    report.connections = 4;
    report.steps.push_back({.name = "join",
                            .stable = milliseconds(1500),
                            .stable_after_join = milliseconds(1000),
                            .told = {},
                            .epoch = 5});
    report.steps.push_back({.name = "crash",
                            .stable = seconds(46),
                            .stable_after_join = {},
                            .told = seconds(45),
                            .epoch = 6});
    report.tally.heartbeats = 3;
    report.tally.latency.add(milliseconds(1));
    report.tally.late = 1;
    report.tally.removed = 2;
    report.costs.driver_cpu = milliseconds(20);
    report.memory = 1'000'000;
    return report;
}

TEST_CASE("perf group report: each step has a line with its times", "[perf]") {
    CHECK(to_text(ten_members()) ==
          "groups      2 of 5 members, consumer protocol, 4 connections\n"
          "topic       t, partitions: 10, existed before\n"
          "join        stable after 1.500 s, 1.000 s after the last join; epoch 5\n"
          "crash       members told after 45.000 s, stable after 46.000 s; epoch 6\n"
          "heartbeats  3 answered, 1 late, 2 members removed; p50 1.000 ms, p99 1.000 ms, "
          "p99.9 1.000 ms, max 1.000 ms\n"
          "overlaps    none\n"
          "memory      broker +1.0 MB, 500000 bytes per group\n"
          "cpu         driver 0.020 s, broker not measured\n"
          "errors      none\n");
}

TEST_CASE("perf group report: JSON has the same figures, and null for unknown ones", "[perf]") {
    CHECK(to_json(ten_members()) ==
          R"({"protocol":"consumer","topic":"t","partitions":10,"created":false,"groups":2,)"
          R"("members":5,"connections":4,"steps":[{"step":"join","toldSeconds":null,)"
          R"("stableSeconds":1.5,"stableSecondsAfterLastJoin":1.0,"epoch":5},{"step":"crash",)"
          R"("toldSeconds":45.0,"stableSeconds":46.0,"stableSecondsAfterLastJoin":null,)"
          R"("epoch":6}],"heartbeats":3,"lateHeartbeats":1,"removedMembers":2,"overlaps":0,)"
          R"("latencyMs":{"p50":1.0,"p99":1.0,"p999":1.0,"max":1.0},"brokerMemoryBytes":1000000,)"
          R"("driverCpuSeconds":0.02,"brokerCpuSeconds":null,"errors":{},"failure":null})");
}

TEST_CASE("perf group report: an overlap is named, and the run is no success", "[perf]") {
    GroupReport report = ten_members();
    CHECK(report.is_success());
    report.tally.overlaps = 1;
    report.protocol = GroupProtocol::classic;
    CHECK_FALSE(report.is_success());
    CHECK_THAT(to_text(report), Catch::Contains("overlaps    1 partition assigned to a member "
                                                "while another one had it\n"));
    CHECK_THAT(to_text(report), Catch::Contains("; generation 6\n"));
}

TEST_CASE("perf group report: a run that ended early says why", "[perf]") {
    GroupReport report = ten_members();
    report.failure = "the broker was silent";
    CHECK_FALSE(report.is_success());
    CHECK_THAT(to_text(report), Catch::Contains("errors      the broker was silent\n"));
    CHECK_THAT(to_json(report), Catch::Contains(R"("failure":"the broker was silent")"));
}

}  // namespace
}  // namespace hw::perf
