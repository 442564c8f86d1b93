#include "tools/perf/report.h"

#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/client/counted.h"

namespace hw::perf {
namespace {

double seconds(std::chrono::nanoseconds span) {
    return std::chrono::duration<double>(span).count();
}

double milliseconds(std::chrono::nanoseconds span) {
    return seconds(span) * 1e3;
}

double per_second(const ProduceReport& report, std::uint64_t count) {
    return report.elapsed.count() > 0 ? static_cast<double>(count) / seconds(report.elapsed) : 0;
}

/// CPU seconds per 10^9 acknowledged bytes; none without bytes.
std::optional<double> per_gigabyte(const ProduceReport& report,
                                   std::optional<std::chrono::nanoseconds> cpu) {
    if (!cpu || report.bytes() == 0) {
        return std::nullopt;
    }
    return seconds(*cpu) / (static_cast<double>(report.bytes()) / 1e9);
}

std::string latency_text(const LatencyHistogram& latency) {
    if (latency.count() == 0) {
        return "not measured";
    }
    return fmt::format("p50 {:.3f} ms, p99 {:.3f} ms, max {:.3f} ms",
                       milliseconds(latency.quantile(0.5)), milliseconds(latency.quantile(0.99)),
                       milliseconds(latency.max()));
}

std::string cpu_text(std::optional<double> cpu) {
    return cpu ? fmt::format("{:.3f} s/GB", *cpu) : "not measured";
}

std::string errors_text(const ProduceReport& report) {
    std::string text = report.failure.value_or("");
    for (const auto& [code, count] : report.tally.refused) {
        text += fmt::format("{}{} in {}", text.empty() ? "" : "; ", code,
                            client::counted(count, "request"));
    }
    return text.empty() ? "none" : text;
}

void print_optional(schema::JsonPrinter& json, std::optional<double> value) {
    value ? json.float64(*value) : json.null();
}

void print_latency(schema::JsonPrinter& json, const LatencyHistogram& latency) {
    if (latency.count() == 0) {
        json.null();
        return;
    }
    json.begin_object();
    json.key("p50");
    json.float64(milliseconds(latency.quantile(0.5)));
    json.key("p99");
    json.float64(milliseconds(latency.quantile(0.99)));
    json.key("max");
    json.float64(milliseconds(latency.max()));
    json.end_object();
}

void print_errors(schema::JsonPrinter& json, const Tally& tally) {
    json.begin_object();
    for (const auto& [code, count] : tally.refused) {
        json.key(fmt::format("{}", code));
        json.number(count);
    }
    json.end_object();
}

void print_load(schema::JsonPrinter& json, const ProduceReport& report) {
    json.key("topic");
    json.string(report.topic);
    json.key("partitions");
    json.number(report.partitions);
    json.key("created");
    json.boolean(report.created);
    json.key("batchBytes");
    json.number(report.batch_size);
    json.key("batchRecords");
    json.number(report.batch_records);
    json.key("requests");
    json.number(report.tally.acknowledged);
    json.key("bytes");
    json.number(report.bytes());
    json.key("seconds");
    json.float64(seconds(report.elapsed));
}

void print_figures(schema::JsonPrinter& json, const ProduceReport& report) {
    json.key("megabytesPerSecond");
    json.float64(per_second(report, report.bytes()) / 1e6);
    json.key("requestsPerSecond");
    json.float64(per_second(report, report.tally.acknowledged));
    json.key("recordsPerSecond");
    json.float64(per_second(report, report.records()));
    json.key("latencyMs");
    print_latency(json, report.tally.latency);
    json.key("driverCpuSecondsPerGb");
    print_optional(json, per_gigabyte(report, report.driver_cpu));
    json.key("brokerCpuSecondsPerGb");
    print_optional(json, per_gigabyte(report, report.broker_cpu));
}

}  // namespace

std::string to_text(const ProduceReport& report) {
    const double rate = per_second(report, report.bytes());
    const std::string broker = cpu_text(per_gigabyte(report, report.broker_cpu));
    std::string text;
    const auto line = [&text](std::string_view name, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "{:<12}{}\n", name, value);
    };
    line("topic", fmt::format("{}, partitions: {}, {}", report.topic, report.partitions,
                              report.created ? "made for this run" : "was there"));
    line("sent",
         fmt::format("{} of {} and {} in {:.3f} s",
                     client::counted(report.tally.acknowledged, "request"),
                     client::counted(report.batch_size, "byte"),
                     client::counted(static_cast<std::uint64_t>(report.batch_records), "record"),
                     seconds(report.elapsed)));
    line("throughput",
         fmt::format("{:.1f} MB/s ({:.3f} GB/s), {:.0f} requests/s, {:.0f} records/s", rate / 1e6,
                     rate / 1e9, per_second(report, report.tally.acknowledged),
                     per_second(report, report.records())));
    line("latency", latency_text(report.tally.latency));
    line("cpu", fmt::format("driver {}, broker {}",
                            cpu_text(per_gigabyte(report, report.driver_cpu)), broker));
    line("errors", errors_text(report));
    return text;
}

std::string to_json(const ProduceReport& report) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    print_load(json, report);
    print_figures(json, report);
    json.key("errors");
    print_errors(json, report.tally);
    json.key("failure");
    report.failure ? json.string(*report.failure) : json.null();
    json.end_object();
    return text;
}

}  // namespace hw::perf
