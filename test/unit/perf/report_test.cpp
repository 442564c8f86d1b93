#include "tools/perf/report.h"

#include <catch2/catch.hpp>

namespace hw::perf {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ProduceReport two_seconds() {
    ProduceReport report;
    report.topic = "a\"b";
    report.partitions = 1;
    report.created = true;
    report.batch_size = 1'000'000;
    report.batch_records = 10;
    report.tally.acknowledged = 4000;
    report.tally.latency.add(milliseconds(1));
    report.elapsed = seconds(2);
    report.driver_cpu = seconds(1);
    return report;
}

TEST_CASE("perf report: rates are of what was acknowledged, per second and per GB", "[perf]") {
    CHECK(to_text(two_seconds()) ==
          "topic       a\"b, partitions: 1, made for this run\n"
          "sent        4000 requests of 1000000 bytes and 10 records in 2.000 s\n"
          "throughput  2000.0 MB/s (2.000 GB/s), 2000 requests/s, 20000 records/s\n"
          "latency     p50 1.000 ms, p99 1.000 ms, max 1.000 ms\n"
          "cpu         driver 0.250 s/GB, broker not measured\n"
          "errors      none\n");
}

TEST_CASE("perf report: JSON has the same figures, and null for what is not known", "[perf]") {
    CHECK(to_json(two_seconds()) ==
          R"({"topic":"a\"b","partitions":1,"created":true,"batchBytes":1000000,)"
          R"("batchRecords":10,"requests":4000,"bytes":4000000000,"seconds":2.0,)"
          R"("megabytesPerSecond":2000.0,"requestsPerSecond":2000.0,"recordsPerSecond":20000.0,)"
          R"("latencyMs":{"p50":1.0,"p99":1.0,"max":1.0},"driverCpuSecondsPerGb":0.25,)"
          R"("brokerCpuSecondsPerGb":null,"errors":{},"failure":null})");
}

TEST_CASE("perf report: errors are named and counted, and spoil the run", "[perf]") {
    ProduceReport report = two_seconds();
    CHECK(report.all_acknowledged());
    report.tally.refused[wire::ErrorCode::not_leader_or_follower] = 3;
    CHECK_FALSE(report.all_acknowledged());
    CHECK_THAT(to_text(report),
               Catch::Contains("errors      NOT_LEADER_OR_FOLLOWER in 3 requests\n"));
    CHECK_THAT(to_json(report), Catch::Contains(R"("errors":{"NOT_LEADER_OR_FOLLOWER":3})"));
}

TEST_CASE("perf report: a run that ended early says why, and is spoilt", "[perf]") {
    ProduceReport report = two_seconds();
    report.failure = "the broker was silent";
    CHECK_FALSE(report.all_acknowledged());
    CHECK_THAT(to_text(report), Catch::Contains("errors      the broker was silent\n"));
    CHECK_THAT(to_json(report), Catch::Contains(R"("failure":"the broker was silent")"));
}

TEST_CASE("perf report: a run without a single answer divides by nothing", "[perf]") {
    const ProduceReport nothing;
    CHECK_THAT(to_text(nothing), Catch::Contains("throughput  0.0 MB/s"));
    CHECK_THAT(to_text(nothing), Catch::Contains("latency     not measured"));
    CHECK_THAT(to_json(nothing), Catch::Contains(R"("megabytesPerSecond":0.0,)"));
}

}  // namespace
}  // namespace hw::perf
