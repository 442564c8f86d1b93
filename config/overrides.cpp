#include "config/overrides.h"

#include <fmt/format.h>

#include "config/synonyms.h"
#include "config/value.h"
#include "protocol/base/assert.h"

namespace hw::config {
namespace {

std::string_view noun_of(Scope scope) {
    return scope == Scope::group ? "group" : "topic";
}

}  // namespace

std::vector<Candidate> candidates_of(const Key& key, const Overrides& overrides, Source own,
                                     const Settings& broker) {
    std::vector<Candidate> candidates;
    if (const auto set = overrides.find(key.name); set != overrides.end()) {
        candidates.push_back({key.name, set->second, own});
    }
    const auto synonyms = synonyms_of(key.name);
    for (const Synonym& synonym : synonyms) {
        if (const Setting* setting = broker.find(synonym.broker_key)) {
            candidates.push_back({synonym.broker_key, std::string(trim(setting->value)),
                                  Source::static_broker, synonym.factor});
        }
    }
    if (!synonyms.empty()) {
        // Only the default of the first synonym. As in Kafka, synonyms in other units are listed
        // only when they are set.
        const Key* first = find_key(Scope::broker, synonyms.front().broker_key);
        HW_ASSERT(first != nullptr);
        if (first->default_value) {
            candidates.push_back(
                {first->name, std::string(*first->default_value), Source::default_value});
        }
    }
    return candidates;
}

std::string effective_value(const Key& key, const std::vector<Candidate>& candidates) {
    if (candidates.empty()) {
        return std::string(key.default_value.value_or(""));
    }
    const Candidate& first = candidates.front();
    const auto number = first.factor == 1 ? std::nullopt : parse_integer(first.value);
    if (!number || *number < 0) {
        return first.value;
    }
    return fmt::format("{}", *number * first.factor);
}

Result<const Key*> find_settable(Scope scope, std::string_view name) {
    if (const Key* key = find_key(scope, name)) {
        return key;
    }
    const std::string_view noun = noun_of(scope);
    if (const std::string_view key = key_with_synonym(scope, name); !key.empty()) {
        return fail(ErrorKind::not_found,
                    "'{}' is a broker key; the {} key with that meaning is '{}'", name, noun, key);
    }
    if (const Key* nearest = nearest_key(scope, name)) {
        return fail(ErrorKind::not_found, "'{}' is not a {} key; did you mean '{}'?",
                    printable(name), noun, nearest->name);
    }
    return fail(ErrorKind::not_found, "'{}' is not a {} key", printable(name), noun);
}

Result<void> check_value(const Key& key, std::string_view value, Use use) {
    if (!is_valid(key, value)) {
        return broken_rule(key, value);
    }
    if (!is_offered(key, value)) {
        return fail(ErrorKind::unsupported, "{}={} is not supported yet: only '{}' is", key.name,
                    shown(key, value), key.rule.offered);
    }
    const std::string_view normal = key.default_value.value_or("");
    if (use != Use::in_use && !same_value(key, value, normal)) {
        return fail(ErrorKind::unsupported,
                    "{}={} is not supported yet: only the default '{}' is; leave the key out",
                    key.name, shown(key, value), normal);
    }
    return {};
}

std::unexpected<Error> broken_rule(const Key& key, std::string_view value) {
    return fail(ErrorKind::invalid, "{}={} {}", key.name, shown(key, value), rule_of(key));
}

}  // namespace hw::config
