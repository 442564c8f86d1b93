#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <tuple>

#include <fmt/format.h>

#include "tools/cli/acks_option.h"
#include "tools/cli/cluster_options.h"
#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/report.h"
#include "tools/cli/whole_number.h"
#include "tools/client/wire_error.h"
#include "tools/perf/produce_load.h"
#include "tools/perf/target.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kName = "perf produce";
constexpr std::string_view kHelp =
    R"(Usage: hw perf produce [OPTIONS]

Sends batches that are encoded once over a few connections, and says how fast and at what cost they
were acknowledged. All requests carry the same random bytes, so that the brokers are measured and
not this program; its own CPU time is printed too, and with --pid that of a broker on this machine.
The records stay: delete the topic when you are done. Ctrl-C ends the sending, not the report.
--timeout is for finding or making the topic; under load a broker may be silent for 30 s.

Examples:
  hw perf produce --seconds 30
  hw perf produce --topic load --partitions 12 --bytes 1000000000
  hw perf produce --record-size 100 --batch-size 1 --acks 1    # one record a request
  hw perf produce -o ndjson --pid $(pidof highwater)
)";

constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
constexpr std::int64_t kPebibyte = std::int64_t{1} << 50;
constexpr std::int64_t kDay = 86400;
/// Short, because the time from the start of a broker to its first answer is measured with it.
constexpr std::chrono::milliseconds kWaitPause{1};

/// An option with a whole number, and where the number goes.
struct NumberOption {
    const char* name;
    const char* value_name;
    std::int64_t low;
    std::int64_t high;
    const char* help;
    void (*set)(perf::ProduceOptions& options, std::int64_t value);
};

constexpr auto kNumbers = std::to_array<NumberOption>({
    {"partitions", "N", 1, 10000, "of a topic that is made (1)",
     [](auto& options, auto value) { options.partitions = static_cast<std::int32_t>(value); }},
    {"connections", "N", 1, 10000, "in all (8)",
     [](auto& options, auto value) { options.connections = static_cast<std::size_t>(value); }},
    {"in-flight", "N", 1, 1000, "requests a connection (5)",
     [](auto& options, auto value) { options.in_flight = static_cast<std::size_t>(value); }},
    {"record-size", "BYTES", 1, kGibibyte, "of each value (1024)",
     [](auto& options, auto value) { options.record_size = static_cast<std::size_t>(value); }},
    {"batch-size", "BYTES", 1, kGibibyte, "at most, but one record at least (65536)",
     [](auto& options, auto value) { options.batch_size = static_cast<std::size_t>(value); }},
    {"bytes", "BYTES", 1, kPebibyte, "of batches to send in all, rounded up to whole ones",
     [](auto& options, auto value) { options.bytes = static_cast<std::uint64_t>(value); }},
    {"seconds", "N", 1, kDay, "to send for, instead of --bytes (10)",
     [](auto& options, auto value) { options.seconds = std::chrono::seconds(value); }},
    {"pid", "PID", 1, kGibibyte, "of a broker, to report the CPU time it used",
     [](auto& options, auto value) { options.broker_pid = value; }},
});

void add_options(po::options_description& options) {
    options.add_options()(
        "topic,t", po::value<std::string>()->value_name("NAME")->default_value("perf-produce"),
        "made when it is missing")("durability",
                                   po::value<std::string>()->value_name("MODE")->default_value(""),
                                   "highwater.durability of a topic that is made: memory or disk");
    for (const NumberOption& number : kNumbers) {
        options.add_options()(number.name, po::value<std::string>()->value_name(number.value_name),
                              number.help);
    }
    options.add_options()("wait",
                          po::value<std::string>()->value_name("SECONDS")->default_value("0"),
                          "for a broker that is just starting");
    add_acks_option(options);
    add_output_option(options);
    add_cluster_options(options);
}

Result<perf::ProduceOptions> parse_options(const Arguments& arguments) {
    const auto acks = acks_of(arguments);
    if (!acks) {
        return std::unexpected(acks.error());
    }
    perf::ProduceOptions options{.topic = arguments.options["topic"].as<std::string>(),
                                 .durability = arguments.options["durability"].as<std::string>(),
                                 .acks = *acks};
    if (!options.durability.empty() && options.durability != "memory" &&
        options.durability != "disk") {
        return fail(ErrorKind::invalid, "--durability '{}' is neither memory nor disk",
                    options.durability);
    }
    for (const NumberOption& option : kNumbers) {
        if (!arguments.options.contains(option.name)) {
            continue;
        }
        const auto number = whole_number(arguments, option.name, option.low, option.high);
        if (!number) {
            return std::unexpected(number.error());
        }
        option.set(options, *number);
    }
    if (options.bytes && options.seconds) {
        return fail(ErrorKind::invalid, "--bytes and --seconds exclude each other: give one");
    }
    if (!options.bytes && !options.seconds) {
        options.seconds = std::chrono::seconds(10);
    }
    return options;
}

Result<client::Client> connect_waiting(const Arguments& arguments) {
    const auto wait = whole_number(arguments, "wait", 0, kDay);
    if (!wait) {
        return std::unexpected(wait.error());
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(*wait);
    while (true) {
        auto client = connect(arguments);
        const bool is_starting = !client && client.error().kind == ErrorKind::closed;
        if (!is_starting || std::chrono::steady_clock::now() >= deadline) {
            return client;
        }
        std::this_thread::sleep_for(kWaitPause);
    }
}

/// A load, and whether the user ended it.
struct Measured {
    perf::ProduceReport report;
    bool is_interrupted = false;
};

Result<Measured> measure(const Arguments& arguments) {
    auto options = parse_options(arguments);
    if (!options) {
        return std::unexpected(options.error());
    }
    auto client = connect_waiting(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    const auto target = perf::find_target(*client, *options);
    if (!target) {
        return std::unexpected(target.error());
    }
    // Only now: what comes before owes no report, and Ctrl-C may end it.
    const Interrupt interrupt;
    options->stop_descriptor = interrupt.descriptor();
    auto report = perf::run_load(*options, *target);
    if (!report) {
        return std::unexpected(report.error());
    }
    return Measured{std::move(*report), interrupt.is_raised()};
}

/// What helps a load against a code; empty where that is the same for all requests.
std::string_view advice_on(wire::ErrorCode code) {
    switch (code) {
        case wire::ErrorCode::message_too_large:
            return "a batch is over the topic's max.message.bytes; give a smaller --record-size or "
                   "--batch-size, or a --topic that takes more";
        case wire::ErrorCode::unknown_topic_or_partition:
            return "it was deleted meanwhile; the next run makes it again";
        default:
            return "";
    }
}

/// Why not all was acknowledged: what ended the run, or the code that most requests were given.
Error main_reason(const perf::ProduceReport& report) {
    if (report.failure) {
        return {ErrorKind::io, *report.failure};
    }
    const auto most = std::ranges::max_element(report.tally.refused, {},
                                               [](const auto& refused) { return refused.second; });
    return client::error_of(most->first, fmt::format("topic '{}'", report.topic),
                            advice_on(most->first));
}

ExitCode run(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kName, format.error());
    }
    const auto measured = measure(arguments);
    if (!measured) {
        return report(kName, measured.error());
    }
    if (*format == OutputFormat::text) {
        fmt::print("{}", perf::to_text(measured->report));
    } else {
        JsonItems items(*format);
        items.add(perf::to_json(measured->report));
        items.finish();
    }
    if (measured->is_interrupted) {
        std::ignore = flush_output();
        remark(
            fmt::format("hw {}: interrupted: the report is of what was done until then\n", kName));
        return ExitCode::interrupted;
    }
    if (!measured->report.all_acknowledged()) {
        report(kName, main_reason(measured->report));
        return ExitCode::failed;
    }
    return ExitCode::ok;
}

}  // namespace

Command perf_produce() {
    return {.name = kName,
            .summary = "measure how fast records are taken",
            .help = kHelp,
            .operands = {},
            .add_options = add_options,
            .run = run};
}

}  // namespace hw::cli
