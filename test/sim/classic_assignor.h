#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "test/sim/team_topics.h"

namespace hw::sim {

/// What a member of a classic group tells its leader (JoinGroup).
struct Subscription {
    ApiVersion version{0};
    Partitions owned;              ///< that it has not given up; cooperative members have some
    std::int32_t generation = -1;  ///< in which it has got them
    std::string user_data;
};

/// The bytes that consumers put into JoinGroup and SyncGroup.
[[nodiscard]] Buffer encode_subscription(const Subscription& subscription,
                                         const TeamTopics& topics);
[[nodiscard]] Buffer encode_assignment(const Partitions& partitions, const TeamTopics& topics);
/// nullopt: the bytes cannot be read, or name partitions that the group does not have.
[[nodiscard]] std::optional<Partitions> decode_owned(ByteView subscription,
                                                     const TeamTopics& topics);
/// The same; no bytes are no partitions.
[[nodiscard]] std::optional<Partitions> decode_assignment(ByteView bytes, const TeamTopics& topics);

/// Deals out the partitions to the members, in turn, as the leader of a group. A partition that
/// another member still has is given to nobody: it is dealt out in the next generation, when that
/// member has given it up (KIP-429).
///
/// \param owned  by the ids of the members, what each has
[[nodiscard]] std::map<std::string, Partitions> assign_partitions(
    const std::map<std::string, Partitions>& owned, const Partitions& partitions);

}  // namespace hw::sim
