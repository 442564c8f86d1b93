#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/command.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/words.h"
#include "tools/perf/load.h"
#include "tools/perf/target.h"

namespace hw::cli {
namespace {

constexpr std::string_view kProduce = "perf produce";
constexpr std::string_view kProduceHelp =
    R"(Usage: hw perf produce [OPTIONS]

Sends batches over a few connections as fast as they are acknowledged, and reports the throughput,
the latency and the CPU time. All requests carry the same random bytes, encoded once, so that the
brokers are measured and not this program. Its own CPU time is reported too, and with --pid that of
a broker on this machine. With --tail the records are read at the same time, and the run ends when
all of them were read. The records stay: delete the topic when you are done. Ctrl-C ends the
sending, and the report follows. --timeout applies to finding or creating the topic; once
the load runs, the command gives up when a broker is silent for 30 s.

Examples:
  hw perf produce --seconds 30
  hw perf produce --topic load --partitions 12 --bytes 1000000000 --tail 1
  hw perf produce --record-size 100 --batch-size 1 --acks 1    # one record per request
  hw perf produce -o ndjson --pid $(pidof highwater)
)";

constexpr std::string_view kFetch = "perf fetch";
constexpr std::string_view kFetchHelp =
    R"(Usage: hw perf fetch [OPTIONS]

Reads the records of a topic again and again, and reports the throughput, the latency and the CPU
time. Each connection reads one partition from its start to its end and starts over, one request at
a time; with more partitions than connections some are not read. After the first round a topic that
fits into the page cache is read from there. Records are counted, not checked.

Examples:
  hw perf produce --topic readable --partitions 8 --bytes 200000000
  hw perf fetch --topic readable --seconds 30
  hw perf fetch --topic readable --connections 1 --fetch-size 65536 --bytes 1000000000
)";

constexpr std::string_view kLatency = "perf latency";
constexpr std::string_view kLatencyHelp =
    R"(Usage: hw perf latency [OPTIONS]

Sends requests of one record at a fixed rate, and reports how long the answers took. A request is
sent when it is due, whether or not the earlier ones were answered, and its latency counts from the
time when it was due. So waiting behind a slow answer is part of the latency. The records stay:
delete the topic when you are done.

Examples:
  hw perf latency
  hw perf latency --rate 200 --seconds 60 --partitions 8 --connections 8
  hw perf latency --record-size 100 --acks 1 -o ndjson
)";

constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
constexpr std::int64_t kPebibyte = std::int64_t{1} << 50;
constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kMaxConnections = 10000;
/// Maximum number of requests in flight; further ones wait in this program.
constexpr std::size_t kOpenWindow = 1000;
/// Short, because --wait is used to measure how soon a starting broker answers.
constexpr std::chrono::milliseconds kWaitPause{1};

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
constexpr NumberOption<Load> pid_option() {
    return {"pid",
            "PID",
            1,
            kGibibyte,
            "process id of a broker, to report its CPU time",
            [](Load& load, std::int64_t value) { load.broker_pid = value; }};
}

using perf::FetchOptions;
using perf::ProduceOptions;

constexpr NumberOption<ProduceOptions> kPartitions{"partitions",
                                                   "N",
                                                   1,
                                                   10000,
                                                   "partitions of the topic, if it is created (1)",
                                                   [](ProduceOptions& load, std::int64_t value) {
                                                       load.partitions =
                                                           static_cast<std::int32_t>(value);
                                                   }};
constexpr NumberOption<ProduceOptions> kRecordSize{"record-size",
                                                   "BYTES",
                                                   1,
                                                   kGibibyte,
                                                   "size of each value (1024)",
                                                   [](ProduceOptions& load, std::int64_t value) {
                                                       load.record_size =
                                                           static_cast<std::size_t>(value);
                                                   }};

constexpr auto kProduceNumbers = std::to_array<NumberOption<ProduceOptions>>({
    kPartitions,
    connections_option<ProduceOptions>("number of connections (8)"),
    {"in-flight", "N", 1, 1000, "requests in flight per connection (5)",
     [](auto& load, auto value) { load.in_flight = static_cast<std::size_t>(value); }},
    kRecordSize,
    {"batch-size", "BYTES", 1, kGibibyte, "largest batch, which has at least one record (65536)",
     [](auto& load, auto value) { load.batch_size = static_cast<std::size_t>(value); }},
    {"bytes", "BYTES", 1, kPebibyte, "total size of batches to send, rounded up to whole ones",
     [](auto& load, auto value) { load.bytes = static_cast<std::uint64_t>(value); }},
    seconds_option<ProduceOptions>("how long to send, instead of --bytes (10)"),
    {"tail", "N", 1, kMaxConnections, "connections that read everything that is sent (none)",
     [](auto& load, auto value) { load.tails = static_cast<std::size_t>(value); }},
    pid_option<ProduceOptions>(),
});

constexpr auto kFetchNumbers = std::to_array<NumberOption<FetchOptions>>({
    connections_option<FetchOptions>("number of connections (8)"),
    {"fetch-size", "BYTES", 1, kGibibyte, "bytes to ask for in a request (1048576)",
     [](auto& load, auto value) { load.fetch_size = static_cast<std::int32_t>(value); }},
    {"bytes", "BYTES", 1, kPebibyte, "total size of batches to read",
     [](auto& load, auto value) { load.bytes = static_cast<std::uint64_t>(value); }},
    seconds_option<FetchOptions>("how long to read, instead of --bytes (10)"),
    pid_option<FetchOptions>(),
});

constexpr auto kLatencyNumbers = std::to_array<NumberOption<ProduceOptions>>({
    {"rate", "N", 1, 1'000'000, "requests per second (1000)",
     [](auto& load, auto value) { load.rate = static_cast<std::uint32_t>(value); }},
    kPartitions,
    connections_option<ProduceOptions>("number of connections, used in turn (1)"),
    kRecordSize,
    seconds_option<ProduceOptions>("how long to send (10)"),
    pid_option<ProduceOptions>(),
});

template <std::size_t N, class Load>
void add_numbers(std::vector<Option>& options, const std::array<NumberOption<Load>, N>& numbers) {
    for (const NumberOption<Load>& number : numbers) {
        options.push_back(
            {.name = number.name, .value_name = number.value_name, .help = number.help});
    }
}

/// Stores the numbers that were given. Errors: invalid.
template <std::size_t N, class Load>
Result<void> take_numbers(const Arguments& arguments,
                          const std::array<NumberOption<Load>, N>& numbers, Load& load) {
    for (const NumberOption<Load>& option : numbers) {
        if (!arguments.has(option.name)) {
            continue;
        }
        HW_TRY(number, whole_number(arguments, option.name, option.low, option.high));
        option.set(load, number);
    }
    return {};
}

std::vector<Option> topic_options(std::string_view help) {
    return {{.name = "topic",
             .letter = 't',
             .value_name = "NAME",
             .help = help,
             .default_value = "perf-produce"}};
}

/// Options for a load that creates its topic.
std::vector<Option> new_topic_options() {
    auto options = topic_options("topic to write to, created if it does not exist");
    options.push_back(
        {.name = "durability",
         .value_name = "MODE",
         .help = "highwater.durability of the topic, if it is created: memory or disk"});
    return options;
}

std::vector<Option> with_common_options(std::vector<Option> own) {
    own.push_back({.name = "wait",
                   .value_name = "SECONDS",
                   .help = "how long to wait for a broker that is just starting",
                   .default_value = "0"});
    own.push_back(output_option());
    return with_cluster_options(std::move(own));
}

/// Fills in the options that say which topic to create and when a batch is acknowledged.
Result<ProduceOptions> parse_new_topic(const Arguments& arguments) {
    HW_TRY(acks, acks_of(arguments));
    ProduceOptions load{.topic = arguments.value("topic"), .acks = acks};
    if (arguments.has("durability")) {
        load.durability = arguments.value("durability");
        if (load.durability != "memory" && load.durability != "disk") {
            return fail(ErrorKind::invalid, "--durability '{}' must be memory or disk",
                        load.durability);
        }
    }
    return load;
}

/// Checks that a load ends either by bytes or by time; by default after ten seconds. Errors:
/// invalid.
template <class Load>
Result<void> check_end(Load& load) {
    if (load.bytes && load.seconds) {
        return fail(ErrorKind::invalid, "--bytes and --seconds exclude each other: give only one");
    }
    if (!load.bytes && !load.seconds) {
        load.seconds = std::chrono::seconds(10);
    }
    return {};
}

Result<ProduceOptions> parse_produce(const Arguments& arguments) {
    auto load = parse_new_topic(arguments);
    if (!load) {
        return load;
    }
    HW_TRY_VOID(take_numbers(arguments, kProduceNumbers, *load));
    if (load->tails > 0 && load->acks == client::Acks::none) {
        return fail(ErrorKind::invalid,
                    "--tail needs acknowledgements to know what there is to read: give --acks 1 or "
                    "all");
    }
    HW_TRY_VOID(check_end(*load));
    return load;
}

Result<ProduceOptions> parse_latency(const Arguments& arguments) {
    auto load = parse_new_topic(arguments);
    if (!load) {
        return load;
    }
    if (load->acks == client::Acks::none) {
        return fail(ErrorKind::invalid,
                    "--acks 0 has no answers to measure the latency of: give 1 or all");
    }
    load->rate = 1000;
    load->connections = 1;
    load->in_flight = kOpenWindow;
    load->batch_size = 1;
    load->seconds = std::chrono::seconds(10);
    HW_TRY_VOID(take_numbers(arguments, kLatencyNumbers, *load));
    return load;
}

Result<FetchOptions> parse_fetch(const Arguments& arguments) {
    FetchOptions load{.topic = arguments.value("topic")};
    HW_TRY_VOID(take_numbers(arguments, kFetchNumbers, load));
    HW_TRY_VOID(check_end(load));
    return load;
}

Result<client::Client> connect_waiting(const Arguments& arguments) {
    HW_TRY(wait, whole_number(arguments, "wait", 0, kDay));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(wait);
    while (true) {
        auto client = connect(arguments);
        const bool is_starting = !client && client.error().kind == ErrorKind::closed;
        if (!is_starting || std::chrono::steady_clock::now() >= deadline) {
            return client;
        }
        std::this_thread::sleep_for(kWaitPause);
    }
}

/// The report of a load, and whether the user ended it.
struct Measured {
    perf::LoadReport report;
    bool is_interrupted = false;
};

template <class Load>
Result<Measured> measure(const Arguments& arguments, Load load) {
    HW_TRY(client, connect_waiting(arguments));
    HW_TRY(target, perf::find_target(client, load));
    // Only now: before the load there is nothing to report, and Ctrl-C may end the process.
    const Interrupt interrupt;
    load.stop_descriptor = interrupt.descriptor();
    HW_TRY(report, perf::run_load(load, target));
    return Measured{std::move(report), interrupt.is_raised()};
}

/// Advice on an error code that is specific to a load; empty if there is none.
std::string_view advice_on(wire::ErrorCode code) {
    switch (code) {
        case wire::ErrorCode::message_too_large:
            return "a batch is larger than the topic's max.message.bytes; give a smaller "
                   "--record-size or --batch-size, or a --topic that takes more";
        case wire::ErrorCode::unknown_topic_or_partition:
            return "it was deleted meanwhile; the next run creates it again";
        default:
            return "";
    }
}

/// Why not everything was acknowledged: the failure that ended the run, or the most frequent code.
Error main_reason(const perf::LoadReport& report) {
    if (report.failure) {
        return {ErrorKind::io, *report.failure};
    }
    const auto most_frequent = std::ranges::max_element(
        report.tally.refused, {}, [](const auto& refused) { return refused.second; });
    return client::error_of(most_frequent->first, fmt::format("topic '{}'", report.topic),
                            advice_on(most_frequent->first));
}

/// Runs a load that was parsed, and prints its report.
template <class Load>
ExitCode run_load(std::string_view command, const Arguments& arguments, const Result<Load>& load) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(command, format.error());
    }
    if (!load) {
        return report(command, load.error());
    }
    const auto measured = measure(arguments, *load);
    if (!measured) {
        return report(command, measured.error());
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
        remark(fmt::format("hw {}: interrupted: the report covers the time until then\n", command));
        return ExitCode::interrupted;
    }
    if (!measured->report.is_success()) {
        report(command, main_reason(measured->report));
        return ExitCode::failed;
    }
    return ExitCode::ok;
}

}  // namespace

Command perf_produce() {
    auto options = new_topic_options();
    add_numbers(options, kProduceNumbers);
    options.push_back(acks_option());
    return {.spec = {.name = kProduce,
                     .summary = "measure how fast records are acknowledged",
                     .help = kProduceHelp,
                     .options = with_common_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_load(kProduce, arguments, parse_produce(arguments));
            }};
}

Command perf_fetch() {
    auto options = topic_options("topic to read");
    add_numbers(options, kFetchNumbers);
    return {.spec = {.name = kFetch,
                     .summary = "measure how fast records are read",
                     .help = kFetchHelp,
                     .options = with_common_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_load(kFetch, arguments, parse_fetch(arguments));
            }};
}

Command perf_latency() {
    auto options = new_topic_options();
    add_numbers(options, kLatencyNumbers);
    options.push_back(acks_option());
    return {.spec = {.name = kLatency,
                     .summary = "measure how long single records take at a fixed rate",
                     .help = kLatencyHelp,
                     .options = with_common_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_load(kLatency, arguments, parse_latency(arguments));
            }};
}

}  // namespace hw::cli
