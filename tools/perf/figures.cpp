#include "tools/perf/figures.h"

#include <fmt/format.h>

#include "tools/client/words.h"

namespace hw::perf {

double in_seconds(std::chrono::nanoseconds span) {
    return std::chrono::duration<double>(span).count();
}

double in_milliseconds(std::chrono::nanoseconds span) {
    return in_seconds(span) * 1e3;
}

double per_second(std::chrono::nanoseconds elapsed, std::uint64_t count) {
    return elapsed.count() > 0 ? static_cast<double>(count) / in_seconds(elapsed) : 0;
}

std::string latency_text(const LatencyHistogram& latency) {
    if (latency.count() == 0) {
        return "not measured";
    }
    return fmt::format("p50 {:.3f} ms, p99 {:.3f} ms, p99.9 {:.3f} ms, max {:.3f} ms",
                       in_milliseconds(latency.quantile(0.5)),
                       in_milliseconds(latency.quantile(0.99)),
                       in_milliseconds(latency.quantile(0.999)), in_milliseconds(latency.max()));
}

std::string errors_text(const std::optional<std::string>& failure, const Refusals& refused) {
    std::string text = failure.value_or("");
    for (const auto& [code, count] : refused) {
        text += fmt::format("{}{} in {}", text.empty() ? "" : "; ", code,
                            client::counted(count, "request"));
    }
    return text.empty() ? "none" : text;
}

void print_latency(schema::JsonPrinter& json, const LatencyHistogram& latency) {
    if (latency.count() == 0) {
        json.null();
        return;
    }
    json.begin_object();
    json.key("p50");
    json.float64(in_milliseconds(latency.quantile(0.5)));
    json.key("p99");
    json.float64(in_milliseconds(latency.quantile(0.99)));
    json.key("p999");
    json.float64(in_milliseconds(latency.quantile(0.999)));
    json.key("max");
    json.float64(in_milliseconds(latency.max()));
    json.end_object();
}

void print_optional(schema::JsonPrinter& json, std::optional<double> value) {
    value ? json.float64(*value) : json.null();
}

void print_errors(schema::JsonPrinter& json, const Refusals& refused) {
    json.begin_object();
    for (const auto& [code, count] : refused) {
        json.key(fmt::format("{}", code));
        json.number(count);
    }
    json.end_object();
}

void print_outcome(schema::JsonPrinter& json, const std::optional<std::string>& failure,
                   const Refusals& refused) {
    json.key("errors");
    print_errors(json, refused);
    json.key("failure");
    failure ? json.string(*failure) : json.null();
}

}  // namespace hw::perf
