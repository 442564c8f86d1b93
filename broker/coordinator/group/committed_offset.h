#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"

namespace hw::broker {

/// An offset that a group has committed for a partition.
struct CommittedOffset {
    Offset offset = kNoOffset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;  ///< of the record before the offset; -1: unknown
    /// Any text of the client; null if it is empty. Shared, because answers may repeat it.
    std::shared_ptr<const std::string> metadata = nullptr;
    Timestamp committed_at = kNoTimestamp;
    /// Set if the commit had a retention time of its own.
    std::optional<Timestamp> expires_at = {};
    TopicId topic_id = {};  ///< zero: unknown

    [[nodiscard]] std::string_view text() const {
        return metadata == nullptr ? std::string_view("") : std::string_view(*metadata);
    }
};

/// The committed offsets of a group, by topic and partition.
using GroupOffsets = std::map<std::string, std::map<PartitionIndex, CommittedOffset>, std::less<>>;

}  // namespace hw::broker
