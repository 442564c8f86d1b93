#pragma once

#include <cstdint>

#include "storage/committer.h"

namespace hw::replication {

/// Port: what a replica asks of the place where it lives. All are called inside its guard and
/// return at once; what was asked for follows in a later entry of the guard, so an implementation
/// may enter or only take a note.
class ReplicaHost {
public:
    virtual ~ReplicaHost() = default;

    /// Batches are staged: call PartitionReplica::flush when this drain of the guard or the turn
    /// ends. Asked once until then.
    virtual void ask_flush() = 0;
    /// So many written bytes are not durable: let the committer of the directory call begin_sync
    /// and, when the job has run, on_synced. Asked once until begin_sync, and again when the
    /// urgency rises.
    virtual void ask_sync(storage::SyncUrgency urgency, std::uint64_t unsynced_bytes) = 0;
};

}  // namespace hw::replication
