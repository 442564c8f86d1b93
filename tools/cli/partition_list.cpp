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
#include "tools/client/topic_configs.h"

namespace hw::cli {
namespace {

constexpr std::string_view kList = "partition list";
constexpr std::string_view kListHelp =
    R"(Usage: hw partition list [OPTIONS]

Shows partitions: the leader and its epoch, the brokers that have a replica, those that are in sync
(ISR), and those whose replica is offline: the broker is fenced, or the log directory has failed. An
option shows only the partitions with a problem:
  --under-replicated  a replica is not in the ISR: it is offline, or it has not caught up
  --under-min-isr     the ISR has fewer members than MIN ISR, so acks=all is refused. MIN ISR is
                      min.insync.replicas, but not more than the partition has replicas
  --without-leader    there is no leader, so the partition can be neither written nor read
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
    warn_if_cut_off(kList, *client);
    return tally.exit_code();
}

ExitCode run(const Arguments& arguments) {
    const auto code = list_partitions(arguments);
    return code ? *code : report(kList, code.error());
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
            .run = run};
}

}  // namespace hw::cli
