#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/coordinator/assignor/assignment.h"
#include "broker/coordinator/classic/classic_member.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::broker {

/// The epoch with which a member joins a consumer group.
inline constexpr std::int32_t kJoinEpoch = 0;
/// The epoch with which a member leaves.
inline constexpr std::int32_t kLeaveEpoch = -1;
/// The epoch with which a static member leaves that will be back, and which it has until then.
inline constexpr std::int32_t kAwayEpoch = -2;

/// How far a member is on the way to its target, with the numbers of its record. `stable`: it has
/// all that it shall have, or may have yet. `revoking`: it must give up partitions first.
/// `waiting`: other members still have partitions that it shall have.
enum class MemberState : std::int8_t { stable = 0, revoking = 1, waiting = 2 };

/// A partition that a member has, and the epoch of the member since which it has it: commits with
/// an earlier epoch may come from before that (KIP-1251).
struct OwnedPartition {
    PartitionIndex index;
    std::int32_t since = 0;

    bool operator==(const OwnedPartition&) const = default;
};

struct OwnedTopic {
    TopicId topic;
    std::vector<OwnedPartition> partitions;  ///< ascending

    bool operator==(const OwnedTopic&) const = default;
};

/// Ascending by topic; none without partitions.
using OwnedPartitions = std::vector<OwnedTopic>;

/// What a member has now, as its record says.
struct MemberPosition {
    std::int32_t epoch = kJoinEpoch;
    std::int32_t previous_epoch = kJoinEpoch;  ///< accepted, too: an answer may have been lost
    MemberState state = MemberState::stable;
    OwnedPartitions assigned = {};
    OwnedPartitions revoking = {};  ///< no other member may have them until it has given them up

    bool operator==(const MemberPosition&) const = default;
};

/// What a member that uses the classic protocol has beside.
struct ClassicPart {
    Duration session_timeout{};
    /// The preferred one first; at least one.
    std::vector<ClassicProtocol> protocols;

    bool operator==(const ClassicPart&) const = default;
};

/// A member of a consumer group as it describes itself, as its record says.
struct MemberDescription {
    std::optional<std::string> instance;  ///< of a static member
    std::optional<std::string> rack;
    std::string client_id;
    std::string client_host;
    std::vector<std::string> topics;     ///< names, ascending, without doubles
    std::optional<std::string> pattern;  ///< a regular expression for further topics
    Duration rebalance_timeout{};        ///< to give up partitions
    std::optional<std::string> assignor;
    std::optional<ClassicPart> classic = {};  ///< of a member that uses the classic protocol

    bool operator==(const MemberDescription&) const = default;
};

/// A member of a consumer group.
struct ConsumerMember {
    MemberDescription description;
    MemberPosition position;
    Assignment target = {};  ///< what it shall have in the end

    // Not in the log.
    TimePoint session_end = kNever;
    TimePoint revoking_end = kNever;  ///< then it must have given up what it shall not have
    /// Of a member that uses the classic protocol: then it must have sent the SyncGroup after its
    /// JoinGroup, or the JoinGroup that it was told to send.
    TimePoint rejoin_end = kNever;
};

}  // namespace hw::broker
