#include "broker/command_line.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/address.h"
#include "config/command_line.h"

namespace hw::broker {
namespace {

using config::Arguments;

constexpr std::string_view kDev = "dev";
constexpr std::string_view kFormat = "format";
constexpr std::string_view kRandomUuid = "random-uuid";

constexpr std::string_view kIntro =
    R"(highwater: a partitioned, replicated log broker that speaks the Kafka protocol

Usage:
  highwater COMMAND [OPTIONS]
  highwater COMMAND --help    the options of a command, with examples
  highwater --version         the version
)";

constexpr std::string_view kOutro =
    R"(Try:
  highwater dev &
  kcat -b 127.0.0.1:9092 -L

Exit status: 0 done, or stopped on request; 1 failed; 2 wrong command line.
)";

constexpr std::string_view kDevHelp =
    R"(Usage: highwater dev [OPTIONS]

Starts a cluster for trying things out: three nodes in one process, each broker and controller. By
default only this machine can connect to it. New topics have a replica on each node. Node 2 listens
on the ports of node 1 plus 2, node 3 on those plus 4.

With --nodes 1 it is one node, and a topic has one replica. Two nodes are not possible, because a
quorum of two survives no failure, and three are enough to try replication. Existing data decides
the number: that of three nodes is in DIR/node1, DIR/node2 and DIR/node3, that of one node in DIR.

The nodes share highwater.memory.limit, and the event loops of the process.

Examples:
  highwater dev
  highwater dev --data-dir /tmp/highwater --fresh
  highwater dev --listen 127.0.0.1:19092 --controller-listen 127.0.0.1:19093 --set num.partitions=3
  highwater dev --nodes 1 --data-dir /tmp/one-node
)";

constexpr std::string_view kServerHelp =
    R"(Usage: highwater server [OPTIONS]

Starts a broker that is configured by a file, as in production. It reads Kafka's server.properties
unchanged, and warns of each key that has no effect. It refuses to start when the file has a
misspelt key, an invalid value, or a key that asks for security, which is not supported yet.
Without a file it starts a single node with the default of every key, which listens on all
interfaces.

Examples:
  highwater server --config config/samples/server.properties
  highwater server --config server.properties --set log.dirs=/srv/highwater
)";

constexpr std::string_view kFormatHelp =
    R"(Usage: highwater format --cluster-id ID --config FILE [OPTIONS]

Formats the data directories of a node (log.dirs and metadata.log.dir) for the cluster ID. A cluster
of several controllers needs it once on every controller, before its first start, with the same ID.
A cluster with one controller needs no format step: its nodes make their directories at the start.

It writes Kafka's files: meta.properties, and on a controller also the bootstrap checkpoint, which
says with which metadata.version the cluster begins, and quorum-state, which holds the vote of the
controller. It changes nothing when a directory belongs to another cluster or node, or is formatted
already; with --ignore-formatted it keeps those and formats the others. Do not format a controller
again that lost its directory while the other controllers may need its vote: it looks like a new
one.

Examples:
  highwater random-uuid
  highwater format --cluster-id q1Sh-9_ISia_zwGINzRvyQ --config server.properties
)";

constexpr std::string_view kRandomUuidHelp =
    R"(Usage: highwater random-uuid

Prints a new random id: 22 letters, digits, '-' and '_', as Kafka prints its ids. It does not begin
with '-'. It can be the id of a new cluster.

Examples:
  highwater random-uuid
)";

std::string default_data_directory(const Surroundings& around, std::string_view name) {
    return around.is_root || !around.home ? fmt::format("/var/lib/{}", name)
                                          : fmt::format("{}/.local/share/{}", *around.home, name);
}

config::Command dev_command(const Surroundings& around) {
    return {.name = kDev,
            .summary = "start three nodes for trying things out, by default for this machine only",
            .help = kDevHelp,
            .options = {{.name = "nodes",
                         .letter = 'n',
                         .value_name = "N",
                         .help = "number of nodes: 1 or 3; by default as many as the data is of, "
                                 "else 3"},
                        {.name = "listen",
                         .letter = 'l',
                         .value_name = "HOST:PORT",
                         .help = "where clients connect to node 1; port 0 means any free port",
                         .default_value = "127.0.0.1:9092"},
                        {.name = "controller-listen",
                         .value_name = "HOST:PORT",
                         .help = "where the controller of node 1 listens; port 0 means any free "
                                 "port",
                         .default_value = "127.0.0.1:9093"},
                        {.name = "data-dir",
                         .letter = 'd',
                         .value_name = "DIR",
                         .help = "where the data is kept",
                         .default_value = default_data_directory(around, "highwater-dev")},
                        {.name = "fresh", .help = "delete existing data before starting"},
                        {.name = "set",
                         .value_name = "KEY=VALUE",
                         .help = "set a configuration key; may be given several times",
                         .is_repeatable = true}}};
}

config::Command server_command() {
    return {.name = "server",
            .summary = "start a broker that is configured by a file, as in production",
            .help = kServerHelp,
            .options = {{.name = "config",
                         .letter = 'c',
                         .value_name = "FILE",
                         .help = "the configuration, such as Kafka's server.properties"},
                        {.name = "set",
                         .value_name = "KEY=VALUE",
                         .help = "set a key and ignore its value in the file; may be given several "
                                 "times",
                         .is_repeatable = true}}};
}

config::Command format_command() {
    return {
        .name = kFormat,
        .summary = "format the data directories of a node, for a cluster of several controllers",
        .help = kFormatHelp,
        .options = {{.name = "cluster-id",
                     .letter = 't',
                     .value_name = "ID",
                     .help = "the id of the cluster, the same on all of its nodes"},
                    {.name = "config",
                     .letter = 'c',
                     .value_name = "FILE",
                     .help = "the configuration of the node"},
                    {.name = "ignore-formatted",
                     .letter = 'g',
                     .help = "keep the directories that are formatted already"},
                    {.name = "set",
                     .value_name = "KEY=VALUE",
                     .help = "set a key and ignore its value in the file; may be given several "
                             "times",
                     .is_repeatable = true}}};
}

config::Command random_uuid_command() {
    return {.name = kRandomUuid,
            .summary = "print a random id, for a new cluster",
            .help = kRandomUuidHelp};
}

/// An error in the arguments of `command`; the message ends with a pointer to the help.
template <class... Args>
std::unexpected<Error> complain_of(std::string_view command, fmt::format_string<Args...> text,
                                   Args&&... args) {
    return fail(ErrorKind::invalid, "highwater {0}: {1}; see 'highwater {0} --help'", command,
                fmt::format(text, std::forward<Args>(args)...));
}

template <class... Args>
std::unexpected<Error> complain(fmt::format_string<Args...> text, Args&&... args) {
    return complain_of(kDev, text, std::forward<Args>(args)...);
}

Result<config::Address> address_of(const Arguments& arguments, const char* option) {
    const std::string& text = arguments.value(option);
    auto address = config::parse_address(text);
    if (!address) {
        return complain("--{} '{}' {}", option, text, address.error().message);
    }
    return address;
}

Result<std::optional<std::size_t>> node_count_of(const Arguments& arguments) {
    if (!arguments.has("nodes")) {
        return std::nullopt;
    }
    const std::string& text = arguments.value("nodes");
    if (text == "1") {
        return 1;
    }
    if (text == std::to_string(kDevNodes)) {
        return kDevNodes;
    }
    return complain(
        "--nodes '{}' must be 1 or {}: a quorum of two survives no failure, and three nodes "
        "are enough to try replication",
        text, kDevNodes);
}

Result<std::string> data_directory_of(const Arguments& arguments) {
    const std::string& data = arguments.value("data-dir");
    const bool is_path = std::ranges::all_of(
        data, [](char each) { return each != ',' && static_cast<unsigned char>(each) >= ' '; });
    if (data.empty() || !is_path) {
        return complain("--data-dir '{}' must be one path, without commas or line ends", data);
    }
    return data;
}

Result<DevOptions> dev_options(const Arguments& arguments) {
    HW_TRY(nodes, node_count_of(arguments));
    HW_TRY(listen, address_of(arguments, "listen"));
    HW_TRY(controller_listen, address_of(arguments, "controller-listen"));
    HW_TRY(data_dir, data_directory_of(arguments));
    return DevOptions{
        .listen = listen,
        .controller_listen = controller_listen,
        .data_dir = data_dir,
        .nodes = nodes,
        .overrides = arguments.values("set"),
        .old_data = arguments.has("fresh") ? ExistingData::wiped : ExistingData::kept};
}

ServerCommand server_of(const Arguments& arguments, const Surroundings& around) {
    ServerCommand server{.config_file = {},
                         .overrides = arguments.values("set"),
                         .default_log_dir = default_data_directory(around, "highwater")};
    if (arguments.has("config")) {
        server.config_file = arguments.value("config");
    }
    return server;
}

Result<FormatCommand> format_of(const Arguments& arguments, const Surroundings& around) {
    for (const char* option : {"cluster-id", "config"}) {
        if (!arguments.has(option)) {
            return complain_of(kFormat, "--{} is missing", option);
        }
    }
    return FormatCommand{.config_file = arguments.value("config"),
                         .overrides = arguments.values("set"),
                         .default_log_dir = default_data_directory(around, "highwater"),
                         .cluster_id = arguments.value("cluster-id"),
                         .formatted = arguments.has("ignore-formatted")
                                          ? FormattedDirectories::kept
                                          : FormattedDirectories::refused};
}

/// The command line that runs `command`.
Result<CommandLine> command_of(std::string_view command, const Arguments& arguments,
                               const Surroundings& around) {
    if (command == kRandomUuid) {
        return CommandLine{.text = {}, .wants_uuid = true};
    }
    if (command == kFormat) {
        HW_TRY(format, format_of(arguments, around));
        return CommandLine{.text = {}, .format = std::move(format)};
    }
    if (command == kDev) {
        HW_TRY(dev, dev_options(arguments));
        return CommandLine{.text = {}, .dev = std::move(dev)};
    }
    return CommandLine{.text = {}, .server = server_of(arguments, around)};
}

}  // namespace

Result<CommandLine> read_command_line(std::span<const std::string> arguments,
                                      const Surroundings& around) {
    const config::Program program{.name = "highwater",
                                  .version = HW_VERSION,
                                  .intro = kIntro,
                                  .outro = kOutro,
                                  .commands = {dev_command(around), server_command(),
                                               format_command(), random_uuid_command()}};
    HW_TRY(invocation, config::read_arguments(program, arguments));
    if (invocation.command == nullptr) {
        return CommandLine{.text = std::move(invocation.text)};
    }
    return command_of(invocation.command->name, invocation.arguments, around);
}

}  // namespace hw::broker
