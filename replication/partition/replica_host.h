#pragma once

#include <cstdint>

#include "storage/committer.h"

namespace hw::replication {

/// Port: schedules the writes and syncs of a replica. All functions are called inside the replica's
/// guard and return at once. The host acts in a later entry of the guard.
class ReplicaHost {
public:
    virtual ~ReplicaHost() = default;

    /// Asks for a call of PartitionReplica::flush at the end of the turn, because batches are
    /// staged. Called once until then.
    virtual void ask_flush() = 0;
    /// Asks for a sync, because `unsynced_bytes` are written but not durable. The committer of the
    /// directory calls begin_sync and, when the job has run, on_synced. Called once until
    /// begin_sync, and again if the urgency rises.
    virtual void ask_sync(storage::SyncUrgency urgency, std::uint64_t unsynced_bytes) = 0;
};

}  // namespace hw::replication
