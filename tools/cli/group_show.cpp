#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/group_lag_text.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/group_admin.h"
#include "tools/client/group_lag.h"

namespace hw::cli {
namespace {

constexpr std::string_view kList = "group list";
constexpr std::string_view kListHelp =
    R"(Usage: hw group list [OPTIONS]

Shows the groups of consumers: the state of each, and the broker that coordinates it. A group is
'Stable' when each member knows its partitions, 'PreparingRebalance' while its members join,
'CompletingRebalance' while their partitions are assigned, and 'Empty' without members.

Examples:
  hw group list
  hw group list -o ndjson
)";

constexpr std::string_view kDescribe = "group describe";
constexpr std::string_view kDescribeHelp =
    R"(Usage: hw group describe [OPTIONS] GROUP...

Shows groups of consumers: the members, and for each partition that the group has committed or that
a member has been assigned:
  COMMITTED  the offset where the group goes on; '-' without one
  END        the offset after the newest record that can be read
  LAG        the number of offsets between them
  LAG TIME   the age of the oldest unread record; 'hw group lag --help' says more
  MEMBER     who reads it now; '-' when nobody does

Examples:
  hw topic create orders --partitions 2
  hw group reset billing --topic orders --to beginning --yes
  hw group describe billing
  hw group describe billing -o json
)";

// --- Lists

void put_listed(schema::JsonPrinter& json, const client::ListedGroup& group) {
    json.begin_object();
    json.key("group");
    json.string(group.name);
    json.key("type");
    json.string(group.type);
    json.key("protocolType");
    json.string(group.protocol_type);
    json.key("state");
    json.string(group.state);
    json.key("coordinator");
    json.number(group.coordinator.value());
    json.end_object();
}

Result<ExitCode> list_groups(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    HW_TRY(list, client::list_groups(*client));
    Tally tally(kList);
    if (format != OutputFormat::text) {
        JsonItems items(format);
        for (const client::ListedGroup& group : list.groups) {
            std::string text;
            schema::JsonPrinter json(text);
            put_listed(json, group);
            items.add(text);
        }
        items.finish();
    } else if (list.groups.empty()) {
        fmt::print("There are no groups.\n");
    } else {
        Table table({"GROUP", "TYPE", "STATE", "COORDINATOR"});
        for (const client::ListedGroup& group : list.groups) {
            table.add({group.name, group.type, group.state, fmt::format("{}", group.coordinator)});
        }
        fmt::print("{}", table.text());
    }
    for (std::size_t i = 0; i < list.groups.size(); ++i) {
        tally.succeed();
    }
    for (const Error& failure : list.failures) {
        tally.fail(failure);
    }
    return tally.exit_code();
}

ExitCode list(const Arguments& arguments) {
    const auto code = list_groups(arguments);
    return code ? *code : report(kList, code.error());
}

// --- Descriptions

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

void print_text(const client::GroupLag& description) {
    const client::GroupView& group = description.group;
    fmt::print(
        "Group        {}\nState        {}\nProtocol     {}\nCoordinator  {}\nMembers      {}\n",
        group.name, group.state, or_dash(group.protocol), group.coordinator, group.members.size());
    if (!group.members.empty()) {
        Table members({"MEMBER", "INSTANCE", "CLIENT", "HOST", "PARTITIONS"});
        for (const client::GroupMember& member : group.members) {
            members.add({member.id, member.instance.value_or("-"), or_dash(member.client_id),
                         or_dash(member.host), fmt::format("{}", member.partitions.size())});
        }
        fmt::print("{}", members.text());
    }
    fmt::print("{}", partitions_text(description));
}

std::string json_of(const client::GroupLag& description) {
    const client::GroupView& group = description.group;
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("group");
    json.string(group.name);
    json.key("state");
    json.string(group.state);
    json.key("protocolType");
    json.string(group.protocol_type);
    json.key("protocol");
    json.string(group.protocol);
    json.key("coordinator");
    json.number(group.coordinator.value());
    json.key("members");
    json.begin_array();
    for (const client::GroupMember& member : group.members) {
        json.begin_object();
        json.key("member");
        json.string(member.id);
        json.key("instance");
        if (member.instance) {
            json.string(*member.instance);
        } else {
            json.null();
        }
        json.key("client");
        json.string(member.client_id);
        json.key("host");
        json.string(member.host);
        json.end_object();
    }
    json.end_array();
    put_partitions(json, description);
    json.end_object();
    return text;
}

Result<ExitCode> describe_groups(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    Tally tally(kDescribe);
    JsonItems items(format);
    bool is_first = true;
    for (const std::string& name : arguments.operands()) {
        const auto description = client::group_lag(*client, name);
        if (!description) {
            tally.fail(description.error());
            continue;
        }
        tally.succeed();
        if (format != OutputFormat::text) {
            items.add(json_of(*description));
        } else {
            fmt::print("{}", std::exchange(is_first, false) ? "" : "\n");
            print_text(*description);
        }
        report_gaps(kDescribe, *description, tally);
    }
    if (format != OutputFormat::text) {
        items.finish();
    }
    return tally.exit_code();
}

ExitCode describe(const Arguments& arguments) {
    const auto code = describe_groups(arguments);
    return code ? *code : report(kDescribe, code.error());
}

}  // namespace

Command group_list() {
    return {.spec = {.name = kList,
                     .summary = "show the groups of consumers",
                     .help = kListHelp,
                     .options = with_cluster_options({output_option()}),
                     .operands = {}},
            .run = list};
}

Command group_describe() {
    return {.spec = {.name = kDescribe,
                     .summary = "show members, committed offsets and lag of groups",
                     .help = kDescribeHelp,
                     .options = with_cluster_options({output_option()}),
                     .operands = {"GROUP", 1, Operands::kAny}},
            .run = describe};
}

}  // namespace hw::cli
