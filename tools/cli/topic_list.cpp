#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/cli/cluster_options.h"
#include "tools/cli/commands.h"
#include "tools/cli/report.h"
#include "tools/cli/table.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kName = "topic list";
constexpr std::string_view kHelp =
    R"(Usage: hw topic list [OPTIONS]

Shows the topics of the cluster, by name, with the number of their partitions and replicas.

Examples:
  hw topic list
  hw topic list -o ndjson
)";

void add_options(po::options_description& options) {
    add_output_option(options);
    add_cluster_options(options);
}

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
    Table table({"NAME", "PARTITIONS", "REPLICAS"});
    for (const client::TopicView& topic : topics) {
        table.add({topic.name, std::to_string(topic.partitions.size()),
                   std::to_string(topic.replication_factor())});
    }
    fmt::print("{}", table.text());
}

ExitCode run(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kName, format.error());
    }
    auto client = connect(arguments);
    if (!client) {
        return report(kName, client.error());
    }
    const auto cluster = client->describe_all();
    if (!cluster) {
        return report(kName, cluster.error());
    }
    if (*format == OutputFormat::text) {
        print_table(cluster->topics);
    } else {
        print_json(cluster->topics, *format);
    }
    return ExitCode::ok;
}

}  // namespace

Command topic_list() {
    return {.name = kName,
            .summary = "show the topics",
            .help = kHelp,
            .operands = {},
            .add_options = add_options,
            .run = run};
}

}  // namespace hw::cli
