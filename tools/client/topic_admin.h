#pragma once

#include <string>
#include <vector>

#include "tools/client/client.h"

/// Requests to the cluster about its topics.
namespace hw::client {

struct Setting {
    std::string name;
    std::string value;
};

struct NewTopic {
    static constexpr std::int32_t kDefault = -1;  ///< the broker decides

    std::string name;
    std::int32_t partitions = kDefault;
    std::int16_t replication_factor = kDefault;
    std::vector<Setting> configs;
};

/// The outcome of a request for one topic.
struct TopicOutcome {
    std::string name;
    Result<void> result;
    bool is_shown = true;  ///< false: the broker did not show the change within the timeout
};

/// Creates topics, and waits until the broker of this client shows them; returns the outcome of
/// each, in the order of the answer. Errors: those of Client::call. Errors of a topic: exists,
/// invalid (a name, a number or a setting), and other errors of the broker.
[[nodiscard]] Result<std::vector<TopicOutcome>> create_topics(Client& client,
                                                              const std::vector<NewTopic>& topics);

/// Deletes topics with all their records, and waits until the broker of this client no longer shows
/// them; returns the outcome of each as above. Errors of a topic: not_found, permission.
[[nodiscard]] Result<std::vector<TopicOutcome>> delete_topics(
    Client& client, const std::vector<std::string>& names);

}  // namespace hw::client
