#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/perf_command.h"
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

constexpr std::string_view kTopic = "perf-produce";
constexpr std::int64_t kPebibyte = std::int64_t{1} << 50;
/// Maximum number of requests in flight; further ones wait in this program.
constexpr std::size_t kOpenWindow = 1000;

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

/// Fills in the options that say which topic to create and when a batch is acknowledged.
Result<ProduceOptions> parse_new_topic(const Arguments& arguments) {
    HW_TRY(acks, acks_of(arguments));
    HW_TRY(durability, durability_of(arguments));
    return ProduceOptions{
        .topic = arguments.value("topic"), .durability = durability, .acks = acks};
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
    const wire::ErrorCode code = most_frequent(report.tally.refused);
    return client::error_of(code, fmt::format("topic '{}'", report.topic), advice_on(code));
}

}  // namespace

Command perf_produce() {
    auto options = new_topic_options(kTopic);
    add_numbers(options, kProduceNumbers);
    options.push_back(acks_option());
    return {.spec = {.name = kProduce,
                     .summary = "measure how fast records are acknowledged",
                     .help = kProduceHelp,
                     .options = with_perf_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_and_print(kProduce, arguments, parse_produce(arguments), main_reason);
            }};
}

Command perf_fetch() {
    std::vector<Option> options{{.name = "topic",
                                 .letter = 't',
                                 .value_name = "NAME",
                                 .help = "topic to read",
                                 .default_value = std::string(kTopic)}};
    add_numbers(options, kFetchNumbers);
    return {.spec = {.name = kFetch,
                     .summary = "measure how fast records are read",
                     .help = kFetchHelp,
                     .options = with_perf_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_and_print(kFetch, arguments, parse_fetch(arguments), main_reason);
            }};
}

Command perf_latency() {
    auto options = new_topic_options(kTopic);
    add_numbers(options, kLatencyNumbers);
    options.push_back(acks_option());
    return {.spec = {.name = kLatency,
                     .summary = "measure how long single records take at a fixed rate",
                     .help = kLatencyHelp,
                     .options = with_perf_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_and_print(kLatency, arguments, parse_latency(arguments), main_reason);
            }};
}

}  // namespace hw::cli
