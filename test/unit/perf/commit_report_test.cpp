#include "tools/perf/commit_report.h"

#include <catch2/catch.hpp>

#include "tools/perf/offset_scan.h"

namespace hw::perf {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

CommitReport two_seconds() {
    CommitReport report;
    report.topic = "t";
    report.partitions = 10;
    report.groups = 64;
    report.connections = 8;
    report.in_flight = 16;
    report.tally.acknowledged = 100'000;
    report.tally.records = 1'000'000;
    report.tally.latency.add(milliseconds(2));
    report.costs.elapsed = seconds(2);
    report.costs.driver_cpu = milliseconds(100);
    report.costs.broker_cpu = seconds(1);
    return report;
}

TEST_CASE("perf commit report: it counts commits and the offsets in them", "[perf]") {
    CHECK(to_text(two_seconds()) ==
          "topic       t, existed before\n"
          "load        64 groups, 16 requests in flight on each of 8 connections\n"
          "committed   100000 requests of 10 offsets in 2.000 s\n"
          "throughput  50000 commits/s, 500000 offsets/s\n"
          "latency     p50 2.000 ms, p99 2.000 ms, p99.9 2.000 ms, max 2.000 ms\n"
          "cpu         driver 1.00 us per commit, broker 10.00 us per commit\n"
          "errors      none\n");
}

TEST_CASE("perf commit report: JSON has the same figures", "[perf]") {
    CHECK(to_json(two_seconds()) ==
          R"({"topic":"t","created":false,"partitionsPerCommit":10,"groups":64,"connections":8,)"
          R"("inFlight":16,"commits":100000,"offsets":1000000,"seconds":2.0,)"
          R"("commitsPerSecond":50000.0,"offsetsPerSecond":500000.0,)"
          R"("latencyMs":{"p50":2.0,"p99":2.0,"p999":2.0,"max":2.0},)"
          R"("driverCpuMicrosecondsPerCommit":1.0,"brokerCpuMicrosecondsPerCommit":10.0,)"
          R"("errors":{},"failure":null})");
}

TEST_CASE("perf commit report: a refused commit makes the run no success", "[perf]") {
    CommitReport report = two_seconds();
    CHECK(report.is_success());
    report.tally.refused[wire::ErrorCode::not_coordinator] = 3;
    CHECK_FALSE(report.is_success());
    CHECK_THAT(to_text(report), Catch::Contains("errors      NOT_COORDINATOR in 3 requests\n"));
}

TEST_CASE("perf offsets report: it has the times, and what was refused", "[perf]") {
    ScanReport report{.groups = 2,
                      .offsets = 7,
                      .refused = {{wire::ErrorCode::coordinator_load_in_progress, 3}},
                      .found = milliseconds(1),
                      .first = milliseconds(20),
                      .all = milliseconds(300)};
    CHECK(to_text(report) ==
          "read        7 offsets of 2 groups\n"
          "times       coordinators found after 0.001 s, first group read after 0.020 s, all "
          "after 0.300 s\n"
          "refused     COORDINATOR_LOAD_IN_PROGRESS for 3 groups\n");
    CHECK(to_json(report) == R"({"groups":2,"offsets":7,"foundSeconds":0.001,"firstSeconds":0.02,)"
                             R"("allSeconds":0.3,"refused":{"COORDINATOR_LOAD_IN_PROGRESS":3}})");
}

}  // namespace
}  // namespace hw::perf
