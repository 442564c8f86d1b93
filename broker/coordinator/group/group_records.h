#pragma once

#include <string_view>

#include "broker/coordinator/classic/classic_group.h"
#include "broker/coordinator/group/group_machine.h"
#include "protocol/schema/group_record.h"

/// The records of groups, made from what a machine decides.
namespace hw::broker {

[[nodiscard]] schema::EncodedGroupRecord offset_record(const OffsetCommit& commit,
                                                       const OffsetToCommit& offset);
[[nodiscard]] schema::EncodedGroupRecord offset_tombstone(std::string_view group,
                                                          const NamedPartition& of);
[[nodiscard]] schema::EncodedGroupRecord classic_record(std::string_view group,
                                                        const ClassicRecord& state);
[[nodiscard]] schema::EncodedGroupRecord classic_tombstone(std::string_view group);

[[nodiscard]] CommittedOffset committed_offset_of(const schema::OffsetCommitValue& value);
[[nodiscard]] ClassicRecord classic_record_of(const schema::GroupMetadataValue& value);

}  // namespace hw::broker
