#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/partition_filter.h"
#include "tools/cli/partition_text.h"
#include "tools/cli/report.h"
#include "tools/client/partition_io.h"
#include "tools/client/topic_configs.h"

namespace hw::cli {
namespace {

// --- List

constexpr std::string_view kList = "partition list";
constexpr std::string_view kListHelp =
    R"(Usage: hw partition list [OPTIONS]

Shows partitions: the leader and its epoch, the brokers that have a replica, those that are in sync
(ISR) and those that are offline. An option shows only the partitions with a problem:
  --under-replicated  a replica is not in the ISR: its broker is dead, or it has not caught up
  --under-min-isr     the ISR has fewer members than MIN ISR, so acks=all is refused. MIN ISR is
                      min.insync.replicas, but not more than the partition has replicas
  --offline           there is no leader, so the partition can be neither written nor read
The exit status is 0 whether there are such partitions or not.

Examples:
  hw topic create orders --partitions 3
  hw partition list
  hw partition list --topic orders --under-replicated
  hw partition list --under-min-isr -o json
)";
constexpr std::string_view kMinInsyncReplicas = "min.insync.replicas";

/// A partition to show. `min_isr` is there if the filter needs it.
struct Row {
    std::string topic;
    client::PartitionView partition;
    std::optional<std::size_t> min_isr;
};

std::string row_json(const Row& row) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(row.topic);
    put_partition(json, row.partition);
    if (row.min_isr) {
        json.key("minIsr");
        json.number(*row.min_isr);
    }
    json.end_object();
    return text;
}

void print_table(const std::vector<Row>& rows) {
    Table::Row titles = partition_titles();
    titles.insert(titles.begin(), "TOPIC");
    if (rows.front().min_isr) {
        titles.push_back("MIN ISR");
    }
    Table table(titles);
    for (const Row& row : rows) {
        Table::Row cells = partition_row(row.partition);
        cells.insert(cells.begin(), row.topic);
        if (row.min_isr) {
            cells.push_back(fmt::format("{}", *row.min_isr));
        }
        table.add(cells);
    }
    fmt::print("{}", table.text());
}

/// The value of min.insync.replicas of each topic. Topics without an answer are counted as
/// failures, and are not in the result. Errors: those of describe_topic_keys.
Result<std::map<std::string, std::int32_t>> min_insync_replicas(
    client::Client& client, const std::vector<std::string>& topics, Tally& tally) {
    HW_TRY(described, client::describe_topic_keys(client, topics, {&kMinInsyncReplicas, 1}));
    std::map<std::string, std::int32_t> numbers;
    for (const client::TopicKeys& each : described) {
        if (!each.keys) {
            tally.fail(each.keys.error());
            continue;
        }
        for (const client::TopicKey& key : *each.keys) {
            HW_TRY(number, whole_number(kMinInsyncReplicas, key.value.value_or(""), 1));
            numbers[each.topic] = static_cast<std::int32_t>(number);
        }
    }
    return numbers;
}

/// The partitions of `topics` that match. Errors: those of min_insync_replicas.
Result<std::vector<Row>> rows_of(client::Client& client,
                                 const std::vector<client::TopicView>& topics,
                                 PartitionFilter filter, Tally& tally) {
    std::map<std::string, std::int32_t> min_isr;
    const bool needs_min_isr = filter == PartitionFilter::under_min_isr;
    if (needs_min_isr) {
        std::vector<std::string> names;
        std::ranges::transform(topics, std::back_inserter(names), &client::TopicView::name);
        HW_TRY(numbers, min_insync_replicas(client, names, tally));
        min_isr = std::move(numbers);
    }
    std::vector<Row> rows;
    for (const client::TopicView& topic : topics) {
        const auto number = min_isr.find(topic.name);
        if (needs_min_isr && number == min_isr.end()) {
            continue;
        }
        for (const client::PartitionView& partition : topic.partitions) {
            const std::int32_t needed = needs_min_isr ? number->second : 0;
            if (matches(filter, partition, needed)) {
                Row& row = rows.emplace_back(topic.name, partition, std::nullopt);
                row.min_isr = needs_min_isr ? std::optional(isr_size_needed(partition, needed))
                                            : std::nullopt;
            }
        }
    }
    return rows;
}

/// Errors: those before the first partition.
Result<ExitCode> list_partitions(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    HW_TRY(filter, filter_of(arguments));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    const auto names = arguments.values("topic");
    HW_TRY(cluster, names.empty() ? client->describe_all() : client->describe(names));
    Tally tally(kList);
    std::vector<client::TopicView> topics;
    for (const client::TopicView& topic : cluster.topics) {
        if (topic.error) {
            tally.fail(*topic.error);
        } else {
            topics.push_back(topic);
        }
    }
    HW_TRY(rows, rows_of(*client, topics, filter, tally));
    if (!topics.empty()) {
        tally.succeed();
    }
    if (format != OutputFormat::text) {
        JsonItems items(format);
        for (const Row& row : rows) {
            items.add(row_json(row));
        }
        items.finish();
    } else if (!rows.empty()) {
        print_table(rows);
    } else if (tally.exit_code() == ExitCode::ok) {
        fmt::print("{}\n", none_matches(filter, names));
    }
    return tally.exit_code();
}

// --- Describe

constexpr std::string_view kDescribe = "partition describe";
constexpr std::string_view kDescribeHelp =
    R"(Usage: hw partition describe [OPTIONS] TOPIC PARTITION

Shows one partition: its leader and the leader's epoch, the brokers that have a replica (the first
is the preferred leader), those that are in sync (ISR) and those that are offline, the offset of the
earliest record, and the offset after the latest record that consumers can read.

Examples:
  hw topic create orders
  echo hello | hw produce orders --partition 0
  hw partition describe orders 0
  hw partition describe orders 0 -o json
)";

/// A partition with the ends of its log; none if its leader did not tell them.
struct Description {
    client::PartitionName name;
    client::PartitionView partition;
    std::optional<Offset> earliest;
    std::optional<Offset> latest;
};

void put_offset(schema::JsonPrinter& json, std::string_view name, std::optional<Offset> offset) {
    json.key(name);
    if (offset) {
        json.number(offset->value());
    } else {
        json.null();
    }
}

std::string description_json(const Description& description) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(description.name.topic);
    put_partition(json, description.partition);
    put_offset(json, "earliestOffset", description.earliest);
    put_offset(json, "latestOffset", description.latest);
    json.end_object();
    return text;
}

std::string offset_text(std::optional<Offset> offset) {
    return offset ? fmt::format("{}", *offset) : "-";
}

void print_text(const Description& description) {
    const client::PartitionView& partition = description.partition;
    fmt::print("Partition        {}\n", client::to_string(description.name));
    fmt::print("Leader           {}\n", leader_text(partition.leader));
    fmt::print("Epoch            {}\n", partition.leader_epoch);
    fmt::print("Replicas         {}\n", ids_text(partition.replicas));
    fmt::print("ISR              {}\n", ids_text(partition.in_sync));
    fmt::print("Offline          {}\n", ids_text(partition.offline));
    fmt::print("Earliest offset  {}\n", offset_text(description.earliest));
    fmt::print("Latest offset    {}\n", offset_text(description.latest));
}

/// Errors: not_found, those of Client::topic.
Result<Description> find_partition(client::Client& client, const std::string& name,
                                   std::int64_t number) {
    HW_TRY(topic, client.topic(name));
    for (const client::PartitionView& partition : topic.partitions) {
        if (partition.index.value() == number) {
            return Description{{name, partition.index}, partition, {}, {}};
        }
    }
    return std::unexpected(client::unknown_partition(topic, fmt::format("{}", number)));
}

/// Asks the leader for the ends of the log. Errors: busy (there is no leader), those of offset_at.
Result<void> add_offsets(client::Client& client, Description& description) {
    if (description.partition.leader == kNoBroker) {
        return fail(ErrorKind::busy,
                    "partition {} has no leader, so its offsets are not known; it gets one when a "
                    "replica in the ISR is in service again",
                    client::to_string(description.name));
    }
    HW_TRY(earliest, client::offset_at(client, description.name, client::kLogStart));
    HW_TRY(latest, client::offset_at(client, description.name, client::kLogEnd));
    description.earliest = earliest;
    description.latest = latest;
    return {};
}

/// Errors: those before the partition is found.
Result<ExitCode> describe_partition(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    const std::string& topic = arguments.operands()[0];
    HW_TRY(number, whole_number("PARTITION", arguments.operands()[1], 0));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    HW_TRY(description, find_partition(*client, topic, number));
    // What the cluster knows is shown even if the leader does not answer.
    const auto offsets = add_offsets(*client, description);
    if (format == OutputFormat::text) {
        print_text(description);
    } else {
        JsonItems items(format);
        items.add(description_json(description));
        items.finish();
    }
    return offsets ? ExitCode::ok : report(kDescribe, offsets.error());
}

/// Runs a command that reports its own failures once it has begun to print.
template <Result<ExitCode> (*kRun)(const Arguments&), const std::string_view& kName>
ExitCode run(const Arguments& arguments) {
    const auto code = kRun(arguments);
    return code ? *code : report(kName, code.error());
}

}  // namespace

Command partition_list() {
    std::vector<Option> options{{.name = "topic",
                                 .letter = 't',
                                 .value_name = "NAME",
                                 .help = "only this topic; may be given several times",
                                 .is_repeatable = true}};
    const auto filters = filter_options();
    options.insert(options.end(), filters.begin(), filters.end());
    options.push_back(output_option());
    return {.spec = {.name = kList,
                     .summary = "show partitions, or only those with a problem",
                     .help = kListHelp,
                     .options = with_cluster_options(std::move(options))},
            .run = run<list_partitions, kList>};
}

Command partition_describe() {
    return {.spec = {.name = kDescribe,
                     .summary = "show a partition with the offsets of its log",
                     .help = kDescribeHelp,
                     .options = with_cluster_options({output_option()}),
                     .operands = {"TOPIC PARTITION", 2, 2}},
            .run = run<describe_partition, kDescribe>};
}

}  // namespace hw::cli
