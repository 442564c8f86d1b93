#include "broker/api/partition_lookup.h"

#include <fmt/format.h>

namespace hw::broker {

using replication::PartitionError;
using wire::ErrorCode;

FoundTopic find_topic(const ApiServices& services, std::string_view name) {
    return {services.image->find_topic(name), ErrorCode::unknown_topic_or_partition};
}

FoundTopic find_topic(const ApiServices& services, TopicId id) {
    return {services.image->find_topic(id), ErrorCode::unknown_topic_id};
}

std::expected<const HostedPartition*, PartitionError> find_partition(const ApiServices& services,
                                                                     const FoundTopic& topic,
                                                                     PartitionIndex index) {
    if (topic.image == nullptr) {
        return std::unexpected(PartitionError{topic.missing, "there is no such topic"});
    }
    const controller::PartitionImage* partition = topic.image->partitions.find(index);
    if (partition == nullptr) {
        return std::unexpected(
            PartitionError{ErrorCode::unknown_topic_or_partition,
                           fmt::format("topic {} has partitions 0 to {}, not {}", topic.image->name,
                                       topic.image->partitions.size() - 1, index)});
    }
    if (partition->leader != services.node_id) {
        return std::unexpected(
            PartitionError{ErrorCode::not_leader_or_follower,
                           partition->leader == kNoBroker
                               ? fmt::format("{}-{} has no leader", topic.image->name, index)
                               : fmt::format("{}-{} is led by broker {}", topic.image->name, index,
                                             partition->leader)});
    }
    const HostedPartition* hosted = services.replicas.find({topic.image->id, index});
    if (hosted == nullptr) {
        return std::unexpected(
            PartitionError{ErrorCode::not_leader_or_follower,
                           fmt::format("{}-{} is being opened", topic.image->name, index)});
    }
    return hosted;
}

std::expected<const HostedPartition*, PartitionError> find_readable_partition(
    const ApiServices& services, const FoundTopic& topic, PartitionIndex index) {
    auto found = find_partition(services, topic, index);
    if (found && !services.in_session) {
        return std::unexpected(PartitionError{
            ErrorCode::not_leader_or_follower,
            "this broker has no session with the controller; another may lead by now"});
    }
    return found;
}

}  // namespace hw::broker
