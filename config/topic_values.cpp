#include "config/topic_values.h"

#include <fmt/format.h>

#include "config/key_table.h"
#include "config/synonyms.h"
#include "config/value.h"
#include "protocol/base/assert.h"

namespace hw::config {

std::vector<Candidate> candidates_of(const Key& topic_key, const Overrides& overrides,
                                     const Settings& broker) {
    std::vector<Candidate> candidates;
    if (const auto own = overrides.find(topic_key.name); own != overrides.end()) {
        candidates.push_back({topic_key.name, own->second, Source::topic});
    }
    const auto synonyms = synonyms_of(topic_key.name);
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

std::string effective_value(const Key& topic_key, const std::vector<Candidate>& candidates) {
    if (candidates.empty()) {
        return std::string(topic_key.default_value.value_or(""));
    }
    const Candidate& first = candidates.front();
    const auto number = first.factor == 1 ? std::nullopt : parse_integer(first.value);
    if (!number || *number < 0) {
        return first.value;
    }
    return fmt::format("{}", *number * first.factor);
}

}  // namespace hw::config
