#pragma once

#include "protocol/base/ids.h"
#include "protocol/wire/refusal.h"

namespace hw::replication {

/// Port: a replicated state machine whose log is the partition, such as a group coordinator. It
/// learns when this broker leads the partition, and how far its records are committed.
///
/// All functions are called inside the replica's guard. They may call PartitionReplica::append_own,
/// but nothing else that changes the replica.
class ReplicaListener {
public:
    virtual ~ReplicaListener() = default;

    /// This broker leads the partition in `epoch`. Its log ends at `log_end`, and is committed
    /// below `high_watermark`. Also called when it led before, in an older epoch: then its log goes
    /// on, and nothing is lost.
    virtual void on_led(LeaderEpoch epoch, Offset log_end, Offset high_watermark) = 0;
    /// The records below `offset` are committed. Called only while this broker leads.
    virtual void on_high_watermark(Offset offset) = 0;
    /// This broker no longer leads in the epoch of on_led: another one does, the log has failed, or
    /// the replica is removed. Records that are not committed may be lost, or be committed yet.
    virtual void on_resigned(const wire::Refusal& reason) = 0;
};

}  // namespace hw::replication
