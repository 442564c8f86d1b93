#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/partition_description.h"
#include "tools/cli/report.h"

namespace hw::cli {
namespace {

constexpr std::string_view kDescribe = "partition describe";
constexpr std::string_view kDescribeHelp =
    R"(Usage: hw partition describe [OPTIONS] TOPIC [PARTITION]

Shows a partition, or all partitions of a topic, as the leader sees them: the leader's epoch, the
replicas (the first is the preferred leader), those in sync (ISR), and the offsets of the leader's
log. Consumers can read below the high watermark. Then, for each replica:
  END        the end of the records that the leader knows to be in its log
  LAG        the number of records that the leader has and it does not
  FETCHED    the time since it last asked the leader for records
  CAUGHT UP  the time since its last fetch that showed it to have all records
Sentences say why a replica is not in sync, why the high watermark is below the log end, and which
writes are refused.
Brokers other than Highwater's do not tell the state of replicas.

Examples:
  hw topic create orders
  echo hello | hw produce orders --partition 0
  hw partition describe orders
  hw partition describe orders 0 -o json
)";

/// The operand PARTITION, if it is given. Errors: invalid.
Result<std::optional<std::int64_t>> wanted_partition(const std::vector<std::string>& operands) {
    if (operands.size() < 2) {
        return std::nullopt;
    }
    HW_TRY(number, whole_number("PARTITION", operands[1], 0));
    return number;
}

/// The partition `wanted` of a topic, or all. Errors: not_found, those of Client::topic.
Result<std::vector<PartitionDescription>> find_partitions(client::Client& client,
                                                          const std::string& name,
                                                          std::optional<std::int64_t> wanted) {
    HW_TRY(topic, client.topic(name));
    std::vector<PartitionDescription> partitions;
    for (const client::PartitionView& partition : topic.partitions) {
        if (!wanted || partition.index.value() == *wanted) {
            PartitionDescription& found = partitions.emplace_back();
            found.name = {name, partition.index};
            found.partition = partition;
        }
    }
    if (partitions.empty()) {
        return std::unexpected(client::unknown_partition(topic, fmt::format("{}", *wanted)));
    }
    return partitions;
}

/// Asks the leader of a broker without DescribeReplicas for the ends of the log. Errors: those of
/// offset_at.
Result<void> add_offsets(client::Client& client, PartitionDescription& partition) {
    HW_TRY(earliest, client::offset_at(client, partition.name, client::kLogStart));
    HW_TRY(latest, client::offset_at(client, partition.name, client::kLogEnd));
    partition.earliest = earliest;
    partition.latest = latest;
    return {};
}

void add_states(client::Client& client, std::vector<PartitionDescription>& partitions) {
    std::vector<PartitionIndex> led;
    for (const PartitionDescription& partition : partitions) {
        if (partition.partition.leader != kNoBroker) {
            led.push_back(partition.name.partition);
        }
    }
    const auto states = client::partition_states(client, partitions.front().name.topic, led);
    for (PartitionDescription& partition : partitions) {
        const auto found = states.find(partition.name.partition);
        if (found == states.end()) {
            partition.error = {ErrorKind::busy,
                               fmt::format("partition {} has no leader, so its offsets and the lag "
                                           "of its replicas are not known; it gets one when a "
                                           "broker with a replica in the ISR is alive again",
                                           client::to_string(partition.name))};
        } else if (found->second) {
            partition.take(*found->second);
        } else {
            partition.error = found->second.error();
        }
    }
}

/// For brokers that do not tell the state of replicas. Returns the number of their partitions.
std::size_t fall_back_to_offsets(client::Client& client,
                                 std::vector<PartitionDescription>& partitions) {
    std::size_t count = 0;
    for (PartitionDescription& partition : partitions) {
        if (!partition.error || partition.error->kind != ErrorKind::unsupported) {
            continue;
        }
        ++count;
        const auto added = add_offsets(client, partition);
        partition.error = added ? std::nullopt : std::optional(added.error());
    }
    return count;
}

void print(const std::vector<PartitionDescription>& partitions, OutputFormat format) {
    if (format != OutputFormat::text) {
        JsonItems items(format);
        for (const PartitionDescription& partition : partitions) {
            items.add(json_of(partition));
        }
        items.finish();
        return;
    }
    std::string_view separator;
    for (const PartitionDescription& partition : partitions) {
        fmt::print("{}{}", separator, text_of(partition));
        separator = "\n";
    }
}

/// Errors: those before the partitions are found.
Result<ExitCode> describe(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    const std::vector<std::string>& operands = arguments.operands();
    HW_TRY(wanted, wanted_partition(operands));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    HW_TRY(partitions, find_partitions(*client, operands.front(), wanted));
    add_states(*client, partitions);
    const std::size_t without_lag = fall_back_to_offsets(*client, partitions);
    // What the cluster knows is shown even if the leader does not answer.
    print(partitions, format);
    if (without_lag > 0) {
        warn(kDescribe,
             "the lag of replicas is not available here: only Highwater's brokers tell "
             "it");
    }
    Tally tally(kDescribe);
    for (const PartitionDescription& partition : partitions) {
        if (partition.error) {
            tally.fail(*partition.error);
        } else {
            tally.succeed();
        }
    }
    return tally.exit_code();
}

ExitCode run(const Arguments& arguments) {
    const auto code = describe(arguments);
    return code ? *code : report(kDescribe, code.error());
}

}  // namespace

Command partition_describe() {
    return {.spec = {.name = kDescribe,
                     .summary = "show partitions: their offsets, replicas and lag",
                     .help = kDescribeHelp,
                     .options = with_cluster_options({output_option()}),
                     .operands = {"TOPIC [PARTITION]", 1, 2}},
            .run = run};
}

}  // namespace hw::cli
