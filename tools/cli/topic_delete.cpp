#include <iostream>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/cluster_options.h"
#include "tools/cli/commands.h"
#include "tools/cli/report.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kName = "topic delete";
constexpr std::string_view kHelp =
    R"(Usage: hw topic delete [OPTIONS] TOPIC...

Deletes topics with all their records. This cannot be undone, so it asks before about those that
exist; where nobody can answer, --yes is needed.

Examples:
  hw topic create old-orders test-1 test-2
  hw topic delete old-orders
  hw topic delete --yes test-1 test-2
)";

void add_options(po::options_description& options) {
    options.add_options()("yes,y", "do not ask");
    add_output_option(options);
    add_cluster_options(options);
}

/// Errors: invalid (nobody to ask), io (the answer is not yes).
Result<void> confirm(const std::vector<std::string>& topics) {
    if (isatty(STDIN_FILENO) == 0) {
        return fail(ErrorKind::invalid,
                    "nobody can be asked whether to delete {}; add --yes if that is meant",
                    fmt::join(topics, ", "));
    }
    remark(fmt::format("Delete {} with all records? Type yes: ", fmt::join(topics, ", ")));
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "yes") {
        return fail(ErrorKind::io, "nothing was deleted: the answer was not yes");
    }
    return {};
}

using Outcomes = std::vector<client::TopicOutcome>;

/// Takes those that are not there to be deleted out of the topics, and gives their outcomes.
/// Errors: those of Client::describe.
Result<Outcomes> take_missing(client::Client& client, std::vector<std::string>& topics) {
    const auto cluster = client.describe(topics);
    if (!cluster) {
        return std::unexpected(cluster.error());
    }
    Outcomes missing;
    for (const client::TopicView& topic : cluster->topics) {
        if (topic.error && topic.error->kind != ErrorKind::busy) {
            missing.push_back({topic.name, std::unexpected(*topic.error)});
            std::erase(topics, topic.name);
        }
    }
    return missing;
}

/// Asks before, about those that exist. Errors: those of the parts.
Result<Outcomes> delete_confirmed(client::Client& client, std::vector<std::string> topics) {
    auto outcomes = take_missing(client, topics);
    if (!outcomes || topics.empty()) {
        return outcomes;
    }
    if (const auto confirmed = confirm(topics); !confirmed) {
        return std::unexpected(confirmed.error());
    }
    const auto deleted = client::delete_topics(client, topics);
    if (!deleted) {
        return std::unexpected(deleted.error());
    }
    outcomes->insert(outcomes->end(), deleted->begin(), deleted->end());
    return outcomes;
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
    const auto outcomes = arguments.options.contains("yes")
                              ? client::delete_topics(*client, arguments.operands)
                              : delete_confirmed(*client, arguments.operands);
    if (!outcomes) {
        return report(kName, outcomes.error());
    }
    return report_outcomes(kName, "Deleted", *format, *outcomes);
}

}  // namespace

Command topic_delete() {
    return {.name = kName,
            .summary = "delete topics with all their records",
            .help = kHelp,
            .operands = {"TOPIC", 1, Operands::kAny},
            .add_options = add_options,
            .run = run};
}

}  // namespace hw::cli
