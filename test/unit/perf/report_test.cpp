#include "tools/perf/report.h"

#include <catch2/catch.hpp>

namespace hw::perf {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

LoadReport two_seconds() {
    LoadReport report;
    report.topic = "a\"b";
    report.partitions = 1;
    report.is_created = true;
    report.batch_size = 1'000'000;
    report.batch_records = 10;
    report.tally.acknowledged = 4000;
    report.tally.bytes = 4'000'000'000;
    report.tally.records = 40'000;
    report.tally.latency.add(milliseconds(1));
    report.costs.elapsed = seconds(2);
    report.costs.driver_cpu = seconds(1);
    return report;
}

TEST_CASE("perf report: throughput and CPU time count acknowledged requests only", "[perf]") {
    CHECK(to_text(two_seconds()) ==
          "topic       a\"b, partitions: 1, created for this run\n"
          "sent        4000 requests of 1000000 bytes and 10 records in 2.000 s\n"
          "throughput  2000.0 MB/s (2.000 GB/s), 2000 requests/s, 20000 records/s\n"
          "latency     p50 1.000 ms, p99 1.000 ms, p99.9 1.000 ms, max 1.000 ms\n"
          "cpu         driver 0.250 s/GB, broker not measured\n"
          "errors      none\n");
}

TEST_CASE("perf report: JSON has the same figures, and null for unknown ones", "[perf]") {
    CHECK(to_json(two_seconds()) ==
          R"({"topic":"a\"b","partitions":1,"created":true,"batchBytes":1000000,)"
          R"("batchRecords":10,"requestedRate":null,"requests":4000,"bytes":4000000000,)"
          R"("records":40000,"tail":null,"seconds":2.0,)"
          R"("megabytesPerSecond":2000.0,"requestsPerSecond":2000.0,"recordsPerSecond":20000.0,)"
          R"("latencyMs":{"p50":1.0,"p99":1.0,"p999":1.0,"max":1.0},"driverCpuSecondsPerGb":0.25,)"
          R"("brokerCpuSecondsPerGb":null,"errors":{},"failure":null})");
}

TEST_CASE("perf report: errors are named and counted, and the run is not a success", "[perf]") {
    LoadReport report = two_seconds();
    CHECK(report.is_success());
    report.tally.refused[wire::ErrorCode::not_leader_or_follower] = 3;
    CHECK_FALSE(report.is_success());
    CHECK_THAT(to_text(report),
               Catch::Contains("errors      NOT_LEADER_OR_FOLLOWER in 3 requests\n"));
    CHECK_THAT(to_json(report), Catch::Contains(R"("errors":{"NOT_LEADER_OR_FOLLOWER":3})"));
}

TEST_CASE("perf report: a run that ended early says why and is not a success", "[perf]") {
    LoadReport report = two_seconds();
    report.failure = "the broker was silent";
    CHECK_FALSE(report.is_success());
    CHECK_THAT(to_text(report), Catch::Contains("errors      the broker was silent\n"));
    CHECK_THAT(to_json(report), Catch::Contains(R"("failure":"the broker was silent")"));
}

TEST_CASE("perf report: a run without answers has a throughput of zero and no latency", "[perf]") {
    const LoadReport nothing;
    CHECK_THAT(to_text(nothing), Catch::Contains("throughput  0.0 MB/s"));
    CHECK_THAT(to_text(nothing), Catch::Contains("latency     not measured"));
    CHECK_THAT(to_json(nothing), Catch::Contains(R"("megabytesPerSecond":0.0,)"));
}

TEST_CASE("perf report: a report of fetches says what was received", "[perf]") {
    LoadReport report;
    report.topic = "t";
    report.partitions = 8;
    report.tally.acknowledged = 2;
    report.tally.bytes = 2'000'000;
    report.tally.records = 20;
    report.costs.elapsed = seconds(1);
    CHECK_THAT(to_text(report), Catch::Contains("received    2 answers with 2000000 bytes and 20 "
                                                "records in 1.000 s\n"));
    CHECK_FALSE(to_json(report).contains("batchBytes"));
}

TEST_CASE("perf report: records read at the same time and the requested rate have their own lines",
          "[perf]") {
    LoadReport report = two_seconds();
    report.tail.emplace().acknowledged = 1;
    report.tail->bytes = 1000;
    report.tail->records = 3;
    report.rate = 1000;
    CHECK_THAT(to_text(report),
               Catch::Contains("tail        1 answer with 1000 bytes and 3 records "
                               "read at the same time\n"));
    CHECK_THAT(to_text(report), Catch::Contains("rate        1000 requests/s requested; "));
    CHECK_THAT(to_json(report),
               Catch::Contains(R"("tail":{"requests":1,"bytes":1000,"records":3})"));
    CHECK_THAT(to_json(report), Catch::Contains(R"("requestedRate":1000,)"));
}

}  // namespace
}  // namespace hw::perf
