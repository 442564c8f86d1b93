#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/partition_text.h"
#include "tools/cli/report.h"
#include "tools/client/topic_configs.h"

namespace hw::cli {
namespace {

constexpr std::string_view kList = "topic list";
constexpr std::string_view kListHelp =
    R"(Usage: hw topic list [OPTIONS]

Shows the topics of the cluster, sorted by name, with the number of their partitions and replicas.

Examples:
  hw topic list
  hw topic list -o ndjson
)";

std::string topic_json(const client::TopicView& topic) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(topic.name);
    json.key("id");
    json.uuid(topic.id.value());
    json.key("internal");
    json.boolean(topic.internal);
    json.key("partitions");
    json.number(topic.partitions.size());
    json.key("replicationFactor");
    json.number(topic.replication_factor());
    json.end_object();
    return text;
}

void print_json(const std::vector<client::TopicView>& topics, OutputFormat format) {
    JsonItems items(format);
    for (const client::TopicView& topic : topics) {
        items.add(topic_json(topic));
    }
    items.finish();
}

void print_table(const std::vector<client::TopicView>& topics) {
    Table table({"TOPIC", "PARTITIONS", "REPLICAS"});
    for (const client::TopicView& topic : topics) {
        table.add({topic.name, std::to_string(topic.partitions.size()),
                   std::to_string(topic.replication_factor())});
    }
    fmt::print("{}", table.text());
}

ExitCode list(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kList, format.error());
    }
    auto client = connect(arguments);
    if (!client) {
        return report(kList, client.error());
    }
    const auto cluster = client->describe_all();
    if (!cluster) {
        return report(kList, cluster.error());
    }
    if (*format == OutputFormat::text) {
        print_table(cluster->topics);
    } else {
        print_json(cluster->topics, *format);
    }
    return ExitCode::ok;
}

constexpr std::string_view kDescribe = "topic describe";
constexpr std::string_view kDescribeHelp =
    R"(Usage: hw topic describe [OPTIONS] [TOPIC...]

Shows the named topics, or all of them: id, the settings of the topic itself, and for each partition
its leader, the brokers that have a replica, those that are in sync (ISR), and those whose replica
is offline: the broker is fenced, or the log directory has failed.

Examples:
  hw topic create orders payments
  hw topic describe orders
  hw topic describe -o json orders payments
)";

/// A topic and its settings; no settings when the broker does not serve DescribeConfigs.
struct Description {
    client::TopicView topic;
    std::optional<std::vector<client::Setting>> settings;
};

std::string description_json(const Description& description) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(description.topic.name);
    json.key("id");
    json.uuid(description.topic.id.value());
    json.key("internal");
    json.boolean(description.topic.internal);
    if (description.settings) {
        json.key("configs");
        json.begin_array();
        for (const auto& [name, value] : *description.settings) {
            json.begin_object();
            json.key("name");
            json.string(name);
            json.key("value");
            json.string(value);
            json.end_object();
        }
        json.end_array();
    }
    json.key("partitions");
    json.begin_array();
    for (const client::PartitionView& partition : description.topic.partitions) {
        json.begin_object();
        put_partition(json, partition);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return text;
}

void print_text(const Description& description) {
    const client::TopicView& topic = description.topic;
    fmt::print("Topic        {}\n", topic.name);
    fmt::print("Id           {}\n", topic.id.value());
    fmt::print("Partitions   {}\n", topic.partitions.size());
    fmt::print("Replication  {}\n", topic.replication_factor());
    if (description.settings) {
        std::vector<std::string> settings;
        for (const auto& [name, value] : *description.settings) {
            settings.push_back(fmt::format("{}={}", name, value));
        }
        fmt::print("Configs      {}\n",
                   settings.empty() ? "-" : fmt::format("{}", fmt::join(settings, ", ")));
    }
    Table table(partition_titles());
    for (const client::PartitionView& partition : topic.partitions) {
        table.add(partition_row(partition));
    }
    fmt::print("{}\n", table.text());
}

Result<Description> describe(client::Client& client, const client::TopicView& topic) {
    if (topic.error) {
        return std::unexpected(*topic.error);
    }
    Description description{topic, {}};
    if (client.serves(schema::ApiKey::describe_configs)) {
        HW_TRY(settings, client::topic_settings(client, topic.name));
        description.settings = std::move(settings);
    }
    return description;
}

ExitCode describe_all(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kDescribe, format.error());
    }
    auto client = connect(arguments);
    if (!client) {
        return report(kDescribe, client.error());
    }
    const auto& names = arguments.operands();
    const auto cluster = names.empty() ? client->describe_all() : client->describe(names);
    if (!cluster) {
        return report(kDescribe, cluster.error());
    }
    Tally tally(kDescribe);
    JsonItems items(*format);
    for (const client::TopicView& topic : cluster->topics) {
        const auto description = describe(*client, topic);
        if (!description) {
            tally.fail(description.error());
            continue;
        }
        tally.succeed();
        if (*format == OutputFormat::text) {
            print_text(*description);
        } else {
            items.add(description_json(*description));
        }
    }
    items.finish();
    warn_if_cut_off(kDescribe, *client);
    return tally.exit_code();
}

}  // namespace

Command topic_list() {
    return {.spec = {.name = kList,
                     .summary = "show the topics",
                     .help = kListHelp,
                     .options = with_cluster_options({output_option()})},
            .run = list};
}

Command topic_describe() {
    return {.spec = {.name = kDescribe,
                     .summary = "show topics and where their partitions are",
                     .help = kDescribeHelp,
                     .options = with_cluster_options({output_option()}),
                     .operands = {"TOPIC", 0, Operands::kAny}},
            .run = describe_all};
}

}  // namespace hw::cli
