#include "config/describe.h"

#include <utility>

#include <fmt/format.h>

#include "config/key_table.h"
#include "config/topic_config.h"
#include "config/value.h"

namespace hw::config {
namespace {

std::optional<std::string> visible(const Key& key, std::string_view value) {
    return key.is_sensitive() ? std::nullopt : std::optional<std::string>(trim(value));
}

DescribedKey describe_key(const Key& key, const std::vector<Candidate>& candidates) {
    const bool is_null = candidates.empty() && !key.default_value;
    DescribedKey row{
        .key = &key,
        .value = is_null ? std::nullopt : visible(key, effective_value(key, candidates)),
        .source = candidates.empty() ? Source::default_value : candidates.front().source,
        .is_read_only = false,
        .synonyms = {}};
    for (const Candidate& candidate : candidates) {
        row.synonyms.push_back({candidate.name, visible(key, candidate.value), candidate.source});
    }
    return row;
}

DescribedKey describe_topic_key(const Key& key, const Overrides& overrides, const Settings& broker,
                                std::int32_t replicas) {
    std::vector<Candidate> candidates = candidates_of(key, overrides, Source::topic, broker);
    if (candidates.empty() && key.name == "min.insync.replicas") {
        candidates.push_back({key.name, fmt::format("{}", derived_min_insync_replicas(replicas)),
                              Source::default_value});
    }
    return describe_key(key, candidates);
}

DescribedKey describe_broker_key(const Key& key, const Settings& broker) {
    DescribedKey row{.key = &key,
                     .value = std::nullopt,
                     .source = Source::default_value,
                     .is_read_only = key.update == Update::read_only,
                     .synonyms = {}};
    if (const Setting* setting = broker.find(key.name)) {
        row.source = Source::static_broker;
        row.synonyms.push_back({key.name, visible(key, setting->value), row.source});
    }
    if (key.default_value) {
        row.synonyms.push_back({key.name, visible(key, *key.default_value), Source::default_value});
    }
    if (!row.synonyms.empty()) {
        row.value = row.synonyms.front().value;
    }
    return row;
}

/// Keys without effect are hidden unless they were set: their defaults would promise an effect.
bool is_listed(const DescribedKey& row) {
    return row.key->use == Use::in_use || row.source != Source::default_value;
}

}  // namespace

std::vector<DescribedKey> describe_topic(const Overrides& overrides, const Settings& broker,
                                         std::int32_t replicas) {
    std::vector<DescribedKey> rows;
    for (const Key* key : keys_of(Scope::topic)) {
        rows.push_back(describe_topic_key(*key, overrides, broker, replicas));
    }
    return rows;
}

std::vector<DescribedKey> describe_group(const Overrides& overrides, const Settings& broker) {
    std::vector<DescribedKey> rows;
    for (const Key* key : keys_of(Scope::group)) {
        rows.push_back(describe_key(*key, candidates_of(*key, overrides, Source::group, broker)));
    }
    return rows;
}

std::vector<DescribedKey> describe_broker(const Settings& broker) {
    std::vector<DescribedKey> rows;
    for (const Key* key : keys_of(Scope::broker)) {
        DescribedKey row = describe_broker_key(*key, broker);
        if (is_listed(row)) {
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

}  // namespace hw::config
