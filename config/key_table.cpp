#include "config/key_table.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "config/keys/keys.h"

namespace hw::config {
namespace {

struct Subject {
    Scope scope;
    std::span<const Key> keys;
};

auto subjects() {
    return std::to_array<Subject>({
        {Scope::broker, node_keys()},
        {Scope::broker, network_keys()},
        {Scope::broker, replication_keys()},
        {Scope::broker, quorum_keys()},
        {Scope::broker, log_keys()},
        {Scope::broker, cleaner_keys()},
        {Scope::broker, groups_keys()},
        {Scope::broker, streams_keys()},
        {Scope::broker, share_keys()},
        {Scope::broker, transactions_keys()},
        {Scope::broker, quotas_keys()},
        {Scope::broker, tls_keys()},
        {Scope::broker, sasl_keys()},
        {Scope::broker, metrics_keys()},
        {Scope::broker, remote_keys()},
        {Scope::broker, highwater_keys()},
        {Scope::topic, topic_keys()},
        {Scope::group, group_keys()},
        {Scope::client_metrics, client_metrics_keys()},
        {Scope::quota, quota_entities_keys()},
    });
}

/// Levenshtein's distance, row by row. Callers bound both lengths.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> above(right.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t i = 0; i < left.size(); ++i) {
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t change = above[j] + (left[i] == right[j] ? 0 : 1);
            row[j + 1] = std::min({change, above[j + 1] + 1, row[j] + 1});
        }
        above.swap(row);
    }
    return above.back();
}

bool lengths_are_near(std::string_view left, std::string_view right) {
    return std::max(left.size(), right.size()) - std::min(left.size(), right.size()) <=
           kTypoDistance;
}

}  // namespace

std::vector<const Key*> keys_of(Scope scope) {
    std::vector<const Key*> keys;
    for (const Subject& subject : subjects()) {
        if (subject.scope == scope) {
            std::ranges::transform(subject.keys, std::back_inserter(keys),
                                   [](const Key& key) { return &key; });
        }
    }
    return keys;
}

const Key* find_key(Scope scope, std::string_view name) {
    for (const Subject& subject : subjects()) {
        if (subject.scope == scope) {
            const auto found = std::ranges::find(subject.keys, name, &Key::name);
            if (found != subject.keys.end()) {
                return &*found;
            }
        }
    }
    return nullptr;
}

const Key* nearest_key(Scope scope, std::string_view name) {
    const Key* nearest = nullptr;
    std::size_t least = kTypoDistance + 1;
    for (const Key* key : keys_of(scope)) {
        if (lengths_are_near(key->name, name)) {
            const std::size_t distance = edit_distance(key->name, name);
            if (distance < least) {
                least = distance;
                nearest = key;
            }
        }
    }
    return nearest;
}

bool has_accepted_prefix(std::string_view name) {
    constexpr std::string_view kPrefixes[] = {"rsm.config.", "rlmm.config.", "confluent.",
                                              "listener.name.", "config.providers."};
    return std::ranges::any_of(
        kPrefixes, [name](std::string_view prefix) { return name.starts_with(prefix); });
}

std::string_view where_set(Scope scope) {
    switch (scope) {
        case Scope::broker:
            return "in the file of a broker";
        case Scope::topic:
            return "on a topic";
        case Scope::group:
            return "on a group";
        case Scope::client_metrics:
            return "on a subscription to client metrics";
        case Scope::quota:
            return "on a user, a client id or an address";
    }
    return "nowhere";
}

}  // namespace hw::config
