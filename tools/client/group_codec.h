#pragma once

#include <string_view>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/join_group.h"
#include "tools/client/group_membership.h"
#include "tools/client/partition_io.h"

/// The bytes that members of a group of the classic protocol exchange through the coordinator.
namespace hw::client {

/// The protocol type of groups of consumers.
inline constexpr std::string_view kConsumerProtocol = "consumer";

/// The metadata of a member that wants `topic`. Errors: those of encode_subscription.
[[nodiscard]] Result<Buffer> encode_wanted(std::string_view topic);
/// What the leader assigns to a member. Errors: those of encode_assignment.
[[nodiscard]] Result<Buffer> encode_assigned(const std::vector<PartitionName>& assigned);
/// An assignment without bytes is one without partitions. Errors: corrupt, limit.
[[nodiscard]] Result<std::vector<PartitionName>> decode_assigned(ByteView bytes);
/// Errors: as above, for the metadata of the members.
[[nodiscard]] Result<JoinAnswer> join_answer_of(const schema::JoinGroupResponse& response);

}  // namespace hw::client
