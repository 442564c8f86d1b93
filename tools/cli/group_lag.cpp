#include "tools/client/group_lag.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/command.h"
#include "tools/cli/group_lag_text.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/group_admin.h"
#include "tools/client/words.h"

namespace hw::cli {
namespace {

constexpr std::string_view kName = "group lag";
constexpr std::string_view kHelp =
    R"(Usage: hw group lag [OPTIONS] GROUP...
       hw group lag [OPTIONS] --all

Shows how far groups of consumers are behind: for each group the unread records in all, and the age
of the oldest one; then for each partition that the group has committed or reads:
  COMMITTED  the offset where the group goes on; '-' without one
  END        the offset after the newest record that can be read
  LAG        the number of offsets between them
  LAG TIME   the age of the oldest record that the group has not consumed: the time of the leader's
             clock less the timestamp of the record at COMMITTED; 0 if nothing is unread
  MEMBER     who reads it now; '-' when nobody does
Timestamps are those of the topic: set by producers, or by the broker (message.timestamp.type).
Brokers other than Highwater's do not tell them; there the lag is shown in records only.

Examples:
  hw topic create orders --partitions 2
  hw group reset billing --topic orders --to beginning --yes
  hw group lag billing
  hw group lag --all -o ndjson
)";

void print_text(const client::GroupLag& lag) {
    fmt::print("Group     {}\nState     {}\nLag       {}\nLag time  {}\n{}", lag.group.name,
               lag.group.state, client::counted(static_cast<std::uint64_t>(lag.lag()), "record"),
               age_text(lag.age()), partitions_text(lag));
}

std::string json_of(const client::GroupLag& lag) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    put_lag(json, lag);
    put_partitions(json, lag);
    json.end_object();
    return text;
}

/// The groups that the arguments name. Errors: invalid, those of list_groups.
Result<std::vector<std::string>> groups_of(client::Client& client, const Arguments& arguments,
                                           Tally& tally) {
    if (!arguments.has("all")) {
        return arguments.operands();
    }
    HW_TRY(list, client::list_groups(client));
    for (const Error& failure : list.failures) {
        tally.fail(failure);
    }
    std::vector<std::string> names;
    for (client::ListedGroup& group : list.groups) {
        names.push_back(std::move(group.name));
    }
    return names;
}

Result<ExitCode> show_lags(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    if (arguments.has("all") != arguments.operands().empty()) {
        return fail(ErrorKind::invalid, "give either the names of groups or --all");
    }
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    Tally tally(kName);
    HW_TRY(groups, groups_of(*client, arguments, tally));
    JsonItems items(format);
    bool is_first = true;
    for (const std::string& name : groups) {
        const auto lag = client::group_lag(*client, name);
        if (!lag) {
            tally.fail(lag.error());
            continue;
        }
        tally.succeed();
        if (format != OutputFormat::text) {
            items.add(json_of(*lag));
        } else {
            fmt::print("{}", std::exchange(is_first, false) ? "" : "\n");
            print_text(*lag);
        }
        report_gaps(kName, *lag, tally);
    }
    if (format != OutputFormat::text) {
        items.finish();
    } else if (groups.empty()) {
        fmt::print("There are no groups.\n");
    }
    return tally.exit_code();
}

ExitCode run(const Arguments& arguments) {
    const auto code = show_lags(arguments);
    return code ? *code : report(kName, code.error());
}

}  // namespace

Command group_lag() {
    return {.spec = {.name = kName,
                     .summary = "show how far groups are behind, in records and in time",
                     .help = kHelp,
                     .options = with_cluster_options(
                         {{.name = "all", .letter = 'a', .help = "all groups"}, output_option()}),
                     .operands = {"GROUP", 0, Operands::kAny}},
            .run = run};
}

}  // namespace hw::cli
