#include "tools/perf/report.h"

#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/client/words.h"

namespace hw::perf {
namespace {

double seconds(std::chrono::nanoseconds span) {
    return std::chrono::duration<double>(span).count();
}

double milliseconds(std::chrono::nanoseconds span) {
    return seconds(span) * 1e3;
}

double per_second(const LoadReport& report, std::uint64_t count) {
    return report.elapsed.count() > 0 ? static_cast<double>(count) / seconds(report.elapsed) : 0;
}

/// CPU seconds per 10^9 acknowledged bytes; none without bytes.
std::optional<double> per_gigabyte(const LoadReport& report,
                                   std::optional<std::chrono::nanoseconds> cpu) {
    if (!cpu || report.tally.bytes == 0) {
        return std::nullopt;
    }
    return seconds(*cpu) / (static_cast<double>(report.tally.bytes) / 1e9);
}

std::string latency_text(const LatencyHistogram& latency) {
    if (latency.count() == 0) {
        return "not measured";
    }
    return fmt::format("p50 {:.3f} ms, p99 {:.3f} ms, p99.9 {:.3f} ms, max {:.3f} ms",
                       milliseconds(latency.quantile(0.5)), milliseconds(latency.quantile(0.99)),
                       milliseconds(latency.quantile(0.999)), milliseconds(latency.max()));
}

std::string cpu_text(std::optional<double> cpu) {
    return cpu ? fmt::format("{:.3f} s/GB", *cpu) : "not measured";
}

std::string errors_text(const LoadReport& report) {
    std::string text = report.failure.value_or("");
    for (const auto& [code, count] : report.tally.refused) {
        text += fmt::format("{}{} in {}", text.empty() ? "" : "; ", code,
                            client::counted(count, "request"));
    }
    return text.empty() ? "none" : text;
}

/// "3 answers with 1024 bytes and 2 records"
std::string amount_text(const Tally& tally) {
    return fmt::format("{} with {} and {}", client::counted(tally.acknowledged, "answer"),
                       client::counted(tally.bytes, "byte"),
                       client::counted(tally.records, "record"));
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
    json.key("p999");
    json.float64(milliseconds(latency.quantile(0.999)));
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
    json.float64(seconds(report.elapsed));
}

void print_figures(schema::JsonPrinter& json, const LoadReport& report) {
    json.key("megabytesPerSecond");
    json.float64(per_second(report, report.tally.bytes) / 1e6);
    json.key("requestsPerSecond");
    json.float64(per_second(report, report.tally.acknowledged));
    json.key("recordsPerSecond");
    json.float64(per_second(report, report.tally.records));
    json.key("latencyMs");
    print_latency(json, report.tally.latency);
    json.key("driverCpuSecondsPerGb");
    print_optional(json, per_gigabyte(report, report.driver_cpu));
    json.key("brokerCpuSecondsPerGb");
    print_optional(json, per_gigabyte(report, report.broker_cpu));
}

/// Index of utime in /proc/PID/stat (proc(5)), counted from the field after the name; stime
/// follows.
constexpr int kUserTimeField = 11;

}  // namespace

std::string to_text(const LoadReport& report) {
    const double rate = per_second(report, report.tally.bytes);
    const std::string broker = cpu_text(per_gigabyte(report, report.broker_cpu));
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
                                 seconds(report.elapsed)));
    } else {
        line("received",
             fmt::format("{} in {:.3f} s", amount_text(report.tally), seconds(report.elapsed)));
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
                     rate / 1e9, per_second(report, report.tally.acknowledged),
                     per_second(report, report.tally.records)));
    line("latency", latency_text(report.tally.latency));
    line("cpu", fmt::format("driver {}, broker {}",
                            cpu_text(per_gigabyte(report, report.driver_cpu)), broker));
    line("errors", errors_text(report));
    return text;
}

std::string to_json(const LoadReport& report) {
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

std::chrono::nanoseconds own_cpu() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Result<std::chrono::nanoseconds> cpu_of(std::int64_t pid) {
    const std::string path = fmt::format("/proc/{}/stat", pid);
    std::ifstream file(path);
    if (!file) {
        return fail(ErrorKind::not_found, "cannot read {}; is {} the pid of the broker?", path,
                    pid);
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto ticks = cpu_ticks(text);
    if (!ticks) {
        return fail(ticks.error().kind, "{}: {}", path, ticks.error().message);
    }
    return std::chrono::nanoseconds(std::chrono::seconds(*ticks)) / ::sysconf(_SC_CLK_TCK);
}

Result<std::int64_t> cpu_ticks(std::string_view stat) {
    // The name is in parentheses and may hold anything, blanks and parentheses too.
    std::size_t at = stat.rfind(") ");
    for (int field = 0; field <= kUserTimeField && at != std::string_view::npos; ++field) {
        at = stat.find(' ', at + 1);
    }
    if (at == std::string_view::npos) {
        return fail(ErrorKind::corrupt, "it has too few fields");
    }
    const char* end = stat.data() + stat.size();
    std::int64_t user = 0;
    std::int64_t system = 0;
    const auto first = std::from_chars(stat.data() + at + 1, end, user);
    if (first.ec != std::errc{} || first.ptr == end ||
        std::from_chars(first.ptr + 1, end, system).ec != std::errc{}) {
        return fail(ErrorKind::corrupt, "utime and stime are not numbers");
    }
    return user + system;
}

}  // namespace hw::perf
