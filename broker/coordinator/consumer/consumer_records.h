#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/consumer/consumer_member.h"
#include "broker/coordinator/runtime/decision.h"
#include "protocol/schema/group_record.h"

/// The records of consumer groups, made and read.
namespace hw::broker {

[[nodiscard]] schema::EncodedGroupRecord group_epoch_record(std::string_view group,
                                                            std::int32_t epoch, std::int64_t hash);
[[nodiscard]] schema::EncodedGroupRecord group_epoch_tombstone(std::string_view group);
[[nodiscard]] schema::EncodedGroupRecord target_epoch_record(std::string_view group,
                                                             std::int32_t epoch, Timestamp time);
[[nodiscard]] schema::EncodedGroupRecord target_epoch_tombstone(std::string_view group);
[[nodiscard]] schema::EncodedGroupRecord description_record(std::string_view group,
                                                            std::string_view member,
                                                            const MemberDescription& description);
[[nodiscard]] schema::EncodedGroupRecord target_record(std::string_view group,
                                                       std::string_view member,
                                                       const Assignment& target);
[[nodiscard]] schema::EncodedGroupRecord position_record(std::string_view group,
                                                         std::string_view member,
                                                         const MemberPosition& position);
/// When the topics of a pattern were found.
struct FoundAt {
    Offset position;  ///< of the metadata
    Timestamp time;
};
[[nodiscard]] schema::EncodedGroupRecord pattern_record(std::string_view group,
                                                        std::string_view pattern,
                                                        const std::vector<std::string>& topics,
                                                        const FoundAt& at);
[[nodiscard]] schema::EncodedGroupRecord pattern_tombstone(std::string_view group,
                                                           std::string_view pattern);
/// Adds the records that remove a member.
void add_tombstones(std::string_view group, std::string_view member, CoordinatorRecords& records);

[[nodiscard]] MemberDescription description_of(
    const schema::ConsumerGroupMemberMetadataValue& value);
[[nodiscard]] Assignment target_of(const schema::ConsumerGroupTargetAssignmentMemberValue& value);
[[nodiscard]] MemberPosition position_of(
    const schema::ConsumerGroupCurrentMemberAssignmentValue& value);

}  // namespace hw::broker
