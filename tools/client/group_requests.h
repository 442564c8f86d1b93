#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tools/client/client.h"
#include "tools/client/group_membership.h"

/// The requests of a member of a group to its coordinator. Each looks for the coordinator first, so
/// it follows one that has moved, and retries until the timeout of the client. Errors: busy (no
/// coordinator within the timeout), permission, those of Client::call. What a member reacts to is
/// no error, but a code in the answer.
namespace hw::client {

/// Joins as a consumer of `topic`, with the range assignor. Waits until all members have joined, at
/// most kLongestRebalance. A member that sends no heartbeat for `session` loses its partitions.
[[nodiscard]] Result<JoinAnswer> join_group(Client& client, const MemberName& member,
                                            const std::string& topic, Milliseconds session);
/// Waits for the member's partitions. The leader gives the partitions of all members.
[[nodiscard]] Result<SyncAnswer> sync_group(
    Client& client, const MemberName& member,
    const std::map<std::string, std::vector<PartitionName>>& assignment);
[[nodiscard]] Result<wire::ErrorCode> send_heartbeat(Client& client, const MemberName& member);
/// Stores the positions in `topic`; the code of the first partition that has one.
[[nodiscard]] Result<wire::ErrorCode> commit_positions(Client& client, const MemberName& member,
                                                       const std::string& topic,
                                                       const std::vector<Position>& positions);
/// Leaves at once; a member that the group does not know has left, too.
[[nodiscard]] Result<void> leave_group(Client& client, const MemberName& member);

/// A rebalance takes no longer than the longest max.poll.interval.ms of the members, by default 5
/// minutes.
inline constexpr Milliseconds kLongestRebalance{std::chrono::minutes(10)};

}  // namespace hw::client
