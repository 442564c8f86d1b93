#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/command.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/client.h"
#include "tools/perf/tally.h"

/// What the commands of `hw perf` share: options with numbers, connecting, printing the report.
namespace hw::cli {

inline constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
inline constexpr std::int64_t kDay = 86400;
inline constexpr std::int64_t kMaxConnections = 10000;

/// An option with a whole number, and where the number goes.
template <class Load>
struct NumberOption {
    const char* name;
    const char* value_name;
    std::int64_t low;
    std::int64_t high;
    const char* help;
    void (*set)(Load& load, std::int64_t value);
};

template <class Load>
constexpr NumberOption<Load> connections_option(const char* help) {
    return {"connections", "N", 1, kMaxConnections, help, [](Load& load, std::int64_t value) {
                load.connections = static_cast<std::size_t>(value);
            }};
}

template <class Load>
constexpr NumberOption<Load> seconds_option(const char* help) {
    return {"seconds",
            "N",
            1,
            kDay,
            help,
            [](Load& load, std::int64_t value) { load.seconds = std::chrono::seconds(value); }};
}

template <class Load>
constexpr NumberOption<Load> pid_option(
    const char* help = "process id of a broker, to report its CPU time") {
    return {"pid",     "PID", 1,
            kGibibyte, help,  [](Load& load, std::int64_t value) { load.broker_pid = value; }};
}

/// Adds them to the options of a command.
template <std::size_t N, class Load>
void add_numbers(std::vector<Option>& options, const std::array<NumberOption<Load>, N>& numbers) {
    for (const NumberOption<Load>& number : numbers) {
        options.push_back(
            {.name = number.name, .value_name = number.value_name, .help = number.help});
    }
}

/// Stores the numbers that were given. Errors: invalid.
template <std::size_t N, class Load>
[[nodiscard]] Result<void> take_numbers(const Arguments& arguments,
                                        const std::array<NumberOption<Load>, N>& numbers,
                                        Load& load) {
    for (const NumberOption<Load>& option : numbers) {
        if (!arguments.has(option.name)) {
            continue;
        }
        HW_TRY(number, whole_number(arguments, option.name, option.low, option.high));
        option.set(load, number);
    }
    return {};
}

/// `own`, followed by the options of every command of `hw perf`.
[[nodiscard]] std::vector<Option> with_perf_options(std::vector<Option> own);

/// The topic of a load that creates it.
[[nodiscard]] std::vector<Option> new_topic_options(std::string_view default_topic);
/// highwater.durability of that topic; empty if it was not given. Errors: invalid.
[[nodiscard]] Result<std::string> durability_of(const Arguments& arguments);

/// Connects, and tries again for as long as --wait says while nobody listens. Errors: as `connect`.
[[nodiscard]] Result<client::Client> connect_waiting(const Arguments& arguments);

/// The most frequent code, which explains best why a load was no success.
[[nodiscard]] wire::ErrorCode most_frequent(const perf::Refusals& refused);

template <class Report>
void print_report(OutputFormat format, const Report& report) {
    if (format == OutputFormat::text) {
        fmt::print("{}", to_text(report));
        return;
    }
    JsonItems items(format);
    items.add(to_json(report));
    items.finish();
}

/// The report of a load, and whether the user ended it.
template <class Report>
struct Measured {
    Report report;
    bool is_interrupted = false;
};

/// Runs a load with its `find_target` and `run_load`. Errors: those of both.
template <class Report, class Load>
[[nodiscard]] Result<Measured<Report>> measure(const Arguments& arguments, Load load) {
    HW_TRY(client, connect_waiting(arguments));
    HW_TRY(target, find_target(client, load));
    // Only now: before the load there is nothing to report, and Ctrl-C may end the process.
    const Interrupt interrupt;
    load.stop_descriptor = interrupt.descriptor();
    HW_TRY(report, run_load(load, target));
    return Measured<Report>{std::move(report), interrupt.is_raised()};
}

/// Runs a load that was parsed, and prints its report. `reason` says why a load was no success.
template <class Report, class Load>
[[nodiscard]] ExitCode run_and_print(std::string_view command, const Arguments& arguments,
                                     const Result<Load>& load, Error (*reason)(const Report&)) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(command, format.error());
    }
    if (!load) {
        return report(command, load.error());
    }
    const auto measured = measure<Report>(arguments, *load);
    if (!measured) {
        return report(command, measured.error());
    }
    print_report(*format, measured->report);
    if (measured->is_interrupted) {
        std::ignore = flush_output();
        remark(fmt::format("hw {}: interrupted: the report covers the time until then\n", command));
        return ExitCode::interrupted;
    }
    if (!measured->report.is_success()) {
        report(command, reason(measured->report));
        return ExitCode::failed;
    }
    return ExitCode::ok;
}

}  // namespace hw::cli
