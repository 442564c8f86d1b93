#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/schema/json_printer.h"
#include "tools/perf/tally.h"

/// Figures that several reports have, as text and as JSON.
namespace hw::perf {

[[nodiscard]] double in_seconds(std::chrono::nanoseconds span);
[[nodiscard]] double in_milliseconds(std::chrono::nanoseconds span);

/// 0 if no time has passed.
[[nodiscard]] double per_second(std::chrono::nanoseconds elapsed, std::uint64_t count);

/// "p50 1.000 ms, p99 2.000 ms, p99.9 3.000 ms, max 4.000 ms", or "not measured".
[[nodiscard]] std::string latency_text(const LatencyHistogram& latency);
/// An object with the same in milliseconds, or null.
void print_latency(schema::JsonPrinter& json, const LatencyHistogram& latency);

/// What went wrong in a load: "none", or why it ended early and the codes of refused requests.
[[nodiscard]] std::string errors_text(const std::optional<std::string>& failure,
                                      const Refusals& refused);
/// An object with the number of requests by code.
void print_errors(schema::JsonPrinter& json, const Refusals& refused);
/// Two fields: "errors", that object, and "failure", why a load ended early, or null.
void print_outcome(schema::JsonPrinter& json, const std::optional<std::string>& failure,
                   const Refusals& refused);

/// The number, or null.
void print_optional(schema::JsonPrinter& json, std::optional<double> value);

}  // namespace hw::perf
