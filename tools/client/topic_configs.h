#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/client/topic_admin.h"

/// Requests about the settings of topics.
namespace hw::client {

/// A key of a topic, as the broker describes it.
struct TopicKey {
    std::string name;
    std::optional<std::string> value;  ///< the one in effect; nothing for a sensitive key
    bool is_set = false;               ///< on the topic itself; false: a default

    friend bool operator==(const TopicKey&, const TopicKey&) = default;
};

struct TopicKeys {
    std::string topic;
    Result<std::vector<TopicKey>> keys;
};

/// The keys `names` of each topic, all keys if there are no names; in the order of the topics.
/// Errors: unsupported (the broker has no DescribeConfigs), those of Client::call. Errors of a
/// topic: not_found, permission.
[[nodiscard]] Result<std::vector<TopicKeys>> describe_topic_keys(
    Client& client, std::span<const std::string> topics,
    std::span<const std::string_view> names = {});

/// The settings of a topic itself, without defaults; a sensitive value is empty. Errors: those
/// above.
[[nodiscard]] Result<std::vector<Setting>> topic_settings(Client& client, const std::string& topic);

struct ConfigChange {
    std::string name;
    std::optional<std::string> value;  ///< nothing: back to the default
};

struct TopicAlteration {
    std::vector<std::string> topics;
    std::vector<ConfigChange> changes;  ///< of each topic
    bool is_dry_run = false;            ///< the cluster checks the changes, and makes none
};

/// Changes settings of topics, and waits until the broker of this client shows the changes; returns
/// the outcome of each topic. The changes of a topic are made together or not at all. Errors: those
/// of Client::call. Errors of a topic: not_found (with a similar name if there is one), invalid (a
/// key or a value), permission, and other errors of the broker.
[[nodiscard]] Result<std::vector<TopicOutcome>> alter_topics(Client& client,
                                                             const TopicAlteration& alteration);

}  // namespace hw::client
