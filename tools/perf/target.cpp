#include "tools/perf/target.h"

#include <algorithm>

#include "tools/client/partition_io.h"
#include "tools/client/topic_admin.h"

namespace hw::perf {
namespace {

/// The last versions that identify topics by name; every Kafka since 3.8 serves them.
constexpr ApiVersion kProduceVersion{11};
constexpr ApiVersion kFetchVersion{12};

void add_partition(std::vector<LeaderOf>& leaders, const config::Address& address,
                   PartitionIndex partition) {
    const auto known = std::ranges::find(leaders, address, &LeaderOf::address);
    LeaderOf& leader = known == leaders.end() ? leaders.emplace_back(address) : *known;
    leader.partitions.push_back(partition);
}

/// Errors: not_found (no such topic), busy (a partition without leader).
Result<std::vector<LeaderOf>> look_up_leaders(client::Client& client, const std::string& name,
                                              const client::Deadline& deadline) {
    HW_TRY(view, client.describe({&name, 1}, deadline));
    std::vector<LeaderOf> leaders;
    for (const client::TopicView& topic : view.topics) {
        if (topic.error) {
            return std::unexpected(*topic.error);
        }
        for (const client::PartitionView& partition : topic.partitions) {
            const auto broker = view.brokers.find(partition.leader);
            if (broker == view.brokers.end()) {
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

/// The offsets of all partitions. Errors: those of client::offset_at.
Result<std::map<PartitionIndex, LogEnds>> find_log_ends(client::Client& client,
                                                        const std::string& topic,
                                                        const std::vector<LeaderOf>& leaders) {
    std::map<PartitionIndex, LogEnds> ends;
    for (const LeaderOf& leader : leaders) {
        for (const PartitionIndex partition : leader.partitions) {
            HW_TRY(start, offset_at(client, {topic, partition}, client::kLogStart));
            HW_TRY(end, offset_at(client, {topic, partition}, client::kLogEnd));
            ends[partition] = {.start_offset = start, .end_offset = end};
        }
    }
    return ends;
}

void drop_empty_partitions(Target& target) {
    for (LeaderOf& leader : target.leaders) {
        std::erase_if(leader.partitions, [&](PartitionIndex partition) {
            const LogEnds& ends = target.log_ends[partition];
            return ends.start_offset >= ends.end_offset;
        });
    }
    std::erase_if(target.leaders, [](const LeaderOf& each) { return each.partitions.empty(); });
}

}  // namespace

Result<bool> create_topic(client::Client& client, const WantedTopic& wanted) {
    client::NewTopic topic{.name = wanted.name, .partitions = wanted.partitions, .configs = {}};
    if (!wanted.durability.empty()) {
        topic.configs.push_back({"highwater.durability", wanted.durability});
    }
    HW_TRY(outcomes, create_topics(client, {topic}));
    for (const auto& [name, made, is_shown] : outcomes) {
        if (!made && made.error().kind != ErrorKind::exists) {
            return std::unexpected(made.error());
        }
        if (!made) {
            return false;
        }
    }
    return true;
}

Result<FoundTopic> find_topic(client::Client& client, const WantedTopic& wanted) {
    auto topic = client.topic(wanted.name);
    bool is_created = false;
    if (!topic && topic.error().kind == ErrorKind::not_found) {
        HW_TRY(created, create_topic(client, wanted));
        is_created = created;
        topic = client.topic(wanted.name);
    }
    if (!topic) {
        return std::unexpected(topic.error());
    }
    return FoundTopic{.topic = std::move(*topic), .is_created = is_created};
}

Result<Target> find_target(client::Client& client, const ProduceOptions& options) {
    Target target;
    HW_TRY(version, client.newest_version(schema::ApiKey::produce, kProduceVersion));
    target.version = version;
    auto leaders = find_leaders(client, options.topic);
    if (!leaders && leaders.error().kind == ErrorKind::not_found) {
        HW_TRY(created,
               create_topic(client, {options.topic, options.partitions, options.durability}));
        target.is_created = created;
        leaders = find_leaders(client, options.topic);
    }
    if (!leaders) {
        return std::unexpected(leaders.error());
    }
    target.leaders = std::move(*leaders);
    if (options.tails == 0) {
        return target;
    }
    HW_TRY(tail_version, client.newest_version(schema::ApiKey::fetch, kFetchVersion));
    target.tail_version = tail_version;
    HW_TRY(ends, find_log_ends(client, options.topic, target.leaders));
    target.log_ends = std::move(ends);
    return target;
}

Result<Target> find_target(client::Client& client, const FetchOptions& options) {
    Target target;
    HW_TRY(version, client.newest_version(schema::ApiKey::fetch, kFetchVersion));
    target.version = version;
    HW_TRY(leaders, find_leaders(client, options.topic));
    target.leaders = std::move(leaders);
    HW_TRY(ends, find_log_ends(client, options.topic, target.leaders));
    target.log_ends = std::move(ends);
    drop_empty_partitions(target);
    if (target.leaders.empty()) {
        return fail(ErrorKind::not_found,
                    "topic '{0}' has no records to read; 'hw perf produce --topic {0}' sends some",
                    options.topic);
    }
    return target;
}

}  // namespace hw::perf
