#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "protocol/base/ids.h"

namespace hw::replication {

/// The state of a partition in the metadata, at one partition epoch.
struct PartitionFacts {
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    PartitionEpoch partition_epoch{-1};  ///< rises with each change of the partition
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;

    [[nodiscard]] bool has_replica(BrokerId broker) const {
        return std::ranges::find(replicas, broker) != replicas.end();
    }
    [[nodiscard]] bool is_in_sync(BrokerId broker) const {
        return std::ranges::find(isr, broker) != isr.end();
    }
};

/// End of the range that a read or lookup covers: what consumers may read, or the log end (for
/// replicas).
enum class OffsetScope : std::uint8_t { readable, whole_log };

/// The end offsets of a replica's own log.
struct LogEnds {
    Offset log_end_offset;
    Offset durable_end_offset;  ///< end of the records on stable storage; <= log_end_offset
};

}  // namespace hw::replication
