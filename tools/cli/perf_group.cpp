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
#include "tools/perf/group_load.h"

namespace hw::cli {
namespace {

using perf::GroupOptions;
using perf::GroupProtocol;

constexpr std::string_view kGroup = "perf group";
constexpr std::string_view kGroupHelp =
    R"(Usage: hw perf group [OPTIONS]

Lets members join groups, and reports how long it took until the groups were stable. Then one more
member joins the first group (--add), and then one of its members falls silent (--crash), and it
reports how long it was until that group was stable again. In the end all members leave.

A group is stable when all its members are in the same generation or epoch and each partition has
exactly one owner, with equal shares. A step ends when all groups have been stable for --hold
seconds, which do not count. Members read no records: they join, send heartbeats, and give up and
take over partitions as their coordinator or their leader says.

After the first member of a classic group has joined, the broker waits for more members
(group.initial.rebalance.delay.ms). After a crash it waits for the end of the member's session:
--session-ms in the classic protocol, group.consumer.session.timeout.ms in the consumer protocol.
The times in the report include both.

A late heartbeat is one that was sent more than a tenth of the interval after it was due. A removed
member is one that the coordinator no longer knew. An overlap is a partition that was assigned to a
member while another one still had it: that must never happen, and the command fails. Ctrl-C lets
the members leave, and the report follows. The command gives up when the broker is silent for 30 s,
or when a step takes longer than --limit.

Examples:
  hw perf group
  hw perf group --protocol classic --members 1000 --add --crash
  hw perf group --protocol consumer --members 1000 --partitions 1000 --topic wide --add
  hw perf group --topic one --groups 10000 --members 1 --pid $(pidof highwater)    # their memory
)";

constexpr auto kGroupNumbers = std::to_array<NumberOption<GroupOptions>>({
    {"groups", "N", 1, 100'000, "number of groups (1)",
     [](auto& load, auto value) { load.groups = static_cast<std::size_t>(value); }},
    {"members", "N", 1, 10'000, "members of each group (100)",
     [](auto& load, auto value) { load.members = static_cast<std::size_t>(value); }},
    {"partitions", "N", 1, 10'000,
     "partitions of the topic, if it is created (as many as a group has members)",
     [](auto& load, auto value) { load.partitions = static_cast<std::int32_t>(value); }},
    connections_option<GroupOptions>(
        "connections that members share (as many as members, at most 64; for classic groups at "
        "most 1000, but one for each member of a group)"),
    {"session-ms", "MS", 1, 3'600'000, "session timeout of classic members (10000)",
     [](auto& load, auto value) { load.session = std::chrono::milliseconds(value); }},
    {"heartbeat-ms", "MS", 1, 3'600'000, "heartbeat interval of classic members (3000)",
     [](auto& load, auto value) { load.heartbeat = std::chrono::milliseconds(value); }},
    {"hold", "SECONDS", 0, kDay, "how long groups must be stable at each step (5)",
     [](auto& load, auto value) { load.hold = std::chrono::seconds(value); }},
    {"limit", "SECONDS", 1, kDay, "after which a step has failed (120)",
     [](auto& load, auto value) { load.step_max = std::chrono::seconds(value); }},
    pid_option<GroupOptions>("process id of a broker, to report its CPU time and memory"),
});

Result<GroupProtocol> protocol_of(const Arguments& arguments) {
    const std::string& name = arguments.value("protocol");
    if (name == "classic") {
        return GroupProtocol::classic;
    }
    if (name == "consumer") {
        return GroupProtocol::consumer;
    }
    return fail(ErrorKind::invalid, "--protocol '{}' must be consumer or classic", name);
}

Result<GroupOptions> parse_group(const Arguments& arguments) {
    HW_TRY(protocol, protocol_of(arguments));
    HW_TRY(durability, durability_of(arguments));
    GroupOptions load{.topic = arguments.value("topic"),
                      .durability = durability,
                      .protocol = protocol,
                      .group = arguments.value("group"),
                      .adds = arguments.has("add"),
                      .crashes = arguments.has("crash")};
    HW_TRY_VOID(take_numbers(arguments, kGroupNumbers, load));
    if (load.crashes && load.members == 1 && !load.adds) {
        return fail(ErrorKind::invalid,
                    "--crash leaves no member of a group of one: give --add or more --members");
    }
    // Before a request is sent; there may be more brokers than one.
    HW_TRY(connections, connections_of(load, 1));
    std::ignore = connections;
    return load;
}

Error reason_of(const perf::GroupReport& report) {
    if (report.failure) {
        return {ErrorKind::io, *report.failure};
    }
    return {ErrorKind::corrupt, fmt::format("{} had two owners at a time",
                                            client::counted(report.tally.overlaps, "partition"))};
}

}  // namespace

Command perf_group() {
    auto options = new_topic_options("perf-group");
    options.push_back({.name = "group",
                       .letter = 'g',
                       .value_name = "NAME",
                       .help = "groups are called NAME-0, NAME-1 and so on",
                       .default_value = "perf-group"});
    options.push_back({.name = "protocol",
                       .value_name = "NAME",
                       .help = "protocol of the groups: consumer or classic",
                       .default_value = "consumer"});
    add_numbers(options, kGroupNumbers);
    options.push_back({.name = "add", .help = "then let one more member join the first group"});
    options.push_back(
        {.name = "crash", .help = "then let a member of the first group fall silent"});
    return {.spec = {.name = kGroup,
                     .summary = "measure how fast groups become stable",
                     .help = kGroupHelp,
                     .options = with_perf_options(std::move(options))},
            .run = [](const Arguments& arguments) {
                return run_and_print(kGroup, arguments, parse_group(arguments), reason_of);
            }};
}

}  // namespace hw::cli
