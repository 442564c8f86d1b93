#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/group_description.h"
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

Shows the groups of consumers: the protocol and the state of each, and the broker that coordinates
it. A group is 'Stable' when each member has its partitions, and 'Empty' without members. A group of
the type classic is 'PreparingRebalance' while its members join, and 'CompletingRebalance' while
their partitions are assigned. A group of the type consumer (KIP-848) is 'Assigning' while its
partitions are assigned, and 'Reconciling' while members give up and get partitions.

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
  MEMBER     who reads it now; '-' when nobody does, or it is about to change its member
Each member of a group of the type consumer has
  EPOCH       the assignment epoch that it has reached
  TO GIVE UP  its partitions that the assignment gives to others
  TO GET      partitions that the assignment gives to it, and that it does not have yet
While a group is rebalancing, the last lines say why, and which members it waits for.

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
            table.add({group.name, group.type, group.state.empty() ? "-" : group.state,
                       fmt::format("{}", group.coordinator)});
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
            fmt::print("{}", text_of(*description));
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
