#include "tools/perf/commit_report.h"

#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/client/words.h"
#include "tools/perf/figures.h"

namespace hw::perf {
namespace {

/// CPU time per commit in microseconds; none without commits.
std::optional<double> per_commit(const CommitReport& report,
                                 std::optional<std::chrono::nanoseconds> cpu) {
    if (!cpu || report.tally.acknowledged == 0) {
        return std::nullopt;
    }
    return in_seconds(*cpu) * 1e6 / static_cast<double>(report.tally.acknowledged);
}

std::string cpu_text(std::optional<double> cpu) {
    return cpu ? fmt::format("{:.2f} us per commit", *cpu) : "not measured";
}

void print_load(schema::JsonPrinter& json, const CommitReport& report) {
    json.key("topic");
    json.string(report.topic);
    json.key("created");
    json.boolean(report.is_created);
    json.key("partitionsPerCommit");
    json.number(report.partitions);
    json.key("groups");
    json.number(report.groups);
    json.key("connections");
    json.number(report.connections);
    json.key("inFlight");
    json.number(report.in_flight);
}

void print_line(std::string& text, std::string_view name, const std::string& value) {
    fmt::format_to(std::back_inserter(text), "{:<12}{}\n", name, value);
}

}  // namespace

std::string to_text(const CommitReport& report) {
    std::string text;
    print_line(text, "topic",
               fmt::format("{}, {}", report.topic,
                           report.is_created ? "created for this run" : "existed before"));
    print_line(
        text, "load",
        fmt::format("{}, {} in flight on each of {}", client::counted(report.groups, "group"),
                    client::counted(report.in_flight, "request"),
                    client::counted(report.connections, "connection")));
    print_line(
        text, "committed",
        fmt::format("{} of {} in {:.3f} s", client::counted(report.tally.acknowledged, "request"),
                    client::counted(static_cast<std::uint64_t>(report.partitions), "offset"),
                    in_seconds(report.costs.elapsed)));
    print_line(text, "throughput",
               fmt::format("{:.0f} commits/s, {:.0f} offsets/s",
                           per_second(report.costs.elapsed, report.tally.acknowledged),
                           per_second(report.costs.elapsed, report.tally.records)));
    print_line(text, "latency", latency_text(report.tally.latency));
    print_line(
        text, "cpu",
        fmt::format("driver {}, broker {}", cpu_text(per_commit(report, report.costs.driver_cpu)),
                    cpu_text(per_commit(report, report.costs.broker_cpu))));
    print_line(text, "errors", errors_text(report.failure, report.tally.refused));
    return text;
}

std::string to_json(const CommitReport& report) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    print_load(json, report);
    json.key("commits");
    json.number(report.tally.acknowledged);
    json.key("offsets");
    json.number(report.tally.records);
    json.key("seconds");
    json.float64(in_seconds(report.costs.elapsed));
    json.key("commitsPerSecond");
    json.float64(per_second(report.costs.elapsed, report.tally.acknowledged));
    json.key("offsetsPerSecond");
    json.float64(per_second(report.costs.elapsed, report.tally.records));
    json.key("latencyMs");
    print_latency(json, report.tally.latency);
    json.key("driverCpuMicrosecondsPerCommit");
    print_optional(json, per_commit(report, report.costs.driver_cpu));
    json.key("brokerCpuMicrosecondsPerCommit");
    print_optional(json, per_commit(report, report.costs.broker_cpu));
    print_outcome(json, report.failure, report.tally.refused);
    json.end_object();
    return text;
}

}  // namespace hw::perf
