#include "config/settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/key_table.h"
#include "config/properties.h"
#include "config/synonyms.h"
#include "config/value.h"
#include "protocol/base/assert.h"

namespace hw::config {

struct Settings::Given {
    std::string name;
    std::string value;
    Origin origin;
    std::string place;
};

namespace {

std::string advice(const Key& key) {
    if (!key.default_value) {
        return "correct it or leave the key out";
    }
    return fmt::format("correct it, or leave the key out for the default '{}'", *key.default_value);
}

const Key& known_key(std::string_view name) {
    const Key* key = find_key(Scope::broker, name);
    HW_ASSERT(key != nullptr);
    return *key;
}

/// The error for a name that is a key, but not a broker key; nothing for other names.
std::optional<std::string> wrong_scope_error(std::string_view name) {
    constexpr std::array kOthers{Scope::topic, Scope::group, Scope::client_metrics, Scope::quota};
    for (const Scope scope : kOthers) {
        if (find_key(scope, name) == nullptr) {
            continue;
        }
        const auto synonyms = synonyms_of(name);
        const std::string instead = synonyms.empty()
                                        ? "remove it"
                                        : fmt::format("for all {} of this broker set '{}'",
                                                      scope == Scope::group ? "groups" : "topics",
                                                      synonyms.front().broker_key);
        return fmt::format("'{}' is set {}, not in a broker's file; {}", name, where_set(scope),
                           instead);
    }
    return std::nullopt;
}

/// Whether an operator who sets `key` to `value` could believe that the cluster is protected.
bool asks_for_security(const Key& key, std::string_view value) {
    return key.use == Use::security && !same_value(key, value, key.default_value.value_or(""));
}

constexpr std::string_view kNoSecurity =
    "asks for security, and Highwater has no authentication, authorization or encryption yet; "
    "remove it, and listen on 127.0.0.1 or in a network that you trust";

/// Reports a name that is not a broker key: an error if it is probably a mistake, else a warning.
/// The value is never shown, as it may be a secret.
void report_unknown(std::string_view name, const Setting& setting, Problems& problems) {
    const std::string text = printable(name);
    const std::string& place = setting.place;
    const Key* of_listener = key_of_listener(name);
    if (of_listener != nullptr && asks_for_security(*of_listener, setting.value)) {
        problems.refuse(setting.origin, fmt::format("{}: '{}' {}", place, text, kNoSecurity));
    } else if (has_accepted_prefix(name)) {
        problems.warnings.push_back(
            fmt::format("{}: '{}' belongs to a plug-in or to one listener, and has no effect yet",
                        place, text));
    } else if (const auto wrong = wrong_scope_error(name)) {
        problems.refuse(setting.origin, fmt::format("{}: {}", place, *wrong));
    } else if (const Key* nearest = nearest_key(Scope::broker, name)) {
        problems.refuse(
            setting.origin,
            fmt::format("{}: '{}' is not a known key; did you mean '{}'? Correct it or remove it",
                        place, text, nearest->name));
    } else {
        problems.warnings.push_back(
            fmt::format("{}: '{}' is not a known key and is ignored", place, text));
    }
}

void warn_without_effect(const Setting& setting, Problems& problems) {
    if (setting.key->use == Use::later || setting.key->use == Use::security) {
        problems.warnings.push_back(
            fmt::format("{}: '{}' has no effect yet", setting.place, setting.key->name));
    } else if (setting.key->use == Use::automatic) {
        problems.warnings.push_back(
            fmt::format("{}: '{}' has no effect, because Highwater chooses it itself",
                        setting.place, setting.key->name));
    }
}

}  // namespace

void Problems::refuse(Origin origin, std::string sentence) {
    const bool is_typed = origin == Origin::option || origin == Origin::command_line;
    command_line_errors += is_typed ? 1 : 0;
    errors.push_back(std::move(sentence));
}

Settings Settings::collect(const BrokerInput& input, Problems& problems) {
    Settings settings;
    const std::vector<Given> in_file = read_file(input, problems);
    for (const Given& given : in_file) {
        settings.take(given, problems);
    }
    const bool has_meaning = std::ranges::any_of(in_file, [](const Given& given) {
        return find_key(Scope::broker, given.name) != nullptr || has_accepted_prefix(given.name);
    });
    if (!in_file.empty() && !has_meaning && problems.errors.empty()) {
        problems.errors.push_back(
            fmt::format("{}: it contains no known key; is it the right file?", input.file_name));
    }
    for (const Given& given : read_presets(input)) {
        settings.take(given, problems);
    }
    for (const Given& given : read_overrides(input, problems)) {
        settings.take(given, problems);
    }
    for (auto& [name, setting] : settings.settings_) {
        settings.check(setting, problems);
    }
    return settings;
}

std::vector<Settings::Given> Settings::read_file(const BrokerInput& input, Problems& problems) {
    Properties properties = parse_properties(input.file_text);
    for (const LineError& error : properties.errors) {
        problems.errors.push_back(
            fmt::format("{}:{}: {}", input.file_name, error.line, error.message));
    }
    problems.is_file_unreadable = properties.entries.empty() && !properties.errors.empty();
    std::vector<Given> all;
    for (Property& property : properties.entries) {
        all.push_back({std::move(property.key), std::move(property.value), Origin::file,
                       fmt::format("{}:{}", input.file_name, property.line)});
    }
    return all;
}

std::vector<Settings::Given> Settings::read_presets(const BrokerInput& input) {
    std::vector<Given> all;
    for (const Preset& preset : input.presets) {
        all.push_back({preset.name, preset.value, Origin::option, preset.option});
    }
    return all;
}

std::vector<Settings::Given> Settings::read_overrides(const BrokerInput& input,
                                                      Problems& problems) {
    std::vector<Given> all;
    for (const std::string& text : input.overrides) {
        const std::size_t equals = text.find('=');
        const std::string_view name = trim(std::string_view(text).substr(0, equals));
        if (equals == std::string::npos || name.empty()) {
            // The text is not repeated, because it may contain a secret.
            problems.refuse(
                Origin::command_line,
                "--set: the argument is not KEY=VALUE; write for example --set node.id=1");
            continue;
        }
        all.push_back({std::string(name), text.substr(equals + 1), Origin::command_line, "--set"});
    }
    return all;
}

void Settings::take(const Given& given, Problems& problems) {
    const Key* key = find_key(Scope::broker, given.name);
    Setting candidate{
        .key = key, .value = given.value, .origin = given.origin, .place = given.place};
    if (key == nullptr) {
        report_unknown(given.name, candidate, problems);
        return;
    }
    Setting& setting = settings_[given.name];
    if (setting.key != nullptr && setting.origin == given.origin) {
        problems.warnings.push_back(
            fmt::format("{}: '{}' is set again; the value from {} is ignored", given.place,
                        key->name, setting.place));
    }
    setting = std::move(candidate);
}

void Settings::check(Setting& setting, Problems& problems) const {
    const Key& key = *setting.key;
    const bool is_refused = asks_for_security(key, setting.value);
    if (!is_refused) {
        warn_without_effect(setting, problems);
    }
    if (setting.value.size() > kMaxValueBytes) {
        complain(problems, key.name,
                 fmt::format("has {} bytes, over the limit of {} for one value; shorten it",
                             setting.value.size(), kMaxValueBytes));
        setting.is_valid = false;
    } else if (!is_valid(key, setting.value)) {
        complain(problems, key.name, fmt::format("{}; {}", rule_of(key), advice(key)));
        setting.is_valid = false;
    } else if (!is_offered(key, setting.value)) {
        complain(problems, key.name,
                 fmt::format("is not supported yet: only '{}' is; {}",
                             fmt::join(split_list(key.rule.offered), "', '"), advice(key)));
        setting.is_valid = false;
    } else if (is_refused) {
        complain(problems, key.name, kNoSecurity);
    }
}

const Setting* Settings::find(std::string_view name) const {
    const auto found = settings_.find(known_key(name).name);
    return found != settings_.end() && found->second.is_valid ? &found->second : nullptr;
}

bool Settings::mentions(std::string_view name) const {
    return settings_.contains(name);
}

bool Settings::is_broken(std::string_view name) const {
    return mentions(name) && find(name) == nullptr;
}

std::optional<std::string> Settings::text(std::string_view name) const {
    const Key& key = known_key(name);
    const Setting* setting = find(name);
    if (setting == nullptr) {
        return key.default_value ? std::optional<std::string>(*key.default_value) : std::nullopt;
    }
    return key.is_sensitive() ? setting->value : std::string(trim(setting->value));
}

std::optional<std::int64_t> Settings::integer(std::string_view name) const {
    const auto value = text(name);
    return value ? parse_integer(*value) : std::nullopt;
}

bool Settings::flag(std::string_view name) const {
    return parse_boolean(text(name).value_or("")).value_or(false);
}

std::vector<std::string> Settings::list(std::string_view name) const {
    return split_list(text(name).value_or(""));
}

void Settings::complain(Problems& problems, std::string_view name, std::string_view rule) const {
    const auto found = settings_.find(name);
    if (found == settings_.end()) {
        problems.refuse(Origin::default_value, fmt::format("{} is not set: it {}", name, rule));
        return;
    }
    const Setting& setting = found->second;
    problems.refuse(setting.origin, fmt::format("{}: {}={} {}", setting.place, name,
                                                shown(*setting.key, setting.value), rule));
}

}  // namespace hw::config
