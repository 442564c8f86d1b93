#include "tools/client/topic_admin.h"

#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/delete_topics.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

Millis timeout_of(const Client& client) {
    return Millis(static_cast<std::int32_t>(client.timeout().count()));
}

template <class Topic>
TopicOutcome outcome_of(const Topic& topic) {
    TopicOutcome outcome{std::string(topic.name), {}};
    if (topic.error_code != wire::ErrorCode::none) {
        outcome.result = std::unexpected(
            error_of(topic.error_code, fmt::format("topic '{}'", topic.name), topic.error_message));
    }
    return outcome;
}

template <class Topics>
std::vector<TopicOutcome> outcomes_of(const Topics& topics) {
    std::vector<TopicOutcome> outcomes;
    for (const auto& topic : topics) {
        outcomes.push_back(outcome_of(topic));
    }
    return outcomes;
}

/// The arguments of hw that show topics.
template <class Names>
std::string look_at(const Names& names) {
    return fmt::format("topic describe {}", fmt::join(names, " "));
}

enum class Presence : bool { absent, present };

/// Waits until the broker knows the controller's change, so that the next request sees it. The
/// change is valid even if that takes too long.
void await(Client& client, std::vector<TopicOutcome>& outcomes, Presence wanted) {
    for (auto& [name, result, is_shown] : outcomes) {
        const auto look = [&](const Deadline& deadline) -> Result<void> {
            const auto topic = client.topic(name, deadline);
            const bool is_known = topic || topic.error().kind != ErrorKind::not_found;
            if (is_known != (wanted == Presence::present)) {
                return fail(ErrorKind::busy, "topic '{}' does not show the change yet", name);
            }
            return {};
        };
        if (result) {
            is_shown = client.retried(Retry::refused, look).has_value();
        }
    }
}

}  // namespace

Result<std::vector<TopicOutcome>> create_topics(Client& client,
                                                const std::vector<NewTopic>& topics) {
    std::vector<std::vector<schema::CreateTopicsRequest::Config>> configs;
    for (const NewTopic& topic : topics) {
        auto& those = configs.emplace_back();
        for (const Setting& setting : topic.configs) {
            those.push_back({.name = setting.name, .value = setting.value});
        }
    }
    std::vector<schema::CreateTopicsRequest::Topic> wanted;
    for (std::size_t i = 0; i < topics.size(); ++i) {
        wanted.push_back({.name = topics[i].name,
                          .num_partitions = topics[i].partitions,
                          .replication_factor = topics[i].replication_factor,
                          .assignments = {},
                          .configs = configs[i]});
    }
    const schema::CreateTopicsRequest request{.topics = wanted, .timeout_ms = timeout_of(client)};
    const auto answer = client.call<schema::CreateTopicsResponse>(request, Retry::refused);
    if (!answer) {
        const auto names = topics | std::views::transform(&NewTopic::name);
        return std::unexpected(with_outcome(answer.error(), look_at(names)));
    }
    std::vector<TopicOutcome> outcomes = outcomes_of((*answer)->topics);
    await(client, outcomes, Presence::present);
    for (auto& [name, result, is_shown] : outcomes) {
        if (!result && result.error().kind == ErrorKind::exists) {
            result.error().message += fmt::format("; 'hw topic describe {}' shows it", name);
        }
    }
    return outcomes;
}

Result<std::vector<TopicOutcome>> delete_topics(Client& client,
                                                const std::vector<std::string>& names) {
    std::vector<schema::DeleteTopicsRequest::Topic> topics;
    for (const std::string& name : names) {
        topics.push_back({.name = name, .topic_id = {}});
    }
    const schema::DeleteTopicsRequest request{.topics = topics, .timeout_ms = timeout_of(client)};
    const auto answer = client.call<schema::DeleteTopicsResponse>(request, Retry::refused);
    if (!answer) {
        return std::unexpected(with_outcome(answer.error(), look_at(names)));
    }
    std::vector<TopicOutcome> outcomes = outcomes_of((*answer)->responses);
    await(client, outcomes, Presence::absent);
    for (auto& [name, result, is_shown] : outcomes) {
        if (!result && result.error().kind == ErrorKind::not_found) {
            // This error suggests a similar name.
            if (const auto topic = client.topic(name); !topic) {
                result = std::unexpected(topic.error());
            }
        }
    }
    return outcomes;
}

}  // namespace hw::client
