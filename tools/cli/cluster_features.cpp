#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "controller/image/features.h"
#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/feature_admin.h"

namespace hw::cli {
namespace {

using client::FeatureLevel;
using client::FeatureUpdates;
using client::FeatureView;

constexpr std::string_view kName = "cluster features";
constexpr std::string_view kHelp =
    R"(Usage: hw cluster features [OPTIONS]

Shows the features of the cluster: the level at which it works (LEVEL, '-': not finalized), the
levels that the broker supports, and what the highest level is for. A new version of the software
does not change how the cluster works until the level of a feature is raised.

With --set it finalizes other levels: all that are given, or none. Raise a level after every node
runs the new version; until then the cluster refuses it. A broker that does not support a finalized
level cannot join any more. A lower level needs --downgrade, so that it is not set by mistake. With
--dry-run the cluster checks the levels and changes nothing.

Examples:
  hw cluster features
  hw cluster features --set group.version=1 --dry-run
  hw cluster features --set group.version=0 --downgrade
  hw cluster features --set group.version=1 -o json
)";

/// Errors: invalid (not FEATURE=LEVEL).
Result<FeatureLevel> parse_level(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        return fail(ErrorKind::invalid, "--set: '{}' is not FEATURE=LEVEL, as in group.version=1",
                    text);
    }
    std::string name = text.substr(0, equals);
    HW_TRY(level, whole_number("--set " + name, text.substr(equals + 1), 0,
                               std::numeric_limits<std::int16_t>::max()));
    return FeatureLevel{std::move(name), static_cast<std::int16_t>(level)};
}

/// Errors: invalid.
Result<FeatureUpdates> updates_of(const Arguments& arguments) {
    FeatureUpdates updates;
    for (const std::string& text : arguments.values("set")) {
        HW_TRY(level, parse_level(text));
        updates.levels.push_back(std::move(level));
    }
    for (const char* const option : {"dry-run", "downgrade"}) {
        if (arguments.has(option) && updates.levels.empty()) {
            return fail(ErrorKind::invalid, "--{} needs --set FEATURE=LEVEL", option);
        }
    }
    updates.type = arguments.has("downgrade") ? client::FeatureUpdateType::safe_downgrade
                                              : client::FeatureUpdateType::upgrade;
    updates.is_dry_run = arguments.has("dry-run");
    return updates;
}

std::string_view purpose_of(const std::string& feature) {
    const controller::KnownFeature* known = controller::find_feature(feature);
    return known == nullptr ? "-" : known->purpose;
}

void show(const std::vector<FeatureView>& features, OutputFormat format) {
    if (format == OutputFormat::text) {
        Table table({"FEATURE", "LEVEL", "SUPPORTED", "PURPOSE"});
        for (const FeatureView& feature : features) {
            table.add({feature.name,
                       feature.finalized == 0 ? "-" : fmt::format("{}", feature.finalized),
                       fmt::format("{}-{}", feature.lowest, feature.highest),
                       std::string(purpose_of(feature.name))});
        }
        fmt::print("{}", table.text());
        return;
    }
    JsonItems items(format);
    for (const FeatureView& feature : features) {
        std::string text;
        schema::JsonPrinter json(text);
        json.begin_object();
        json.key("feature");
        json.string(feature.name);
        json.key("level");
        json.number(feature.finalized);
        json.key("minSupported");
        json.number(feature.lowest);
        json.key("maxSupported");
        json.number(feature.highest);
        json.key("purpose");
        json.string(purpose_of(feature.name));
        json.end_object();
        items.add(text);
    }
    items.finish();
}

std::int16_t level_of(const std::vector<FeatureView>& features, const std::string& name) {
    const auto found = std::ranges::find(features, name, &FeatureView::name);
    return found == features.end() ? std::int16_t{0} : found->finalized;
}

void show_updates(const FeatureUpdates& updates, const std::vector<FeatureView>& before,
                  OutputFormat format) {
    JsonItems items(format);
    for (const FeatureLevel& update : updates.levels) {
        const std::int16_t old = level_of(before, update.name);
        if (format == OutputFormat::text) {
            fmt::print("Feature {} {} {}; it {} {}.\n", update.name,
                       updates.is_dry_run ? "can be set to" : "is now at", update.level,
                       updates.is_dry_run ? "is still at" : "was at", old);
            continue;
        }
        std::string text;
        schema::JsonPrinter json(text);
        json.begin_object();
        json.key("feature");
        json.string(update.name);
        json.key("oldLevel");
        json.number(old);
        json.key("newLevel");
        json.number(update.level);
        json.key("dryRun");
        json.boolean(updates.is_dry_run);
        json.end_object();
        items.add(text);
    }
    items.finish();
}

Result<void> run_features(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    HW_TRY(updates, updates_of(arguments));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    HW_TRY(features, client::describe_features(*client));
    if (updates.levels.empty()) {
        show(features, format);
        return {};
    }
    HW_TRY_VOID(client::update_features(*client, updates));
    show_updates(updates, features, format);
    return {};
}

ExitCode run(const Arguments& arguments) {
    const Result<void> done = run_features(arguments);
    return done ? ExitCode::ok : report(kName, done.error());
}

}  // namespace

Command cluster_features() {
    return {.spec = {.name = kName,
                     .summary = "show or set the levels of the cluster's features",
                     .help = kHelp,
                     .options = with_cluster_options(
                         {{.name = "set",
                           .letter = 's',
                           .value_name = "FEATURE=LEVEL",
                           .help = "finalize this level; may be given several times",
                           .is_repeatable = true},
                          {.name = "downgrade", .help = "the levels of --set are lower ones"},
                          {.name = "dry-run", .help = "check the levels, and change none"},
                          output_option()})},
            .run = run};
}

}  // namespace hw::cli
