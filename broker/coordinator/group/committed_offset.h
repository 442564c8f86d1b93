#pragma once

#include <map>
#include <optional>
#include <string>

#include "protocol/base/ids.h"

namespace hw::broker {

/// An offset that a group has committed for a partition.
struct CommittedOffset {
    Offset offset = kNoOffset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;  ///< of the record before the offset; -1: unknown
    std::string metadata = {};                  ///< any text of the client
    Timestamp committed_at = kNoTimestamp;
    /// Set if the commit had a retention time of its own.
    std::optional<Timestamp> expires_at = {};
    TopicId topic_id = {};  ///< zero: unknown
};

/// The committed offsets of a group, by topic and partition.
using GroupOffsets = std::map<std::string, std::map<PartitionIndex, CommittedOffset>, std::less<>>;

}  // namespace hw::broker
