#include "tools/perf/target.h"

#include <algorithm>

#include "tools/client/topic_admin.h"

namespace hw::perf {
namespace {

/// The last version that names topics by name, and that each Kafka since 3.8 speaks.
constexpr ApiVersion kProduceVersion{11};

void add_partition(std::vector<LeaderOf>& leaders, const config::Address& address,
                   PartitionIndex partition) {
    const auto known = std::ranges::find(leaders, address, &LeaderOf::address);
    LeaderOf& leader = known == leaders.end() ? leaders.emplace_back(address) : *known;
    leader.partitions.push_back(partition);
}

/// Errors: not_found (no such topic), busy (a partition without leader).
Result<std::vector<LeaderOf>> look_up_leaders(client::Client& client, const std::string& name,
                                              const client::Deadline& deadline) {
    const auto view = client.describe({&name, 1}, deadline);
    if (!view) {
        return std::unexpected(view.error());
    }
    std::vector<LeaderOf> leaders;
    for (const client::TopicView& topic : view->topics) {
        if (topic.error) {
            return std::unexpected(*topic.error);
        }
        for (const client::PartitionView& partition : topic.partitions) {
            const auto broker = view->brokers.find(partition.leader);
            if (broker == view->brokers.end()) {
                return fail(ErrorKind::busy, "partition {}-{} has no leader", name,
                            partition.index);
            }
            add_partition(leaders, broker->second, partition.index);
        }
    }
    return leaders;
}

Result<std::vector<LeaderOf>> find_leaders(client::Client& client, const std::string& topic) {
    return client.retried(client::Retry::any, [&](const client::Deadline& deadline) {
        return look_up_leaders(client, topic, deadline);
    });
}

/// True if it was made, false if somebody else was faster.
Result<bool> make_topic(client::Client& client, const ProduceOptions& options) {
    client::NewTopic topic{.name = options.topic, .partitions = options.partitions, .configs = {}};
    if (!options.durability.empty()) {
        topic.configs.push_back({"highwater.durability", options.durability});
    }
    const auto outcomes = create_topics(client, {topic});
    if (!outcomes) {
        return std::unexpected(outcomes.error());
    }
    for (const auto& [name, made, is_shown] : *outcomes) {
        if (!made && made.error().kind != ErrorKind::exists) {
            return std::unexpected(made.error());
        }
        if (!made) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<Target> find_target(client::Client& client, const ProduceOptions& options) {
    const auto version = client.newest_version(schema::ApiKey::produce, kProduceVersion);
    if (!version) {
        return std::unexpected(version.error());
    }
    auto leaders = find_leaders(client, options.topic);
    bool created = false;
    if (!leaders && leaders.error().kind == ErrorKind::not_found) {
        const auto made = make_topic(client, options);
        if (!made) {
            return std::unexpected(made.error());
        }
        created = *made;
        leaders = find_leaders(client, options.topic);
    }
    if (!leaders) {
        return std::unexpected(leaders.error());
    }
    return Target{.produce_version = *version, .created = created, .leaders = std::move(*leaders)};
}

}  // namespace hw::perf
