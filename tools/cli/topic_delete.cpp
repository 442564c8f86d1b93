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

Deletes topics with all their records. This cannot be undone, so it asks before; where nobody can
answer, --yes is needed.

Examples:
  hw topic delete old-orders
  hw topic delete --yes test-1 test-2
)";

void add_options(po::options_description& options) {
    options.add_options()("yes,y", "do not ask");
    add_output_option(options);
    add_cluster_options(options);
}

/// What the user answers. Errors: invalid (nobody to ask).
Result<bool> is_confirmed(const std::vector<std::string>& topics) {
    if (isatty(STDIN_FILENO) == 0) {
        return fail(ErrorKind::invalid,
                    "nobody can be asked whether to delete {}; add --yes if that is meant",
                    fmt::join(topics, ", "));
    }
    fmt::print(stderr, "Delete {} with all records? Type yes: ", fmt::join(topics, ", "));
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "yes";
}

ExitCode run(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kName, format.error());
    }
    if (!arguments.options.contains("yes")) {
        const auto confirmed = is_confirmed(arguments.operands);
        if (!confirmed) {
            return report(kName, confirmed.error());
        }
        if (!*confirmed) {
            fmt::print(stderr, "hw {}: nothing was deleted: the answer was not yes\n", kName);
            return ExitCode::failed;
        }
    }
    auto client = connect(arguments);
    if (!client) {
        return report(kName, client.error());
    }
    const auto outcomes = client::delete_topics(*client, arguments.operands);
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
