#include "tools/perf/perf_produce.h"

#include <cstdio>

#include <fmt/format.h>

#include "tools/perf/options.h"
#include "tools/perf/produce_load.h"
#include "tools/perf/target.h"

namespace hw::perf {
namespace {

int report_error(const Error& error) {
    fmt::print(stderr, "perf produce: {}\n", error.message);
    const bool unreachable = error.kind == ErrorKind::closed || error.kind == ErrorKind::not_found;
    return unreachable ? kExitUnreachable : kExitFailed;
}

}  // namespace

int run_perf_produce(const std::vector<std::string>& arguments) {
    const auto options = parse_produce_options(arguments);
    if (!options) {
        fmt::print(stderr, "perf produce: {}\n", options.error().message);
        return kExitUsage;
    }
    if (options->help) {
        fmt::print("{}", produce_help());
        return kExitOk;
    }
    const auto target = find_target(*options);
    if (!target) {
        return report_error(target.error());
    }
    const auto report = run_load(*options, *target);
    if (!report) {
        return report_error(report.error());
    }
    const bool json = options->output == OutputForm::json;
    fmt::print("{}", json ? to_json(*report) + "\n" : to_text(*report));
    return report->all_acknowledged() ? kExitOk : kExitFailed;
}

}  // namespace hw::perf
