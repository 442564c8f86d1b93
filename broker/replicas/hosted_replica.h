#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "broker/runtime/guarded.h"
#include "protocol/base/shard.h"
#include "replication/partition/partition_replica.h"
#include "replication/partition/replica_host.h"
#include "storage/committer.h"
#include "storage/log_directory.h"

namespace hw::broker {

class FlushQueue;

/// One partition replica on this broker: the replica in its guard, and the place where it lives. It
/// asks the shard that is inside for a write at the end of its turn, and joins the log to the group
/// commit of its directory.
///
/// Shared by the replica tables of all shards and by the directory; `enter` may be called on any
/// shard. Everything that an entered work touches is alive, since the guard keeps it.
class HostedReplica final : public replication::ReplicaHost,
                            public storage::LogOwner,
                            public Guarded<replication::PartitionReplica> {
    using Guard = Guarded<replication::PartitionReplica>;

public:
    /// What all replicas of a node share.
    struct Services {
        BrokerId self;
        const Clock& clock;
        /// The home of the data directories.
        Shard& home;
        /// By index of their shards.
        std::vector<FlushQueue*> flush_queues;
        DeferPolicy* defer = nullptr;
        replication::LeaderMutants mutants = {};
        storage::LogMutants log_mutants = {};
        storage::ProducerLimit* producer_limit = nullptr;
    };

    /// `services` outlive it.
    HostedReplica(const Services& services,
                  std::shared_ptr<const replication::PartitionOptions> options);

    /// Runs `work(PartitionReplica&, Shard& here)` in the guard; see Guarded::enter.
    template <class Work>
    [[nodiscard]] bool enter(Shard& from, Work work) {
        return Guard::enter(from, tracked(std::move(work)));
    }
    /// The same for works whose number is bounded by who enters them; see Guarded.
    template <class Work>
    void enter_unrefused(Shard& from, Work work) {
        Guard::enter_unrefused(from, tracked(std::move(work)));
    }

    /// Where its log is from now on. Called inside the guard, before the log is opened.
    void place(storage::LogDirectory& directory, storage::LogId log);
    /// For a log that lives here: its writes and failures come back into this guard.
    [[nodiscard]] storage::LogContext log_context(storage::Disk& disk, Logger logger,
                                                  storage::LogOptions options);
    /// Of the last read, whoever read. Used inside the guard only.
    [[nodiscard]] storage::ReadCursor& cursor() { return cursor_; }

    void ask_flush() override;
    void ask_sync(storage::SyncUrgency urgency, std::uint64_t unsynced_bytes) override;
    /// Writes what is staged; on the shard whose queue was asked.
    void flush(Shard& from);

    void begin_sync(TakeJob take) override;
    void end_sync(const storage::SyncTicket& ticket, const Result<void>& outcome) override;
    void end_snapshot(storage::SnapshotJob job, const Result<void>& outcome) override;
    void on_offline(const Error& reason) override;

private:
    template <class Work>
    [[nodiscard]] auto tracked(Work work) {
        return [this, work = std::move(work)](replication::PartitionReplica& replica,
                                              Shard& here) mutable {
            here_ = &here;
            work(replica, here);
        };
    }
    void run_at_home(std::move_only_function<void()> work);
    [[nodiscard]] std::shared_ptr<HostedReplica> self() {
        return std::static_pointer_cast<HostedReplica>(shared_from_this());
    }

    const Services& services_;
    Shard* here_ = nullptr;  ///< on which the guard is entered now
    storage::LogDirectory* directory_ = nullptr;
    storage::LogId log_;
    storage::ReadCursor cursor_;
    bool flush_queued_ = false;
};

using ReplicaPtr = std::shared_ptr<HostedReplica>;

}  // namespace hw::broker
