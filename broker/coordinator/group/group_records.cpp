#include "broker/coordinator/group/group_records.h"

#include <chrono>
#include <utility>
#include <vector>

#include "protocol/base/assert.h"

namespace hw::broker {

using schema::GroupMetadataRecord;
using schema::GroupMetadataValue;
using schema::OffsetCommitRecord;
using schema::OffsetCommitValue;

namespace {

schema::EncodedGroupRecord encoded(const schema::GroupRecord& record) {
    auto bytes = schema::encode_group_record(record);
    // Texts come from requests, where they are as short as in a record.
    HW_ASSERT(bytes.has_value());
    return std::move(*bytes);
}

Millis millis_of(Duration span) {
    return Millis(static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(span).count()));
}

std::string_view or_null(const std::optional<std::string>& text) {
    return text ? std::string_view(*text) : std::string_view();
}

/// Empty, but not null.
ByteView bytes_of(std::string_view text) {
    return text.empty() ? wire::kEmptyBytes : as_bytes(text);
}

std::optional<std::string> text_or_none(std::string_view text) {
    return wire::is_null(text) ? std::nullopt : std::optional(std::string(text));
}

}  // namespace

schema::EncodedGroupRecord offset_record(const OffsetCommit& commit, const OffsetToCommit& offset) {
    return encoded(OffsetCommitRecord{
        .key = {.group = commit.group, .topic = offset.topic, .partition = offset.partition},
        .value =
            OffsetCommitValue{.offset = offset.offset,
                              .leader_epoch = offset.leader_epoch,
                              .metadata = wire::is_null(offset.metadata) ? "" : offset.metadata,
                              .commit_timestamp = commit.now,
                              .expire_timestamp = commit.expires_at.value_or(kNoTimestamp),
                              .topic_id = offset.topic_id}});
}

schema::EncodedGroupRecord offset_tombstone(std::string_view group, const NamedPartition& of) {
    return encoded(OffsetCommitRecord{
        .key = {.group = group, .topic = of.topic, .partition = of.partition}, .value = {}});
}

schema::EncodedGroupRecord classic_record(std::string_view group, const ClassicRecord& state) {
    std::vector<GroupMetadataValue::MemberMetadata> members;
    members.reserve(state.members.size());
    for (const ClassicMember& member : state.members) {
        const std::string_view subscription = member.metadata_for(state.protocol.value_or(""));
        members.push_back({.member_id = member.id,
                           .group_instance_id = or_null(member.instance),
                           .client_id = member.client_id,
                           .client_host = member.client_host,
                           .rebalance_timeout = millis_of(member.rebalance_timeout),
                           .session_timeout = millis_of(member.session_timeout),
                           .subscription = bytes_of(subscription),
                           .assignment = bytes_of(member.assignment)});
    }
    return encoded(GroupMetadataRecord{
        .key = {.group = group},
        .value = GroupMetadataValue{.protocol_type = state.protocol_type,
                                    .generation = state.generation,
                                    .protocol = or_null(state.protocol),
                                    .leader = or_null(state.leader),
                                    .current_state_timestamp = state.state_since,
                                    .members = members}});
}

schema::EncodedGroupRecord classic_tombstone(std::string_view group) {
    return encoded(GroupMetadataRecord{.key = {.group = group}, .value = {}});
}

CommittedOffset committed_offset_of(const OffsetCommitValue& value) {
    CommittedOffset committed{.offset = value.offset,
                              .leader_epoch = value.leader_epoch,
                              .metadata = value.metadata.empty()
                                              ? nullptr
                                              : std::make_shared<const std::string>(value.metadata),
                              .committed_at = value.commit_timestamp,
                              .topic_id = value.topic_id};
    if (value.expire_timestamp != kNoTimestamp) {
        committed.expires_at = value.expire_timestamp;
    }
    return committed;
}

ClassicRecord classic_record_of(const GroupMetadataValue& value) {
    ClassicRecord state{.protocol_type = std::string(value.protocol_type),
                        .generation = value.generation,
                        .protocol = text_or_none(value.protocol),
                        .leader = text_or_none(value.leader),
                        .state_since = value.current_state_timestamp,
                        .members = {}};
    for (const auto& one : value.members) {
        // Records before version 1 have no rebalance timeout: then it was the session's.
        const Millis rebalance =
            one.rebalance_timeout < Millis(0) ? one.session_timeout : one.rebalance_timeout;
        ClassicMember& member = state.members.emplace_back(
            ClassicMember{.id = std::string(one.member_id),
                          .instance = text_or_none(one.group_instance_id),
                          .client_id = std::string(one.client_id),
                          .client_host = std::string(one.client_host),
                          .rebalance_timeout = std::chrono::milliseconds(rebalance.value()),
                          .session_timeout = std::chrono::milliseconds(one.session_timeout.value()),
                          .assignment = std::string(as_text(one.assignment))});
        member.protocols = {{state.protocol.value_or(""), std::string(as_text(one.subscription))}};
    }
    return state;
}

}  // namespace hw::broker
