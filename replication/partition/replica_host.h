#pragma once

#include <cstdint>

#include "replication/partition/isr_proposal.h"
#include "storage/committer.h"
#include "storage/log_jobs.h"

namespace hw::replication {

/// Port: schedules the work of a replica outside of its guard. All functions are called inside the
/// replica's guard and return at once. The host acts in a later entry of the guard.
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
    /// Asks for a call of PartitionReplica::next_fetch: the replica follows `leader`, and may
    /// fetch again. Called once until then.
    virtual void ask_fetch(BrokerId leader) = 0;
    /// Asks to run the job where blocking is allowed, and to report it to on_truncated. With
    /// `loses_committed` it removes records that were committed, after an unclean election.
    virtual void ask_truncation(storage::TruncationJob job, bool loses_committed) = 0;
    /// Asks the controller for another ISR, and reports its answer to on_isr_answer.
    virtual void ask_isr(IsrProposal proposal) = 0;
};

}  // namespace hw::replication
