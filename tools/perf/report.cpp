#include "tools/perf/report.h"

#include <iterator>
#include <string_view>

#include <fmt/format.h>

namespace hw::perf {
namespace {

double seconds(std::chrono::nanoseconds span) {
    return std::chrono::duration<double>(span).count();
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
    const auto ms = [](std::chrono::nanoseconds span) { return seconds(span) * 1e3; };
    return fmt::format("p50 {:.3f} ms, p99 {:.3f} ms, max {:.3f} ms", ms(latency.quantile(0.5)),
                       ms(latency.quantile(0.99)), ms(latency.max()));
}

std::string cpu_text(std::optional<double> cpu) {
    return cpu ? fmt::format("{:.3f} s/GB", *cpu) : "not measured";
}

std::string errors_text(const ProduceReport& report) {
    std::string text = report.failure.value_or("");
    for (const auto& [code, count] : report.tally.refused) {
        text += fmt::format("{}{} in {} requests", text.empty() ? "" : "; ", code, count);
    }
    return text.empty() ? "none" : text;
}

/// A number, or null.
std::string json_number(std::optional<double> value) {
    return value ? fmt::format("{:.6g}", *value) : "null";
}

std::string json_string(std::string_view text) {
    std::string quoted = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            quoted += '\\';
            quoted += letter;
        } else if (static_cast<unsigned char>(letter) < 0x20) {
            quoted += fmt::format("\\u{:04x}", letter);
        } else {
            quoted += letter;
        }
    }
    return quoted + '"';
}

std::string json_errors(const Tally& tally) {
    std::string object;
    for (const auto& [code, count] : tally.refused) {
        object += fmt::format("{}\"{}\":{}", object.empty() ? "" : ",", code, count);
    }
    return "{" + object + "}";
}

std::string json_latency(const LatencyHistogram& latency) {
    if (latency.count() == 0) {
        return "null";
    }
    return fmt::format("{{\"p50\":{:.6g},\"p99\":{:.6g},\"max\":{:.6g}}}",
                       seconds(latency.quantile(0.5)) * 1e3, seconds(latency.quantile(0.99)) * 1e3,
                       seconds(latency.max()) * 1e3);
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
    line("sent", fmt::format("{} requests of {} bytes and {} records in {:.3f} s",
                             report.tally.acknowledged, report.batch_size, report.batch_records,
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
    std::string text = "{";
    const auto field = [&text](std::string_view name, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "{}\"{}\":{}", text.size() > 1 ? "," : "", name,
                       value);
    };
    field("topic", json_string(report.topic));
    field("partitions", std::to_string(report.partitions));
    field("created", report.created ? "true" : "false");
    field("batch_bytes", std::to_string(report.batch_size));
    field("batch_records", std::to_string(report.batch_records));
    field("requests", std::to_string(report.tally.acknowledged));
    field("bytes", std::to_string(report.bytes()));
    field("seconds", json_number(seconds(report.elapsed)));
    field("mb_per_s", json_number(per_second(report, report.bytes()) / 1e6));
    field("requests_per_s", json_number(per_second(report, report.tally.acknowledged)));
    field("records_per_s", json_number(per_second(report, report.records())));
    field("latency_ms", json_latency(report.tally.latency));
    field("driver_cpu_s_per_gb", json_number(per_gigabyte(report, report.driver_cpu)));
    field("broker_cpu_s_per_gb", json_number(per_gigabyte(report, report.broker_cpu)));
    field("errors", json_errors(report.tally));
    field("failure", report.failure ? json_string(*report.failure) : "null");
    return text + "}";
}

}  // namespace hw::perf
