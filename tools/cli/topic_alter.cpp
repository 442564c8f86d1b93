#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/most_similar_name.h"
#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/topic_configs.h"

namespace hw::cli {
namespace {

using client::TopicKey;

constexpr std::string_view kName = "topic alter";
constexpr std::string_view kHelp =
    R"(Usage: hw topic alter [OPTIONS] TOPIC...

Changes settings of topics, and shows their old and new values. Each --config sets a key of all
these topics, each --delete-config returns a key to its default. The changes of a topic are made
together or not at all; a key or value that the cluster does not know is refused. With --dry-run the
cluster checks the changes and makes none.

Examples:
  hw topic create orders payments
  hw topic alter orders --config min.insync.replicas=2
  hw topic alter orders payments --config max.message.bytes=2000000 --dry-run
  hw topic alter orders --delete-config min.insync.replicas -o json
)";

/// All keys of the topics that exist, by topic.
using KeysByTopic = std::map<std::string, std::vector<TopicKey>>;

/// The keys before a change and after it; empty where they are not known.
struct BeforeAndAfter {
    KeysByTopic before;
    KeysByTopic after;
};

Result<client::TopicAlteration> parse(const Arguments& arguments) {
    HW_TRY(settings, settings_of(arguments));
    client::TopicAlteration alteration{.topics = arguments.operands(), .changes = {}};
    alteration.is_dry_run = arguments.has("dry-run");
    for (const client::Setting& setting : settings) {
        alteration.changes.push_back({setting.name, setting.value});
    }
    for (const std::string& name : arguments.values("delete-config")) {
        alteration.changes.push_back({name, std::nullopt});
    }
    if (alteration.changes.empty()) {
        return fail(ErrorKind::invalid,
                    "there is nothing to change: give --config KEY=VALUE or --delete-config KEY");
    }
    return alteration;
}

Result<KeysByTopic> keys_of(client::Client& client, const std::vector<std::string>& topics) {
    KeysByTopic keys;
    if (!client.serves(schema::ApiKey::describe_configs)) {
        return keys;
    }
    HW_TRY(described, client::describe_topic_keys(client, topics));
    for (client::TopicKeys& each : described) {
        if (each.keys) {
            keys[each.topic] = std::move(*each.keys);
        }
    }
    return keys;
}

/// Brokers accept the deletion of a key that does not exist, as Kafka's do; here it is a mistake.
/// Errors: invalid.
Result<void> check_deletions(const client::TopicAlteration& alteration, const KeysByTopic& known) {
    std::vector<std::string_view> names;
    for (const auto& [topic, keys] : known) {
        std::ranges::transform(keys, std::back_inserter(names), &TopicKey::name);
    }
    for (const client::ConfigChange& change : alteration.changes) {
        if (change.value || names.empty() || std::ranges::count(names, change.name) > 0) {
            continue;
        }
        const auto nearest = config::most_similar_name(names, change.name);
        const std::string hint = nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "";
        return fail(ErrorKind::invalid, "--delete-config: '{}' is not a topic key{}", change.name,
                    hint);
    }
    return {};
}

std::optional<TopicKey> find(const KeysByTopic& keys, const std::string& topic,
                             const std::string& name) {
    const auto found = keys.find(topic);
    if (found == keys.end()) {
        return std::nullopt;
    }
    const auto key = std::ranges::find(found->second, name, &TopicKey::name);
    return key == found->second.end() ? std::nullopt : std::optional(*key);
}

/// What `change` makes of a key, as far as that is known without the broker's answer.
TopicKey changed(const client::ConfigChange& change) {
    return {.name = change.name, .value = change.value, .is_set = change.value.has_value()};
}

std::string text_of(const std::optional<TopicKey>& key) {
    if (!key) {
        return "-";
    }
    if (key->is_set) {
        return key->value.value_or("(hidden)");
    }
    return key->value ? fmt::format("{} (default)", *key->value) : "(default)";
}

void put_value(schema::JsonPrinter& json, const std::optional<TopicKey>& key) {
    if (key && key->value) {
        json.string(*key->value);
    } else {
        json.null();
    }
}

/// Prints what was done to a topic.
class ChangePrinter {
public:
    ChangePrinter(const client::TopicAlteration& alteration, const BeforeAndAfter& keys)
        : alteration_(&alteration), keys_(&keys) {}

    [[nodiscard]] std::string text(const client::TopicOutcome& outcome) const;
    void put_fields(schema::JsonPrinter& json, const client::TopicOutcome& outcome) const;

private:
    [[nodiscard]] TopicKey after(const client::TopicOutcome& outcome,
                                 const client::ConfigChange& change) const {
        const auto shown = find(keys_->after, outcome.name, change.name);
        return shown && outcome.is_shown ? *shown : changed(change);
    }

    const client::TopicAlteration* alteration_;
    const BeforeAndAfter* keys_;
};

std::string ChangePrinter::text(const client::TopicOutcome& outcome) const {
    const std::string done =
        alteration_->is_dry_run
            ? fmt::format("Topic {} can be altered; nothing was changed.\n", outcome.name)
            : fmt::format("Altered topic {}.\n", outcome.name);
    Table table({"CONFIG", "OLD", "NEW"});
    for (const client::ConfigChange& change : alteration_->changes) {
        table.add({change.name, text_of(find(keys_->before, outcome.name, change.name)),
                   text_of(after(outcome, change))});
    }
    return done + table.text();
}

void ChangePrinter::put_fields(schema::JsonPrinter& json,
                               const client::TopicOutcome& outcome) const {
    json.key("dryRun");
    json.boolean(alteration_->is_dry_run);
    if (!outcome.result) {
        return;
    }
    json.key("configs");
    json.begin_array();
    for (const client::ConfigChange& change : alteration_->changes) {
        const auto before = find(keys_->before, outcome.name, change.name);
        const TopicKey now = after(outcome, change);
        json.begin_object();
        json.key("name");
        json.string(change.name);
        json.key("oldValue");
        put_value(json, before);
        json.key("oldIsDefault");
        json.boolean(before && !before->is_set);
        json.key("newValue");
        put_value(json, now);
        json.key("newIsDefault");
        json.boolean(!now.is_set);
        json.end_object();
    }
    json.end_array();
}

/// Errors: those before the first outcome.
Result<ExitCode> alter(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    HW_TRY(alteration, parse(arguments));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    BeforeAndAfter keys;
    HW_TRY(before, keys_of(*client, alteration.topics));
    keys.before = std::move(before);
    HW_TRY_VOID(check_deletions(alteration, keys.before));
    HW_TRY(outcomes, client::alter_topics(*client, alteration));
    if (!alteration.is_dry_run) {
        // Without the new defaults the change is done all the same.
        keys.after = keys_of(*client, alteration.topics).value_or(KeysByTopic());
    }
    const ChangePrinter changes(alteration, keys);
    const OutcomePrinter printer{
        .text = [&](const client::TopicOutcome& outcome) { return changes.text(outcome); },
        .put_fields =
            [&](schema::JsonPrinter& json, const client::TopicOutcome& outcome) {
                changes.put_fields(json, outcome);
            }};
    const ExitCode code = report_outcomes(kName, format, outcomes, printer);
    if (code == ExitCode::ok || code == ExitCode::partial) {
        HW_TRY(settings, settings_of(arguments));
        warn_about(kName, settings);
    }
    return code;
}

ExitCode run(const Arguments& arguments) {
    const auto altered = alter(arguments);
    return altered ? *altered : report(kName, altered.error());
}

}  // namespace

Command topic_alter() {
    return {.spec = {.name = kName,
                     .summary = "change settings of topics",
                     .help = kHelp,
                     .options = with_cluster_options(
                         {config_option(),
                          {.name = "delete-config",
                           .letter = 'd',
                           .value_name = "KEY",
                           .help = "return this key to its default; may be given several times",
                           .is_repeatable = true},
                          {.name = "dry-run", .help = "check the changes, and make none"},
                          output_option()}),
                     .operands = {"TOPIC", 1, Operands::kAny}},
            .run = run};
}

}  // namespace hw::cli
