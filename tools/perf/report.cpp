#include "tools/perf/report.h"

#include <chrono>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/client/words.h"
#include "tools/perf/figures.h"

namespace hw::perf {
namespace {

/// CPU seconds per 10^9 acknowledged bytes; none without bytes.
std::optional<double> per_gigabyte(const LoadReport& report,
                                   std::optional<std::chrono::nanoseconds> cpu) {
    if (!cpu || report.tally.bytes == 0) {
        return std::nullopt;
    }
    return in_seconds(*cpu) / (static_cast<double>(report.tally.bytes) / 1e9);
}

std::string cpu_text(std::optional<double> cpu) {
    return cpu ? fmt::format("{:.3f} s/GB", *cpu) : "not measured";
}

/// "3 answers with 1024 bytes and 2 records"
std::string amount_text(const Tally& tally) {
    return fmt::format("{} with {} and {}", client::counted(tally.acknowledged, "answer"),
                       client::counted(tally.bytes, "byte"),
                       client::counted(tally.records, "record"));
}

void print_amount(schema::JsonPrinter& json, const Tally& tally) {
    json.key("requests");
    json.number(tally.acknowledged);
    json.key("bytes");
    json.number(tally.bytes);
    json.key("records");
    json.number(tally.records);
}

void print_tail(schema::JsonPrinter& json, const std::optional<Tally>& tail) {
    if (!tail) {
        json.null();
        return;
    }
    json.begin_object();
    print_amount(json, *tail);
    json.end_object();
}

void print_load(schema::JsonPrinter& json, const LoadReport& report) {
    json.key("topic");
    json.string(report.topic);
    json.key("partitions");
    json.number(report.partitions);
    json.key("created");
    json.boolean(report.is_created);
    if (report.batch_size > 0) {
        json.key("batchBytes");
        json.number(report.batch_size);
        json.key("batchRecords");
        json.number(report.batch_records);
    }
    json.key("requestedRate");
    report.rate ? json.number(*report.rate) : json.null();
    print_amount(json, report.tally);
    json.key("tail");
    print_tail(json, report.tail);
    json.key("seconds");
    json.float64(in_seconds(report.costs.elapsed));
}

void print_figures(schema::JsonPrinter& json, const LoadReport& report) {
    json.key("megabytesPerSecond");
    json.float64(per_second(report.costs.elapsed, report.tally.bytes) / 1e6);
    json.key("requestsPerSecond");
    json.float64(per_second(report.costs.elapsed, report.tally.acknowledged));
    json.key("recordsPerSecond");
    json.float64(per_second(report.costs.elapsed, report.tally.records));
    json.key("latencyMs");
    print_latency(json, report.tally.latency);
    json.key("driverCpuSecondsPerGb");
    print_optional(json, per_gigabyte(report, report.costs.driver_cpu));
    json.key("brokerCpuSecondsPerGb");
    print_optional(json, per_gigabyte(report, report.costs.broker_cpu));
}

}  // namespace

std::string to_text(const LoadReport& report) {
    const double rate = per_second(report.costs.elapsed, report.tally.bytes);
    const std::string broker = cpu_text(per_gigabyte(report, report.costs.broker_cpu));
    std::string text;
    const auto line = [&text](std::string_view name, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "{:<12}{}\n", name, value);
    };
    line("topic", fmt::format("{}, partitions: {}, {}", report.topic, report.partitions,
                              report.is_created ? "created for this run" : "existed before"));
    if (report.batch_size > 0) {
        line("sent", fmt::format("{} of {} and {} in {:.3f} s",
                                 client::counted(report.tally.acknowledged, "request"),
                                 client::counted(report.batch_size, "byte"),
                                 client::counted(static_cast<std::uint64_t>(report.batch_records),
                                                 "record"),
                                 in_seconds(report.costs.elapsed)));
    } else {
        line("received", fmt::format("{} in {:.3f} s", amount_text(report.tally),
                                     in_seconds(report.costs.elapsed)));
    }
    if (report.tail) {
        line("tail", amount_text(*report.tail) + " read at the same time");
    }
    if (report.rate) {
        line("rate",
             fmt::format("{} requests/s requested; latency counts from the time when each was due",
                         *report.rate));
    }
    line("throughput",
         fmt::format("{:.1f} MB/s ({:.3f} GB/s), {:.0f} requests/s, {:.0f} records/s", rate / 1e6,
                     rate / 1e9, per_second(report.costs.elapsed, report.tally.acknowledged),
                     per_second(report.costs.elapsed, report.tally.records)));
    line("latency", latency_text(report.tally.latency));
    line("cpu", fmt::format("driver {}, broker {}",
                            cpu_text(per_gigabyte(report, report.costs.driver_cpu)), broker));
    line("errors", errors_text(report.failure, report.tally.refused));
    return text;
}

std::string to_json(const LoadReport& report) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    print_load(json, report);
    print_figures(json, report);
    print_outcome(json, report.failure, report.tally.refused);
    json.end_object();
    return text;
}

}  // namespace hw::perf
