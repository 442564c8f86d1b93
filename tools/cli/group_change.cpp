#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/command.h"
#include "tools/cli/consumer.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/group_admin.h"
#include "tools/client/group_coordinator.h"
#include "tools/client/group_view.h"
#include "tools/client/words.h"

namespace hw::cli {
namespace {

constexpr std::string_view kReset = "group reset";
constexpr std::string_view kResetHelp =
    R"(Usage: hw group reset [OPTIONS] GROUP --topic TOPIC --to WHERE

Sets where a group of consumers goes on to read a topic: at its beginning or end, at an offset, or
at the first record at or after a time. The group must have no members: stop them before. Shows the
old and the new offset of each partition first, and asks. A group that does not exist is created.
An offset that a partition does not have becomes the nearest one that it has.

Examples:
  hw topic create orders --partitions 2
  hw group reset billing --topic orders --to beginning --dry-run
  hw group reset billing --topic orders --to beginning --yes
  hw group reset billing --topic orders --partition 1 --to 2026-01-31T10:30:00Z --yes
)";

constexpr std::string_view kDelete = "group delete";
constexpr std::string_view kDeleteHelp =
    R"(Usage: hw group delete [OPTIONS] GROUP...

Deletes groups of consumers with their committed offsets. A group with members is not deleted.

Examples:
  hw topic create orders
  hw group reset billing --topic orders --to end --yes
  hw group delete billing --yes
)";

/// A partition whose offset is to be changed.
struct Change {
    client::PartitionName name;
    std::optional<Offset> before;
    Offset after;
};

/// The partitions of --partition, or all of the topic.
Result<std::vector<PartitionIndex>> partitions_of(const Arguments& arguments,
                                                  const client::TopicView& topic) {
    std::vector<PartitionIndex> indexes;
    for (const client::PartitionView& partition : topic.partitions) {
        indexes.push_back(partition.index);
    }
    if (!arguments.has("partition")) {
        return indexes;
    }
    HW_TRY(wanted, whole_number(arguments, "partition", 0, INT32_MAX));
    const PartitionIndex index(static_cast<std::int32_t>(wanted));
    if (std::ranges::find(indexes, index) == indexes.end()) {
        return std::unexpected(client::unknown_partition(topic, arguments.value("partition")));
    }
    return std::vector{index};
}

Result<Offset> new_offset(client::Client& client, const client::PartitionName& name,
                          const StartPosition& where) {
    if (const auto* time = std::get_if<Timestamp>(&where)) {
        return client::offset_at(client, name, *time);
    }
    HW_TRY(start, client::offset_at(client, name, client::kLogStart));
    HW_TRY(end, client::offset_at(client, name, client::kLogEnd));
    return std::clamp(std::get<Offset>(where), start, end);
}

Result<std::vector<Change>> changes_of(client::Client& client, const Arguments& arguments,
                                       const std::string& group) {
    HW_TRY(where, parse_start_position("to", arguments.value("to")));
    HW_TRY(topic, client.topic(arguments.value("topic")));
    HW_TRY(partitions, partitions_of(arguments, topic));
    HW_TRY(committed, client::committed_offsets(client, group));
    std::vector<Change> changes;
    for (const PartitionIndex index : partitions) {
        Change change{.name = {topic.name, index}, .before = {}, .after = Offset(0)};
        HW_TRY(after, new_offset(client, change.name, where));
        change.after = after;
        for (const client::CommittedPartition& one : committed) {
            if (one.name.topic == topic.name && one.name.partition == index) {
                change.before = one.offset;
            }
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

void print_changes(const std::vector<Change>& changes) {
    Table table({"TOPIC", "PARTITION", "OLD", "NEW"});
    for (const Change& change : changes) {
        table.add({change.name.topic, fmt::format("{}", change.name.partition),
                   change.before ? fmt::format("{}", *change.before) : "-",
                   fmt::format("{}", change.after)});
    }
    fmt::print("{}", table.text());
}

/// Before anybody is asked to confirm what the coordinator would refuse. Errors: io (the group has
/// members), those of describe_group, but not not_found.
Result<void> check_memberless(client::Client& client, const std::string& group) {
    const auto view = client::describe_group(client, group);
    if (!view && view.error().kind != ErrorKind::not_found) {
        return std::unexpected(view.error());
    }
    if (view && !view->members.empty()) {
        return std::unexpected(client::group_error(wire::ErrorCode::non_empty_group, group, {}));
    }
    return {};
}

Result<ExitCode> reset_group(const Arguments& arguments) {
    for (const char* option : {"topic", "to"}) {
        if (!arguments.has(option)) {
            return fail(ErrorKind::invalid, "--{} is missing", option);
        }
    }
    const std::string& group = arguments.operands().front();
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    const bool is_dry_run = arguments.has("dry-run");
    if (!is_dry_run) {
        HW_TRY_VOID(check_memberless(*client, group));
    }
    HW_TRY(changes, changes_of(*client, arguments, group));
    print_changes(changes);
    if (is_dry_run) {
        fmt::print("Nothing was changed (--dry-run).\n");
        return ExitCode::ok;
    }
    if (!arguments.has("yes")) {
        HW_TRY_VOID(confirm({.text = fmt::format("Set these offsets of group {}?", group),
                             .consent = "the offsets may be set",
                             .not_done = "nothing was changed"}));
    }
    std::vector<client::CommittedPartition> offsets;
    for (const Change& change : changes) {
        offsets.push_back({change.name, change.after, {}});
    }
    HW_TRY_VOID(client::commit_offsets(*client, group, offsets));
    fmt::print("Reset group {}.\n", group);
    return ExitCode::ok;
}

ExitCode reset(const Arguments& arguments) {
    const auto code = reset_group(arguments);
    return code ? *code : report(kReset, code.error());
}

Result<ExitCode> delete_groups(const Arguments& arguments) {
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    const std::vector<std::string>& groups = arguments.operands();
    if (!arguments.has("yes")) {
        const std::string names = fmt::format("{}", fmt::join(groups, ", "));
        HW_TRY_VOID(confirm({.text = fmt::format("Delete {} with all committed offsets?", names),
                             .consent = fmt::format("{} may be deleted", names),
                             .not_done = "nothing was deleted"}));
    }
    Tally tally(kDelete);
    for (const std::string& group : groups) {
        if (const auto deleted = client::delete_group(*client, group); !deleted) {
            tally.fail(deleted.error());
            continue;
        }
        tally.succeed();
        fmt::print("Deleted group {}.\n", group);
    }
    return tally.exit_code();
}

ExitCode remove(const Arguments& arguments) {
    const auto code = delete_groups(arguments);
    return code ? *code : report(kDelete, code.error());
}

}  // namespace

Command group_reset() {
    return {
        .spec = {.name = kReset,
                 .summary = "set where a group goes on to read a topic",
                 .help = kResetHelp,
                 .options = with_cluster_options(
                     {{.name = "topic", .letter = 't', .value_name = "TOPIC", .help = "the topic"},
                      {.name = "partition",
                       .letter = 'p',
                       .value_name = "N",
                       .help = "one partition instead of all"},
                      {.name = "to",
                       .value_name = "WHERE",
                       .help = "beginning, end, an offset, or a time (ISO 8601, UTC by default)"},
                      {.name = "dry-run", .help = "show what would be changed"},
                      {.name = "yes", .letter = 'y', .help = "do not ask"}}),
                 .operands = {"GROUP", 1, 1}},
        .run = reset};
}

Command group_delete() {
    return {.spec = {.name = kDelete,
                     .summary = "delete groups and their committed offsets",
                     .help = kDeleteHelp,
                     .options = with_cluster_options(
                         {{.name = "yes", .letter = 'y', .help = "do not ask"}}),
                     .operands = {"GROUP", 1, Operands::kAny}},
            .run = remove};
}

}  // namespace hw::cli
