#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "protocol/base/duration_text.h"
#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/partition_text.h"
#include "tools/cli/report.h"
#include "tools/client/cluster_admin.h"

namespace hw::cli {
namespace {

constexpr std::string_view kInfo = "cluster info";
constexpr std::string_view kInfoHelp =
    R"(Usage: hw cluster info [OPTIONS]

Shows the cluster: its id, the controller that leads the metadata quorum and its epoch, the voters
of the quorum, and the brokers as 'hw cluster brokers' does.

Examples:
  hw cluster info
  hw cluster info -o json
)";

constexpr std::string_view kBrokers = "cluster brokers";
constexpr std::string_view kBrokersHelp =
    R"(Usage: hw cluster brokers [OPTIONS]

Shows the brokers of the cluster: id, address for clients, rack and state. A broker is 'alive' while
it sends heartbeats to the controller; otherwise it is 'fenced' and leads no partition.

Examples:
  hw cluster brokers
  hw cluster brokers -o ndjson
)";

constexpr std::string_view kQuorum = "cluster quorum";
constexpr std::string_view kQuorumHelp =
    R"(Usage: hw cluster quorum [OPTIONS]

Shows the metadata quorum, as its leader sees it: the leader, its epoch, the high watermark (the
end of what a majority has on disk), and for each node that copies the metadata log:
  ROLE       leader, voter or observer
  END        the end of its log
  LAG        the number of records that the leader has and it does not
  FETCHED    the time since it last asked for records
  CAUGHT UP  the time since it last had everything

Examples:
  hw cluster quorum
  hw cluster quorum -o json
)";

/// Connects and calls `show` with the client and the output format.
template <class Show>
ExitCode run(std::string_view command, const Arguments& arguments, Show show) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(command, format.error());
    }
    auto client = connect(arguments);
    if (!client) {
        return report(command, client.error());
    }
    const Result<void> shown = show(*client, *format);
    return shown ? ExitCode::ok : report(command, shown.error());
}

// --- Brokers

void put_broker(schema::JsonPrinter& json, const client::BrokerView& broker) {
    json.begin_object();
    json.key("broker");
    json.number(broker.id.value());
    json.key("host");
    json.string(broker.address.host);
    json.key("port");
    json.number(broker.address.port);
    json.key("rack");
    if (broker.rack.empty()) {
        json.null();
    } else {
        json.string(broker.rack);
    }
    json.key("fenced");
    json.boolean(broker.is_fenced);
    json.end_object();
}

std::string broker_json(const client::BrokerView& broker) {
    std::string text;
    schema::JsonPrinter json(text);
    put_broker(json, broker);
    return text;
}

std::string brokers_table(const client::NodesView& nodes) {
    Table table({"BROKER", "ADDRESS", "RACK", "STATE"});
    for (const client::BrokerView& broker : nodes.brokers) {
        table.add({fmt::format("{}", broker.id),
                   fmt::format("{}:{}", broker.address.host, broker.address.port),
                   broker.rack.empty() ? "-" : broker.rack, broker.is_fenced ? "fenced" : "alive"});
    }
    return table.text();
}

Result<void> show_brokers(client::Client& client, OutputFormat format) {
    HW_TRY(nodes, client::describe_nodes(client));
    if (format != OutputFormat::text) {
        JsonItems items(format);
        for (const client::BrokerView& broker : nodes.brokers) {
            items.add(broker_json(broker));
        }
        items.finish();
    } else {
        fmt::print("Cluster  {}\n", nodes.cluster_id);
        fmt::print("{}", brokers_table(nodes));
    }
    warn_if_cut_off(kBrokers, client);
    return {};
}

// --- Quorum

const char* role_of(const client::QuorumView& quorum, const client::QuorumReplica& replica) {
    if (replica.id == quorum.leader && replica.is_voter) {
        return "leader";
    }
    return replica.is_voter ? "voter" : "observer";
}

/// The number of records that `replica` does not have; -1: not known.
std::int64_t lag_of(const client::QuorumView& quorum, const client::QuorumReplica& replica) {
    return replica.end_offset == kNoOffset
               ? -1
               : quorum.replicas.front().end_offset - replica.end_offset;
}

std::string ago(Timestamp when, Timestamp now) {
    if (when == kNoTimestamp) {
        return "never";
    }
    const std::chrono::milliseconds age(std::max<std::int64_t>(now - when, 0));
    return short_duration(age);
}

std::string quorum_json(const client::QuorumView& quorum) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("leader");
    json.number(quorum.leader.value());
    json.key("leaderEpoch");
    json.number(quorum.epoch.value());
    json.key("highWatermark");
    json.number(quorum.high_watermark.value());
    json.key("replicas");
    json.begin_array();
    for (const client::QuorumReplica& replica : quorum.replicas) {
        json.begin_object();
        json.key("node");
        json.number(replica.id.value());
        json.key("role");
        json.string(role_of(quorum, replica));
        json.key("logEndOffset");
        json.number(replica.end_offset.value());
        json.key("lag");
        json.number(lag_of(quorum, replica));
        json.key("lastFetchTimestamp");
        json.number(replica.last_fetch.value());
        json.key("lastCaughtUpTimestamp");
        json.number(replica.last_caught_up.value());
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return text;
}

Result<void> show_quorum(client::Client& client, OutputFormat format) {
    HW_TRY(quorum, client::describe_quorum(client));
    if (format != OutputFormat::text) {
        JsonItems items(format);
        items.add(quorum_json(quorum));
        items.finish();
        return {};
    }
    // The leader fetches from nobody: the time of its answer stands there.
    const Timestamp now =
        quorum.replicas.empty() ? kNoTimestamp : quorum.replicas.front().last_fetch;
    fmt::print("Leader          {}\n", quorum.leader);
    fmt::print("Epoch           {}\n", quorum.epoch);
    fmt::print("High watermark  {}\n", quorum.high_watermark);
    Table table({"NODE", "ROLE", "END", "LAG", "FETCHED", "CAUGHT UP"});
    for (const client::QuorumReplica& replica : quorum.replicas) {
        const bool is_leader = replica.id == quorum.leader && replica.is_voter;
        const std::int64_t lag = lag_of(quorum, replica);
        table.add({fmt::format("{}", replica.id), role_of(quorum, replica),
                   lag < 0 ? "-" : fmt::format("{}", replica.end_offset),
                   lag < 0 ? "-" : fmt::format("{}", lag),
                   is_leader ? "-" : ago(replica.last_fetch, now),
                   is_leader ? "-" : ago(replica.last_caught_up, now)});
    }
    fmt::print("{}", table.text());
    return {};
}

// --- Info

std::vector<BrokerId> voters_of(const client::QuorumView& quorum) {
    std::vector<BrokerId> voters;
    for (const client::QuorumReplica& replica : quorum.replicas) {
        if (replica.is_voter) {
            voters.push_back(replica.id);
        }
    }
    std::ranges::sort(voters);
    return voters;
}

std::string info_json(const client::NodesView& nodes, const Result<client::QuorumView>& quorum) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("clusterId");
    json.string(nodes.cluster_id);
    json.key("controller");
    json.number(quorum ? quorum->leader.value() : kNoBroker.value());
    json.key("controllerEpoch");
    json.number(quorum ? quorum->epoch.value() : kNoLeaderEpoch.value());
    put_ids(json, "voters", quorum ? voters_of(*quorum) : std::vector<BrokerId>());
    json.key("brokers");
    json.begin_array();
    for (const client::BrokerView& broker : nodes.brokers) {
        put_broker(json, broker);
    }
    json.end_array();
    json.end_object();
    return text;
}

void print_info(const client::NodesView& nodes, const Result<client::QuorumView>& quorum) {
    const auto fenced = std::ranges::count_if(nodes.brokers, &client::BrokerView::is_fenced);
    fmt::print("Cluster     {}\n", nodes.cluster_id);
    fmt::print("Controller  {}\n",
               quorum ? fmt::format("{} (epoch {})", quorum->leader, quorum->epoch) : "-");
    fmt::print("Voters      {}\n", quorum ? ids_text(voters_of(*quorum)) : "-");
    fmt::print("Brokers     {}, {} fenced\n", nodes.brokers.size(), fenced);
    fmt::print("{}", brokers_table(nodes));
}

/// Without a controller the rest is still shown.
Result<void> show_info(client::Client& client, OutputFormat format) {
    HW_TRY(nodes, client::describe_nodes(client));
    const auto quorum = client::describe_quorum(client);
    if (format == OutputFormat::text) {
        print_info(nodes, quorum);
    } else {
        JsonItems items(format);
        items.add(info_json(nodes, quorum));
        items.finish();
    }
    return quorum ? Result<void>()
                  : fail(quorum.error().kind,
                         "the controller and the voters are not known, and brokers may have died "
                         "since their state was known: {}",
                         quorum.error().message);
}

}  // namespace

Command cluster_info() {
    return {.spec = {.name = kInfo,
                     .summary = "show the cluster: its id, controller and brokers",
                     .help = kInfoHelp,
                     .options = with_cluster_options({output_option()})},
            .run = [](const Arguments& arguments) { return run(kInfo, arguments, show_info); }};
}

Command cluster_brokers() {
    return {
        .spec = {.name = kBrokers,
                 .summary = "show the brokers and which of them are alive",
                 .help = kBrokersHelp,
                 .options = with_cluster_options({output_option()})},
        .run = [](const Arguments& arguments) { return run(kBrokers, arguments, show_brokers); }};
}

Command cluster_quorum() {
    return {.spec = {.name = kQuorum,
                     .summary = "show the metadata quorum: its leader and how far its nodes are",
                     .help = kQuorumHelp,
                     .options = with_cluster_options({output_option()})},
            .run = [](const Arguments& arguments) { return run(kQuorum, arguments, show_quorum); }};
}

}  // namespace hw::cli
