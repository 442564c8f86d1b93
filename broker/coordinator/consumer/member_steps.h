#pragma once

#include <functional>
#include <optional>

#include "broker/coordinator/consumer/consumer_member.h"

namespace hw::broker {

/// What a member is led to.
struct MemberTarget {
    std::int32_t epoch = 0;
    const Assignment& partitions;
};

/// Whether a member of the group has the partition, or is giving it up.
using IsHeld = std::function<bool(TopicId, PartitionIndex)>;

/// The next step of a member towards its target: what it shall not have is revoked first, then it
/// gets what nobody has any more. The same position if there is no step now.
///
/// \param owned  what the member says it has; nothing: unchanged
[[nodiscard]] MemberPosition next_step(const MemberPosition& member, const MemberTarget& target,
                                       const std::optional<Assignment>& owned,
                                       const IsHeld& is_held);

/// The partitions without their epochs.
[[nodiscard]] Assignment partitions_of(const OwnedPartitions& owned);

/// The owned partition; nullptr if there is none.
[[nodiscard]] const OwnedPartition* find(const OwnedPartitions& owned, TopicId topic,
                                         PartitionIndex partition);

}  // namespace hw::broker
