#include "config/key_table.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "config/keys/keys.h"
#include "config/most_similar_name.h"

namespace hw::config {
namespace {

constexpr std::string_view kListenerPrefix = "listener.name.";

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
    std::vector<std::string_view> names;
    std::ranges::transform(keys_of(scope), std::back_inserter(names), &Key::name);
    const auto nearest = most_similar_name(names, name);
    return nearest ? find_key(scope, *nearest) : nullptr;
}

bool has_accepted_prefix(std::string_view name) {
    constexpr std::string_view kPrefixes[] = {"rsm.config.", "rlmm.config.", "confluent.",
                                              kListenerPrefix, "config.providers."};
    return std::ranges::any_of(
        kPrefixes, [name](std::string_view prefix) { return name.starts_with(prefix); });
}

const Key* key_of_listener(std::string_view name) {
    if (!name.starts_with(kListenerPrefix)) {
        return nullptr;
    }
    name.remove_prefix(kListenerPrefix.size());
    const Key* key = nullptr;
    for (auto dot = name.find('.'); key == nullptr && dot != name.npos; dot = name.find('.')) {
        name.remove_prefix(dot + 1);
        key = find_key(Scope::broker, name);
    }
    return key;
}

std::string_view where_set(Scope scope) {
    switch (scope) {
        case Scope::broker:
            return "in a broker's file";
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
