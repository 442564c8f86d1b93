#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/result.h"
#include "protocol/wire/error_code.h"
#include "tools/client/partition_io.h"
#include "tools/client/range_assignor.h"

namespace hw::client {

/// Who sends a request, for the coordinator of its group.
struct MemberName {
    std::string group;
    std::string member;            ///< empty: the coordinator has not given it an id yet
    std::int32_t generation = -1;  ///< the last one that it was part of; -1: none
};

/// What the coordinator answers to JoinGroup.
struct JoinAnswer {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::int32_t generation = -1;
    std::string member;
    std::vector<Subscriber> members = {};  ///< empty, unless this member is the leader
};

/// What it answers to SyncGroup.
struct SyncAnswer {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::vector<PartitionName> assigned = {};
};

/// Membership of one consumer in a group of the classic protocol (KIP-62, KIP-394): what it has to
/// do next, given the answers of the coordinator. Does no I/O and reads no clock. Used by one
/// thread.
///
/// join --(answer)--> sync --(answer)--> reading, with heartbeats. When the coordinator says that
/// the group is being rebalanced, or does not know the member or its generation, it joins again;
/// its partitions are then no longer its own.
class GroupMembership {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    /// A member hears of a rebalance with its next heartbeat.
    static constexpr Milliseconds kHeartbeatInterval{1000};

    enum class Step : std::uint8_t {
        join,       ///< send JoinGroup
        sync,       ///< send SyncGroup; as the leader, with the assignment of `members`
        heartbeat,  ///< send Heartbeat
        read,       ///< read the assigned partitions
    };

    explicit GroupMembership(std::string group,
                             Milliseconds heartbeat_interval = kHeartbeatInterval)
        : name_{.group = std::move(group), .member = {}}, heartbeat_interval_(heartbeat_interval) {}

    [[nodiscard]] Step next_step(TimePoint now) const;
    /// While the group is being rebalanced, the generation before: in it, the member may still
    /// commit.
    [[nodiscard]] const MemberName& name() const { return name_; }
    /// The members among which the leader shares out the partitions; empty unless this is it.
    [[nodiscard]] const std::vector<Subscriber>& members() const { return members_; }
    /// Whether it has an assignment, which may be empty.
    [[nodiscard]] bool is_assigned() const { return state_ == State::stable; }
    [[nodiscard]] const std::vector<PartitionName>& assigned() const { return assigned_; }

    /// Each takes an answer. Errors: the coordinator refuses the member for good.
    [[nodiscard]] Result<void> on_joined(JoinAnswer answer);
    [[nodiscard]] Result<void> on_synced(SyncAnswer answer, TimePoint now);
    [[nodiscard]] Result<void> on_heartbeat(wire::ErrorCode code, TimePoint now);
    [[nodiscard]] Result<void> on_committed(wire::ErrorCode code);

private:
    enum class State : std::uint8_t { joining, syncing, stable };

    /// Joins again if the code says so. Errors: it says something else.
    [[nodiscard]] Result<void> rejoin(wire::ErrorCode code);

    MemberName name_;
    Milliseconds heartbeat_interval_;
    State state_ = State::joining;
    std::vector<Subscriber> members_;
    std::vector<PartitionName> assigned_;
    TimePoint heartbeat_at_;
};

}  // namespace hw::client
