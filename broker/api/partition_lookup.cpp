#include "broker/api/partition_lookup.h"

#include <fmt/format.h>

namespace hw::broker {

using wire::ErrorCode;

namespace {

bool is_allowed(const TopicAccess& access, std::string_view topic) {
    return access.who.allows(access.operation, topic_resource(topic));
}

std::string_view reason_of(const FoundTopic& topic) {
    return topic.missing == ErrorCode::topic_authorization_failed ? "not allowed on this topic"
                                                                  : "there is no such topic";
}

std::expected<const controller::PartitionImage*, wire::Refusal> find_image(const FoundTopic& topic,
                                                                           PartitionIndex index) {
    if (topic.image == nullptr) {
        return std::unexpected(wire::Refusal{topic.missing, std::string(reason_of(topic))});
    }
    const controller::PartitionImage* partition = topic.image->partitions.find(index);
    if (partition == nullptr) {
        return std::unexpected(
            wire::Refusal{ErrorCode::unknown_topic_or_partition,
                          fmt::format("topic {} has partitions 0 to {}, not {}", topic.image->name,
                                      topic.image->partitions.size() - 1, index)});
    }
    return partition;
}

wire::Refusal not_the_leader(const FoundTopic& topic, const controller::PartitionImage& partition,
                             PartitionIndex index) {
    return {
        ErrorCode::not_leader_or_follower,
        partition.leader == kNoBroker
            ? fmt::format("{}-{} has no leader", topic.image->name, index)
            : fmt::format("{}-{} is led by broker {}", topic.image->name, index, partition.leader)};
}

std::expected<const HostedPartition*, wire::Refusal> find_hosted(const ApiServices& services,
                                                                 const FoundTopic& topic,
                                                                 PartitionIndex index) {
    const HostedPartition* hosted = services.replicas.find({topic.image->id, index});
    if (hosted == nullptr) {
        return std::unexpected(
            wire::Refusal{ErrorCode::not_leader_or_follower,
                          fmt::format("{}-{} is being opened", topic.image->name, index)});
    }
    return hosted;
}

}  // namespace

FoundTopic find_topic(const ApiServices& services, const TopicAccess& access,
                      std::string_view name) {
    if (!is_allowed(access, name)) {
        return {nullptr, ErrorCode::topic_authorization_failed};
    }
    return {services.image->find_topic(name), ErrorCode::unknown_topic_or_partition};
}

FoundTopic find_topic(const ApiServices& services, const TopicAccess& access, TopicId id) {
    const controller::TopicImage* topic = services.image->find_topic(id);
    if (topic != nullptr && !is_allowed(access, topic->name)) {
        return {nullptr, ErrorCode::topic_authorization_failed};
    }
    return {topic, ErrorCode::unknown_topic_id};
}

std::expected<const HostedPartition*, wire::Refusal> find_partition(const ApiServices& services,
                                                                    const FoundTopic& topic,
                                                                    PartitionIndex index) {
    HW_TRY(partition, find_image(topic, index));
    if (partition->leader != services.node_id) {
        return std::unexpected(not_the_leader(topic, *partition, index));
    }
    return find_hosted(services, topic, index);
}

std::expected<const HostedPartition*, wire::Refusal> find_replica(const ApiServices& services,
                                                                  const FoundTopic& topic,
                                                                  PartitionIndex index) {
    HW_TRY(partition, find_image(topic, index));
    if (partition->leader != services.node_id &&
        std::ranges::find(partition->replicas, services.node_id) == partition->replicas.end()) {
        return std::unexpected(not_the_leader(topic, *partition, index));
    }
    return find_hosted(services, topic, index);
}

}  // namespace hw::broker
