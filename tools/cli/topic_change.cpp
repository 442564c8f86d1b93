#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/command.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/report.h"
#include "tools/client/topic_admin.h"

namespace hw::cli {
namespace {

constexpr std::string_view kCreate = "topic create";
constexpr std::string_view kCreateHelp =
    R"(Usage: hw topic create [OPTIONS] TOPIC...

Creates topics. The brokers choose the number of partitions and replicas if no option does. Each
--config sets one key of all these topics; a key or value that the cluster does not know is refused.

Examples:
  hw topic create orders
  hw topic create payments refunds --partitions 12
  hw topic create readings --config highwater.durability=memory --config max.message.bytes=10000000
  hw topic create clicks -o json
)";

/// An optional number from 1 on; NewTopic::kDefault without one. Errors: invalid.
template <class T>
Result<T> count_of(const Arguments& arguments, const char* option) {
    if (!arguments.has(option)) {
        return T{client::NewTopic::kDefault};
    }
    const auto number = whole_number(arguments, option, 1, std::numeric_limits<T>::max());
    return number ? Result<T>(static_cast<T>(*number)) : std::unexpected(number.error());
}

Result<std::vector<client::NewTopic>> parse_topics(const Arguments& arguments) {
    HW_TRY(partitions, count_of<std::int32_t>(arguments, "partitions"));
    HW_TRY(replication_factor, count_of<std::int16_t>(arguments, "replication-factor"));
    HW_TRY(settings, settings_of(arguments));
    std::vector<client::NewTopic> topics;
    for (const std::string& name : arguments.operands()) {
        topics.push_back({name, partitions, replication_factor, settings});
    }
    return topics;
}

/// "Created topic orders." for `done` = "Created"
OutcomePrinter printer_of(std::string_view done) {
    OutcomePrinter printer;
    printer.text = [done](const client::TopicOutcome& outcome) {
        return fmt::format("{} topic {}.\n", done, outcome.name);
    };
    return printer;
}

ExitCode create(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kCreate, format.error());
    }
    const auto topics = parse_topics(arguments);
    if (!topics) {
        return report(kCreate, topics.error());
    }
    auto client = connect(arguments);
    if (!client) {
        return report(kCreate, client.error());
    }
    const auto outcomes = client::create_topics(*client, *topics);
    if (!outcomes) {
        return report(kCreate, outcomes.error());
    }
    const ExitCode code = report_outcomes(kCreate, *format, *outcomes, printer_of("Created"));
    if (code == ExitCode::ok || code == ExitCode::partial) {
        warn_about(kCreate, topics->front().configs);
    }
    return code;
}

constexpr std::string_view kDelete = "topic delete";
constexpr std::string_view kDeleteHelp =
    R"(Usage: hw topic delete [OPTIONS] TOPIC...

Deletes topics with all their records. This cannot be undone, so the command asks first. If standard
input is not a terminal, it cannot ask and needs --yes.

Examples:
  hw topic create old-orders test-1 test-2
  hw topic delete old-orders
  hw topic delete --yes test-1 test-2
)";

using Outcomes = std::vector<client::TopicOutcome>;

/// Removes from `topics` those that do not exist, and returns their outcomes. Errors: those of
/// Client::describe.
Result<Outcomes> take_missing(client::Client& client, std::vector<std::string>& topics) {
    HW_TRY(cluster, client.describe(topics));
    Outcomes missing;
    for (const client::TopicView& topic : cluster.topics) {
        if (topic.error && topic.error->kind != ErrorKind::busy) {
            missing.push_back({topic.name, std::unexpected(*topic.error)});
            std::erase(topics, topic.name);
        }
    }
    return missing;
}

/// Asks the user, then deletes the topics that exist. Errors: those of the functions it calls.
Result<Outcomes> delete_confirmed(client::Client& client, std::vector<std::string> topics) {
    auto outcomes = take_missing(client, topics);
    if (!outcomes || topics.empty()) {
        return outcomes;
    }
    const std::string names = fmt::format("{}", fmt::join(topics, ", "));
    HW_TRY_VOID(confirm({.text = fmt::format("Delete {} with all records?", names),
                         .consent = fmt::format("{} may be deleted", names),
                         .not_done = "nothing was deleted"}));
    HW_TRY(deleted, client::delete_topics(client, topics));
    outcomes->insert(outcomes->end(), deleted.begin(), deleted.end());
    return outcomes;
}

ExitCode remove(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kDelete, format.error());
    }
    auto client = connect(arguments);
    if (!client) {
        return report(kDelete, client.error());
    }
    const auto outcomes = arguments.has("yes")
                              ? client::delete_topics(*client, arguments.operands())
                              : delete_confirmed(*client, arguments.operands());
    if (!outcomes) {
        return report(kDelete, outcomes.error());
    }
    return report_outcomes(kDelete, *format, *outcomes, printer_of("Deleted"));
}

}  // namespace

Command topic_create() {
    return {.spec = {.name = kCreate,
                     .summary = "create topics",
                     .help = kCreateHelp,
                     .options = with_cluster_options(
                         {{.name = "partitions",
                           .letter = 'p',
                           .value_name = "N",
                           .help = "number of partitions of each topic"},
                          {.name = "replication-factor",
                           .letter = 'r',
                           .value_name = "R",
                           .help = "number of brokers that have a copy of each partition"},
                          config_option(),
                          output_option()}),
                     .operands = {"TOPIC", 1, Operands::kAny}},
            .run = create};
}

Command topic_delete() {
    return {.spec = {.name = kDelete,
                     .summary = "delete topics with all their records",
                     .help = kDeleteHelp,
                     .options = with_cluster_options(
                         {{.name = "yes", .letter = 'y', .help = "do not ask"}, output_option()}),
                     .operands = {"TOPIC", 1, Operands::kAny}},
            .run = remove};
}

}  // namespace hw::cli
