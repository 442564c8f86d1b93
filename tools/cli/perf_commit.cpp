#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/perf_command.h"
#include "tools/cli/report.h"
#include "tools/client/words.h"
#include "tools/perf/commit_load.h"
#include "tools/perf/offset_scan.h"

namespace hw::cli {
namespace {

using perf::CommitOptions;
using perf::ScanOptions;

constexpr std::string_view kCommit = "perf commit";
constexpr std::string_view kCommitHelp =
    R"(Usage: hw perf commit [OPTIONS]

Commits offsets for groups as fast as they are acknowledged, and reports the throughput, the latency
and the CPU time. A commit is an OffsetCommit request for one group with an offset of each of
--partitions partitions of the topic. The groups have no members and take turns, so --requests equal
to --groups commits for each group once. The requests are encoded before the load and always carry
the same offsets. More requests in flight give more throughput, and a latency that is mostly
waiting. The offsets stay: delete the groups when you are done. 'hw perf offsets' reads them.

Examples:
  hw perf commit --seconds 30
  hw perf commit --topic ten --partitions 10 --in-flight 32 --pid $(pidof highwater)
  hw perf commit --connections 1 --in-flight 1                 # latency without waiting
  hw perf commit --topic many --groups 1000 --partitions 100 --requests 1000    # 100,000 offsets
)";

constexpr std::string_view kOffsets = "perf offsets";
constexpr std::string_view kOffsetsHelp =
    R"(Usage: hw perf offsets [OPTIONS]

Reads the offsets that 'hw perf commit' has committed, and reports how long it took until all groups
could be read. A broker that becomes the coordinator of groups, for example because it has just been
started, first reads their log. Until then it refuses to tell offsets, and the command asks again.
The times count from the connection to the broker, which --wait waits for. --timeout applies to
the whole command.

Examples:
  hw perf offsets
  hw perf offsets --groups 1000 --wait 60 --timeout 60      # begun before the broker is started
)";

constexpr auto kCommitNumbers = std::to_array<NumberOption<CommitOptions>>({
    {"groups", "N", 1, 100'000, "number of groups, which take turns (64)",
     [](auto& load, auto value) { load.groups = static_cast<std::size_t>(value); }},
    {"partitions", "N", 1, 10'000,
     "offsets in each request; the topic, if it is created, has as many partitions (1)",
     [](auto& load, auto value) { load.partitions = static_cast<std::int32_t>(value); }},
    connections_option<CommitOptions>("number of connections (64)"),
    {"in-flight", "N", 1, 1000, "requests in flight per connection (16)",
     [](auto& load, auto value) { load.in_flight = static_cast<std::size_t>(value); }},
    {"requests", "N", 1, kGibibyte, "number of requests to send",
     [](auto& load, auto value) { load.requests = static_cast<std::uint64_t>(value); }},
    seconds_option<CommitOptions>("how long to send, instead of --requests (10)"),
    pid_option<CommitOptions>(),
});

constexpr auto kOffsetNumbers = std::to_array<NumberOption<ScanOptions>>({
    {"groups", "N", 1, 100'000, "number of groups (64)",
     [](auto& load, auto value) { load.groups = static_cast<std::size_t>(value); }},
});

Option group_option() {
    return {.name = "group",
            .letter = 'g',
            .value_name = "NAME",
            .help = "groups are called NAME-0, NAME-1 and so on",
            .default_value = "perf-commit"};
}

Result<CommitOptions> parse_commit(const Arguments& arguments) {
    HW_TRY(durability, durability_of(arguments));
    CommitOptions load{.topic = arguments.value("topic"),
                       .durability = durability,
                       .group = arguments.value("group")};
    HW_TRY_VOID(take_numbers(arguments, kCommitNumbers, load));
    if (load.requests && load.seconds) {
        return fail(ErrorKind::invalid,
                    "--requests and --seconds exclude each other: give only one");
    }
    if (!load.requests && !load.seconds) {
        load.seconds = std::chrono::seconds(10);
    }
    return load;
}

Error reason_of(const perf::CommitReport& report) {
    if (report.failure) {
        return {ErrorKind::io, *report.failure};
    }
    return client::error_of(most_frequent(report.tally.refused),
                            fmt::format("topic '{}'", report.topic));
}

Result<perf::ScanReport> scan(const Arguments& arguments) {
    ScanOptions options{.group = arguments.value("group")};
    HW_TRY_VOID(take_numbers(arguments, kOffsetNumbers, options));
    HW_TRY(client, connect_waiting(arguments));
    return perf::scan_offsets(client, options);
}

ExitCode run_offsets(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kOffsets, format.error());
    }
    const auto scanned = scan(arguments);
    if (!scanned) {
        return report(kOffsets, scanned.error());
    }
    print_report(*format, *scanned);
    return ExitCode::ok;
}

}  // namespace

Command perf_commit() {
    auto options = new_topic_options("perf-commit");
    options.push_back(group_option());
    add_numbers(options, kCommitNumbers);
    return {.spec = {.name = kCommit,
                     .summary = "measure how fast offsets are committed",
                     .help = kCommitHelp,
                     .options = with_perf_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_and_print(kCommit, arguments, parse_commit(arguments), reason_of);
            }};
}

Command perf_offsets() {
    std::vector<Option> options{group_option()};
    add_numbers(options, kOffsetNumbers);
    return {.spec = {.name = kOffsets,
                     .summary = "measure how soon committed offsets can be read",
                     .help = kOffsetsHelp,
                     .options = with_perf_options(std::move(options))},
            .run = run_offsets};
}

}  // namespace hw::cli
