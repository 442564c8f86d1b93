#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/partition_admin.h"

namespace hw::cli {
namespace {

using client::ElectionType;
using client::PartitionName;

constexpr std::string_view kName = "partition elect";
constexpr std::string_view kHelp =
    R"(Usage: hw partition elect [OPTIONS] (--all | --topic NAME [--partition N]...)

Makes the preferred replica of partitions, which is the first one of REPLICAS, their leader again,
for example after the restart of a broker. It must be in the ISR. Nothing is lost by that. Without
--partition it does so for all partitions of the topic, with --all for all partitions of the cluster
that need it, up to 10000 at a time.

With --unclean it elects any replica whose broker is alive as the leader of a partition without one.
Records that the new leader does not have are lost, acknowledged ones too, so do this only if no
broker with a replica in the ISR will come back. The command asks first. If standard input is not a
terminal, it cannot ask and needs --yes.

Examples:
  hw topic create orders --partitions 3
  hw partition elect --topic orders --partition 0
  hw partition elect --all
  hw partition elect --topic orders --unclean --yes
)";

/// The values of --partition, which `topic` has; all its partitions without that option. Errors:
/// invalid, not_found.
Result<std::vector<PartitionName>> partitions_of(const Arguments& arguments,
                                                 const client::TopicView& topic) {
    std::vector<PartitionName> names;
    for (const std::string& text : arguments.values("partition")) {
        HW_TRY(number, whole_number("--partition", text, 0));
        if (std::cmp_greater_equal(number, topic.partitions.size())) {
            return std::unexpected(client::unknown_partition(topic, fmt::format("{}", number)));
        }
        names.push_back({topic.name, PartitionIndex(static_cast<std::int32_t>(number))});
    }
    if (names.empty()) {
        for (const client::PartitionView& partition : topic.partitions) {
            names.push_back({topic.name, partition.index});
        }
    }
    return names;
}

/// Errors: invalid.
Result<void> check_choice(const Arguments& arguments) {
    const bool has_topic = arguments.has("topic");
    if (arguments.has("all") == has_topic) {
        return fail(ErrorKind::invalid, "give {} --topic NAME {} --all",
                    has_topic ? "either" : "one of", has_topic ? "or" : "and");
    }
    if (arguments.has("partition") && !has_topic) {
        return fail(ErrorKind::invalid, "--partition needs --topic NAME");
    }
    for (const std::string& text : arguments.values("partition")) {
        HW_TRY_VOID(whole_number("--partition", text, 0));
    }
    return {};
}

using Choice = std::optional<std::vector<PartitionName>>;

/// Asks the user before an unclean election, unless --yes is given. Errors: those of `confirm`.
Result<void> confirm_unclean(const Arguments& arguments, const Choice& partitions) {
    if (!arguments.has("unclean") || arguments.has("yes")) {
        return {};
    }
    std::string which = "all partitions without one";
    if (partitions) {
        std::vector<std::string> names;
        std::ranges::transform(*partitions, std::back_inserter(names), client::to_string);
        which = fmt::format("{}", fmt::join(names, ", "));
    }
    return confirm({.text = fmt::format("Elect any replica as the leader of {}? Records that it "
                                        "does not have are lost.",
                                        which),
                    .consent = "records may be lost",
                    .not_done = "nothing was elected"});
}

std::string sentence_of(const client::ElectionOutcome& outcome, ElectionType type) {
    const std::string name = client::to_string(outcome.name);
    if (outcome.leader == kNoBroker) {
        return outcome.is_needed
                   ? fmt::format(
                         "Partition {} got a leader, which the broker does not show yet; "
                         "look again later.",
                         name)
                   : fmt::format("Partition {} needs no election.", name);
    }
    if (type == ElectionType::preferred) {
        return fmt::format("Partition {} is {} led by its preferred replica, {}.", name,
                           outcome.is_needed ? "now" : "already", outcome.leader);
    }
    return outcome.is_needed
               ? fmt::format(
                     "Partition {} is now led by {}; records that it did not "
                     "have are lost.",
                     name, outcome.leader)
               : fmt::format("Partition {} already has a leader, {}.", name, outcome.leader);
}

std::string outcome_json(const client::ElectionOutcome& outcome) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(outcome.name.topic);
    json.key("partition");
    json.number(outcome.name.partition.value());
    json.key("done");
    json.boolean(outcome.result.has_value());
    if (outcome.result) {
        json.key("elected");
        json.boolean(outcome.is_needed);
        json.key("leader");
        json.number(outcome.leader.value());
    } else {
        json.key("error");
        json.string(outcome.result.error().message);
    }
    json.end_object();
    return text;
}

ExitCode print_outcomes(const std::vector<client::ElectionOutcome>& outcomes, ElectionType type,
                        OutputFormat format) {
    Tally tally(kName);
    JsonItems items(format);
    for (const client::ElectionOutcome& outcome : outcomes) {
        if (format != OutputFormat::text) {
            items.add(outcome_json(outcome));
        } else if (outcome.result) {
            fmt::print("{}\n", sentence_of(outcome, type));
        }
        if (outcome.result) {
            tally.succeed();
        } else {
            tally.fail(outcome.result.error());
        }
    }
    items.finish();
    if (outcomes.empty() && format == OutputFormat::text) {
        fmt::print("{}\n", type == ElectionType::preferred
                               ? "Every partition is already led by its preferred replica."
                               : "Every partition already has a leader.");
    }
    return tally.exit_code();
}

/// Errors: those before the first outcome.
Result<ExitCode> elect(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    HW_TRY_VOID(check_choice(arguments));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    Choice partitions;
    if (arguments.has("topic")) {
        HW_TRY(topic, client->topic(arguments.value("topic")));
        HW_TRY(names, partitions_of(arguments, topic));
        partitions = std::move(names);
    }
    HW_TRY_VOID(confirm_unclean(arguments, partitions));
    const ElectionType type =
        arguments.has("unclean") ? ElectionType::unclean : ElectionType::preferred;
    HW_TRY(outcomes, client::elect_leaders(*client, type, partitions));
    return print_outcomes(outcomes, type, format);
}

ExitCode run(const Arguments& arguments) {
    const auto elected = elect(arguments);
    return elected ? *elected : report(kName, elected.error());
}

}  // namespace

Command partition_elect() {
    return {.spec = {.name = kName,
                     .summary = "make the preferred replicas leaders again",
                     .help = kHelp,
                     .options = with_cluster_options(
                         {{.name = "topic",
                           .letter = 't',
                           .value_name = "NAME",
                           .help = "elect leaders of this topic"},
                          {.name = "partition",
                           .letter = 'p',
                           .value_name = "N",
                           .help = "only of this partition; may be given several times",
                           .is_repeatable = true},
                          {.name = "all", .help = "elect leaders of all topics"},
                          {.name = "unclean",
                           .help = "elect any replica where there is no leader; records are lost"},
                          {.name = "yes", .letter = 'y', .help = "do not ask"},
                          output_option()})},
            .run = run};
}

}  // namespace hw::cli
