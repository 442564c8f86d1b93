#include "tools/client/group_codec.h"

#include <array>
#include <map>

#include "protocol/base/arena.h"
#include "protocol/schema/consumer_protocol.h"

namespace hw::client {
namespace {

/// What all assignors know: the topics of a subscription, the partitions of an assignment.
constexpr ApiVersion kConsumerVersion{0};

/// Decoding takes a small multiple of the bytes.
Arena arena_for(ByteView bytes) {
    return Arena(bytes.size() * 32 + 4096);
}

Result<Subscriber> subscriber_of(const schema::JoinGroupResponse::Member& member) {
    Subscriber subscriber{.member = std::string(member.member_id), .instance = {}, .topics = {}};
    if (!wire::is_null(member.group_instance_id)) {
        subscriber.instance = std::string(member.group_instance_id);
    }
    Arena arena = arena_for(member.metadata);
    HW_TRY(decoded, schema::decode_subscription(member.metadata, arena));
    for (const std::string_view topic : decoded.subscription.topics) {
        subscriber.topics.emplace_back(topic);
    }
    return subscriber;
}

}  // namespace

Result<Buffer> encode_wanted(std::string_view topic) {
    const std::array<std::string_view, 1> topics{topic};
    schema::ConsumerProtocolSubscription subscription;
    subscription.topics = topics;
    return schema::encode_subscription(subscription, kConsumerVersion);
}

Result<JoinAnswer> join_answer_of(const schema::JoinGroupResponse& response) {
    JoinAnswer answer{.code = response.error_code,
                      .generation = response.generation_id,
                      .member = std::string(response.member_id)};
    for (const auto& member : response.members) {
        HW_TRY(subscriber, subscriber_of(member));
        answer.members.push_back(std::move(subscriber));
    }
    return answer;
}

Result<Buffer> encode_assigned(const std::vector<PartitionName>& assigned) {
    std::map<std::string_view, std::vector<PartitionIndex>> by_topic;
    for (const PartitionName& partition : assigned) {
        by_topic[partition.topic].push_back(partition.partition);
    }
    using Assignment = schema::ConsumerProtocolAssignment;
    std::vector<Assignment::TopicPartition> topics;
    for (const auto& [topic, partitions] : by_topic) {
        topics.push_back({.topic = topic, .partitions = partitions});
    }
    Assignment assignment;
    assignment.assigned_partitions = topics;
    return schema::encode_assignment(assignment, kConsumerVersion);
}

Result<std::vector<PartitionName>> decode_assigned(ByteView bytes) {
    std::vector<PartitionName> partitions;
    if (bytes.empty()) {
        return partitions;
    }
    Arena arena = arena_for(bytes);
    HW_TRY(decoded, schema::decode_assignment(bytes, arena));
    for (const auto& topic : decoded.assignment.assigned_partitions) {
        for (const PartitionIndex partition : topic.partitions) {
            partitions.push_back({std::string(topic.topic), partition});
        }
    }
    return partitions;
}

}  // namespace hw::client
