#include "tools/client/topic_configs.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/value.h"
#include "protocol/schema/api/describe_configs.h"
#include "protocol/schema/api/incremental_alter_configs.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

using schema::DescribeConfigsRequest;
using schema::DescribeConfigsResponse;
using schema::IncrementalAlterConfigsRequest;
using schema::IncrementalAlterConfigsResponse;

constexpr std::int8_t kTopicResource = 2;
/// The source of a config that was set on the topic itself (KIP-226).
constexpr std::int8_t kTopicSource = 1;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;
/// A broker takes memory for all keys of each topic of a request, up to a limit.
constexpr std::size_t kTopicsPerRequest = 100;

template <class Resource>
Error error_of_topic(const Resource& resource) {
    return error_of(resource.error_code, fmt::format("topic '{}'", resource.resource_name),
                    resource.error_message);
}

TopicKeys keys_of(const DescribeConfigsResponse::Resource& resource) {
    const std::string topic(resource.resource_name);
    if (resource.error_code != wire::ErrorCode::none) {
        return {topic, std::unexpected(error_of_topic(resource))};
    }
    std::vector<TopicKey> keys;
    for (const auto& config : resource.configs) {
        TopicKey& key = keys.emplace_back();
        key.name = config.name;
        if (!wire::is_null(config.value)) {
            key.value = config.value;
        }
        key.is_set = config.config_source == kTopicSource;
    }
    return {topic, std::move(keys)};
}

std::vector<DescribeConfigsRequest::Resource> resources_of(
    std::span<const std::string> topics, std::span<const std::string_view> names) {
    using Names = wire::Array<std::string_view>;
    std::vector<DescribeConfigsRequest::Resource> resources;
    for (const std::string& topic : topics) {
        resources.push_back({.resource_type = kTopicResource,
                             .resource_name = topic,
                             .configuration_keys = names.empty() ? Names::null() : Names(names)});
    }
    return resources;
}

bool shows(const std::vector<TopicKey>& keys, const ConfigChange& change) {
    const auto key = std::ranges::find(keys, change.name, &TopicKey::name);
    if (key == keys.end() || !change.value) {
        return key == keys.end() || !key->is_set;
    }
    return key->is_set && (!key->value || config::trim(*key->value) == config::trim(*change.value));
}

/// Errors: busy (the broker does not show all changes yet), those of describing the keys.
Result<void> look_for(Client& client, const std::string& topic,
                      const std::vector<ConfigChange>& changes, const Deadline& deadline) {
    const auto resources = resources_of({&topic, 1}, {});
    const DescribeConfigsRequest request{.resources = resources};
    HW_TRY(answer, client.call<DescribeConfigsResponse>(request, deadline));
    for (const auto& resource : answer->results) {
        const TopicKeys described = keys_of(resource);
        HW_TRY(keys, described.keys);
        const auto is_shown = [&](const ConfigChange& change) { return shows(keys, change); };
        if (!std::ranges::all_of(changes, is_shown)) {
            return fail(ErrorKind::busy, "topic '{}' does not show the change yet", topic);
        }
    }
    return {};
}

/// Waits until the broker shows the changes that the controller has made. They are valid even if
/// that takes too long.
void await(Client& client, const std::vector<ConfigChange>& changes, TopicOutcome& outcome) {
    const auto look = [&](const Deadline& deadline) {
        return look_for(client, outcome.name, changes, deadline);
    };
    outcome.is_shown = client.retried(Retry::any, look).has_value();
}

TopicOutcome outcome_of(Client& client, const IncrementalAlterConfigsResponse::Resource& resource) {
    TopicOutcome outcome{std::string(resource.resource_name), {}};
    if (resource.error_code == wire::ErrorCode::none) {
        return outcome;
    }
    outcome.result = std::unexpected(error_of_topic(resource));
    if (outcome.result.error().kind == ErrorKind::not_found) {
        // This error suggests a similar name.
        if (const auto topic = client.topic(outcome.name); !topic) {
            outcome.result = std::unexpected(topic.error());
        }
    }
    return outcome;
}

}  // namespace

Result<std::vector<TopicKeys>> describe_topic_keys(Client& client,
                                                   std::span<const std::string> topics,
                                                   std::span<const std::string_view> names) {
    std::vector<TopicKeys> described;
    while (!topics.empty()) {
        const std::size_t count = std::min(topics.size(), kTopicsPerRequest);
        const auto resources = resources_of(topics.first(count), names);
        topics = topics.subspan(count);
        const DescribeConfigsRequest request{.resources = resources};
        HW_TRY(answer, client.call<DescribeConfigsResponse>(request, Retry::any));
        std::ranges::transform(answer->results, std::back_inserter(described), keys_of);
    }
    return described;
}

Result<std::vector<Setting>> topic_settings(Client& client, const std::string& topic) {
    HW_TRY(described, describe_topic_keys(client, {&topic, 1}));
    std::vector<Setting> settings;
    for (const TopicKeys& each : described) {
        HW_TRY(keys, each.keys);
        for (const TopicKey& key : keys) {
            if (key.is_set) {
                settings.push_back({key.name, key.value.value_or("")});
            }
        }
    }
    return settings;
}

Result<std::vector<TopicOutcome>> alter_topics(Client& client, const TopicAlteration& alteration) {
    std::vector<IncrementalAlterConfigsRequest::Config> configs;
    for (const ConfigChange& change : alteration.changes) {
        configs.push_back(
            {.name = change.name,
             .config_operation = change.value ? kSet : kDelete,
             .value = change.value ? std::string_view(*change.value) : std::string_view()});
    }
    std::vector<IncrementalAlterConfigsRequest::Resource> resources;
    for (const std::string& topic : alteration.topics) {
        resources.push_back(
            {.resource_type = kTopicResource, .resource_name = topic, .configs = configs});
    }
    const IncrementalAlterConfigsRequest request{.resources = resources,
                                                 .validate_only = alteration.is_dry_run};
    const auto answer = client.call<IncrementalAlterConfigsResponse>(request, Retry::refused);
    if (!answer) {
        const std::string look =
            fmt::format("topic describe {}", fmt::join(alteration.topics, " "));
        return std::unexpected(alteration.is_dry_run ? answer.error()
                                                     : with_outcome(answer.error(), look));
    }
    std::vector<TopicOutcome> outcomes;
    for (const auto& resource : (*answer)->responses) {
        TopicOutcome& outcome = outcomes.emplace_back(outcome_of(client, resource));
        if (outcome.result && !alteration.is_dry_run &&
            client.serves(schema::ApiKey::describe_configs)) {
            await(client, alteration.changes, outcome);
        }
    }
    return outcomes;
}

}  // namespace hw::client
