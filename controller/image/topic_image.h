#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/image/persistent_map.h"
#include "protocol/base/ids.h"

namespace hw::controller {

/// Whether the leader was elected from outside the ISR and has not recovered yet (KIP-704).
enum class LeaderRecovery : std::int8_t { recovered = 0, recovering = 1 };

/// State of one partition.
struct PartitionImage {
    PartitionIndex index;
    BrokerId leader = kNoBroker;
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    LeaderRecovery recovery = LeaderRecovery::recovered;
    std::vector<BrokerId> replicas;  ///< the preferred leader first
    std::vector<BrokerId> isr;
    std::vector<BrokerId> removing;
    std::vector<BrokerId> adding;
    std::vector<DirectoryId> directories;  ///< one for each replica
    std::vector<BrokerId> elr;             ///< eligible leader replicas (KIP-966)
    std::vector<BrokerId> last_known_elr;

    bool operator==(const PartitionImage&) const = default;
};

/// A topic and its partitions.
struct TopicImage {
    TopicId id;
    std::string name;
    bool internal = false;
    PersistentMap<PartitionIndex, PartitionImage> partitions;  ///< from 0, without gaps
};

/// Identifies a partition by topic id, so that a topic that is deleted and created again has other
/// keys.
struct PartitionKey {
    TopicId topic;
    PartitionIndex index;

    constexpr auto operator<=>(const PartitionKey&) const = default;
};

/// Reserved directory ids, which stand for no real directory (KIP-858).
inline constexpr DirectoryId kMigratingDirectory{Uuid{0, 0}};   ///< not known yet
inline constexpr DirectoryId kUnassignedDirectory{Uuid{0, 1}};  ///< the broker will choose
inline constexpr DirectoryId kLostDirectory{Uuid{0, 2}};        ///< the replica is damaged or gone

/// True for the first hundred ids, which are reserved.
[[nodiscard]] constexpr bool is_reserved(DirectoryId id) {
    constexpr std::uint64_t kReserved = 100;
    return id.value().high == 0 && id.value().low < kReserved;
}

}  // namespace hw::controller
