#include "broker/coordinator/consumer/consumer_records.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>
#include <vector>

#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

using Description = schema::ConsumerGroupMemberMetadataValue;
using Target = schema::ConsumerGroupTargetAssignmentMemberValue;
using Position = schema::ConsumerGroupCurrentMemberAssignmentValue;

schema::EncodedGroupRecord encoded(const schema::GroupRecord& record) {
    auto bytes = schema::encode_group_record(record);
    // Texts come from requests, where they are as short as in a record.
    HW_ASSERT(bytes.has_value());
    return std::move(*bytes);
}

std::string_view or_null(const std::optional<std::string>& text) {
    return text ? std::string_view(*text) : std::string_view();
}

std::optional<std::string> text_or_none(std::string_view text) {
    return wire::is_null(text) ? std::nullopt : std::optional(std::string(text));
}

Millis millis_of(Duration span) {
    return Millis(static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(span).count()));
}

/// Empty, but not null.
ByteView bytes_of(std::string_view text) {
    return text.empty() ? wire::kEmptyBytes : as_bytes(text);
}

/// Partitions in the form of a record. Owns the lists that the result points to.
class WrittenPartitions {
public:
    wire::Array<Position::TopicPartitions> write(const OwnedPartitions& owned) {
        auto& topics = topics_.emplace_back();
        for (const OwnedTopic& topic : owned) {
            auto& partitions = partitions_.emplace_back();
            auto& epochs = epochs_.emplace_back();
            for (const OwnedPartition& partition : topic.partitions) {
                partitions.push_back(partition.index);
                epochs.push_back(partition.since);
            }
            topics.push_back(
                {.topic_id = topic.topic, .partitions = partitions, .assignment_epochs = epochs});
        }
        return topics;
    }

private:
    std::deque<std::vector<Position::TopicPartitions>> topics_;
    std::deque<std::vector<PartitionIndex>> partitions_;
    std::deque<std::vector<std::int32_t>> epochs_;
};

/// What a member of the classic protocol has beside, in the form of a record. Owns the lists that
/// the result points to.
class WrittenClassicPart {
public:
    /// Null: nothing.
    const Description::ClassicMemberMetadata* write(const std::optional<ClassicPart>& part) {
        if (!part) {
            return nullptr;
        }
        for (const ClassicProtocol& protocol : part->protocols) {
            protocols_.push_back({.name = protocol.name, .metadata = bytes_of(protocol.metadata)});
        }
        part_ = {.session_timeout_ms = millis_of(part->session_timeout),
                 .supported_protocols = protocols_};
        return &part_;
    }

private:
    std::vector<Description::ClassicProtocol> protocols_;
    Description::ClassicMemberMetadata part_;
};

ClassicPart classic_part_of(const Description::ClassicMemberMetadata& value) {
    ClassicPart part{.session_timeout = std::chrono::milliseconds(value.session_timeout_ms.value()),
                     .protocols = {}};
    for (const auto& protocol : value.supported_protocols) {
        part.protocols.push_back(
            {std::string(protocol.name), std::string(as_text(protocol.metadata))});
    }
    return part;
}

/// No topic has that many; a record that says so is wrong.
constexpr PartitionIndex kPartitionsEnd{1 << 20};

/// Without epochs, as earlier versions of Kafka write it, the newest is taken for each partition.
OwnedPartitions owned_of(wire::Array<Position::TopicPartitions> topics, std::int32_t epoch) {
    OwnedPartitions owned;
    for (const auto& topic : topics) {
        OwnedTopic& one = owned.emplace_back(OwnedTopic{topic.topic_id, {}});
        const bool has_epochs = topic.assignment_epochs.size() == topic.partitions.size();
        for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
            const PartitionIndex partition = topic.partitions[i];
            if (partition >= PartitionIndex(0) && partition < kPartitionsEnd) {
                one.partitions.push_back(
                    {partition, has_epochs ? topic.assignment_epochs[i] : epoch});
            }
        }
        std::ranges::sort(one.partitions, {}, &OwnedPartition::index);
    }
    std::ranges::sort(owned, {}, &OwnedTopic::topic);
    return owned;
}

}  // namespace

schema::EncodedGroupRecord group_epoch_record(std::string_view group, std::int32_t epoch,
                                              std::int64_t hash) {
    return encoded(schema::ConsumerGroupMetadataRecord{
        .key = {.group_id = group},
        .value = schema::ConsumerGroupMetadataValue{.epoch = epoch, .metadata_hash = hash}});
}

schema::EncodedGroupRecord group_epoch_tombstone(std::string_view group) {
    return encoded(schema::ConsumerGroupMetadataRecord{.key = {.group_id = group}, .value = {}});
}

schema::EncodedGroupRecord target_epoch_record(std::string_view group, std::int32_t epoch,
                                               Timestamp time) {
    return encoded(schema::ConsumerGroupTargetAssignmentMetadataRecord{
        .key = {.group_id = group},
        .value = schema::ConsumerGroupTargetAssignmentMetadataValue{.assignment_epoch = epoch,
                                                                    .assignment_timestamp = time}});
}

schema::EncodedGroupRecord target_epoch_tombstone(std::string_view group) {
    return encoded(schema::ConsumerGroupTargetAssignmentMetadataRecord{.key = {.group_id = group},
                                                                       .value = {}});
}

schema::EncodedGroupRecord description_record(std::string_view group, std::string_view member,
                                              const MemberDescription& description) {
    const std::vector<std::string_view> topics(description.topics.begin(),
                                               description.topics.end());
    WrittenClassicPart classic;
    return encoded(schema::ConsumerGroupMemberMetadataRecord{
        .key = {.group_id = group, .member_id = member},
        .value = Description{.instance_id = or_null(description.instance),
                             .rack_id = or_null(description.rack),
                             .client_id = description.client_id,
                             .client_host = description.client_host,
                             .subscribed_topic_names = topics,
                             .subscribed_topic_regex = or_null(description.pattern),
                             .rebalance_timeout_ms = millis_of(description.rebalance_timeout),
                             .server_assignor = or_null(description.assignor),
                             .classic_member_metadata = classic.write(description.classic)}});
}

schema::EncodedGroupRecord target_record(std::string_view group, std::string_view member,
                                         const Assignment& target) {
    std::vector<Target::TopicPartition> topics;
    topics.reserve(target.size());
    for (const AssignedTopic& topic : target) {
        topics.push_back({.topic_id = topic.topic, .partitions = topic.partitions});
    }
    return encoded(schema::ConsumerGroupTargetAssignmentMemberRecord{
        .key = {.group_id = group, .member_id = member},
        .value = Target{.topic_partitions = topics}});
}

schema::EncodedGroupRecord position_record(std::string_view group, std::string_view member,
                                           const MemberPosition& position) {
    WrittenPartitions written;
    return encoded(schema::ConsumerGroupCurrentMemberAssignmentRecord{
        .key = {.group_id = group, .member_id = member},
        .value = Position{.member_epoch = position.epoch,
                          .previous_member_epoch = position.previous_epoch,
                          .state = static_cast<std::int8_t>(position.state),
                          .assigned_partitions = written.write(position.assigned),
                          .partitions_pending_revocation = written.write(position.revoking)}});
}

schema::EncodedGroupRecord pattern_record(std::string_view group, std::string_view pattern,
                                          const std::vector<std::string>& topics,
                                          const FoundAt& at) {
    const std::vector<std::string_view> names(topics.begin(), topics.end());
    return encoded(schema::ConsumerGroupRegularExpressionRecord{
        .key = {.group_id = group, .regular_expression = pattern},
        .value = schema::ConsumerGroupRegularExpressionValue{
            .topics = names, .version = at.position.value(), .timestamp = at.time}});
}

schema::EncodedGroupRecord pattern_tombstone(std::string_view group, std::string_view pattern) {
    return encoded(schema::ConsumerGroupRegularExpressionRecord{
        .key = {.group_id = group, .regular_expression = pattern}, .value = {}});
}

void add_tombstones(std::string_view group, std::string_view member, CoordinatorRecords& records) {
    records.push_back(encoded(schema::ConsumerGroupCurrentMemberAssignmentRecord{
        .key = {.group_id = group, .member_id = member}, .value = {}}));
    records.push_back(encoded(schema::ConsumerGroupTargetAssignmentMemberRecord{
        .key = {.group_id = group, .member_id = member}, .value = {}}));
    records.push_back(encoded(schema::ConsumerGroupMemberMetadataRecord{
        .key = {.group_id = group, .member_id = member}, .value = {}}));
}

MemberDescription description_of(const Description& value) {
    MemberDescription description{
        .instance = text_or_none(value.instance_id),
        .rack = text_or_none(value.rack_id),
        .client_id = std::string(value.client_id),
        .client_host = std::string(value.client_host),
        .topics = {value.subscribed_topic_names.begin(), value.subscribed_topic_names.end()},
        .pattern = text_or_none(value.subscribed_topic_regex),
        .rebalance_timeout = std::chrono::milliseconds(value.rebalance_timeout_ms.value()),
        .assignor = text_or_none(value.server_assignor)};
    std::ranges::sort(description.topics);
    const auto doubles = std::ranges::unique(description.topics);
    description.topics.erase(doubles.begin(), doubles.end());
    if (description.pattern && description.pattern->empty()) {
        description.pattern.reset();
    }
    // One without a protocol could not take part.
    const auto* const classic = value.classic_member_metadata;
    if (classic != nullptr && !classic->supported_protocols.empty()) {
        description.classic = classic_part_of(*classic);
    }
    return description;
}

Assignment target_of(const Target& value) {
    Assignment target;
    for (const auto& topic : value.topic_partitions) {
        AssignedTopic& one = target.emplace_back();
        one.topic = topic.topic_id;
        one.partitions.assign(topic.partitions.begin(), topic.partitions.end());
        std::ranges::sort(one.partitions);
    }
    std::ranges::sort(target, {}, &AssignedTopic::topic);
    return target;
}

MemberPosition position_of(const Position& value) {
    // A state that is not known, of a newer version, counts as one that must revoke.
    constexpr auto kLast = static_cast<std::int8_t>(MemberState::waiting);
    const bool is_known = value.state >= 0 && value.state <= kLast;
    return {.epoch = value.member_epoch,
            .previous_epoch = value.previous_member_epoch,
            .state = is_known ? static_cast<MemberState>(value.state) : MemberState::revoking,
            .assigned = owned_of(value.assigned_partitions, value.member_epoch),
            .revoking = owned_of(value.partitions_pending_revocation, value.member_epoch)};
}

}  // namespace hw::broker
