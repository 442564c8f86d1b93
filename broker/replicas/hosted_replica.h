#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "broker/replicas/replica_peers.h"
#include "broker/runtime/guarded.h"
#include "controller/image/topic_image.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "replication/partition/partition_replica.h"
#include "replication/partition/replica_host.h"
#include "storage/committer.h"
#include "storage/log_directory.h"

namespace hw::broker {

class FlushQueue;
class HostedReplica;

/// Port: makes what stands on the partitions of internal topics.
class ReplicaListeners {
public:
    virtual ~ReplicaListeners() = default;

    /// The listener of a new replica; null for a partition that nothing stands on. May keep a weak
    /// reference to the replica.
    [[nodiscard]] virtual std::shared_ptr<replication::ReplicaListener> make_listener(
        const std::shared_ptr<HostedReplica>& replica, const storage::TopicPartition& name) = 0;
    /// Topics were deleted; called after the metadata was applied.
    virtual void tell_deleted_topics() = 0;
};

/// A partition replica on this broker, inside its guard, with its data directory. When batches are
/// staged, it asks the shard that is inside the guard for a write at the end of the turn. Its log
/// takes part in the group commit of the directory.
///
/// Shared by the replica tables of all shards and by the directory; `enter` may be called on any
/// shard. Queued work keeps the replica alive.
class HostedReplica final : public replication::ReplicaHost,
                            public storage::LogOwner,
                            public Guarded<replication::PartitionReplica> {
    using Guard = Guarded<replication::PartitionReplica>;

public:
    /// Services that all replicas of a node share.
    struct Services {
        BrokerId self;
        const Clock& clock;
        Logger log;
        /// The shard of the data directories.
        Shard& home;
        /// The flush queue of each shard, by Shard::index.
        std::vector<FlushQueue*> flush_queues;
        DeferPolicy* defer = nullptr;
        replication::LeaderMutants mutants = {};
        storage::LogMutants log_mutants = {};
        storage::ProducerLimit* producer_limit = nullptr;
        ReplicaPeers* peers = nullptr;
        replication::LagLimits lag = {};
        replication::FollowerMutants follower_mutants = {};
        /// Called on `home` when a log has met damage in its files, which concerns no other log of
        /// the directory.
        std::function<void(const controller::PartitionKey&, const Error&)> on_damage = {};
    };

    /// `services` must outlive the replica.
    HostedReplica(const Services& services, controller::PartitionKey key,
                  std::shared_ptr<const replication::PartitionOptions> options);

    [[nodiscard]] const controller::PartitionKey& key() const { return key_; }
    /// Set before the replica is opened, and constant after that.
    [[nodiscard]] storage::LogDirectory* directory() const { return directory_; }

    /// Sets what stands on the partition. Called at most once, on the home shard, before other
    /// shards see the replica.
    void set_listener(std::shared_ptr<replication::ReplicaListener> listener);
    /// May be null.
    [[nodiscard]] const std::shared_ptr<replication::ReplicaListener>& listener() const {
        return listener_;
    }

    /// Runs `work(PartitionReplica&, Shard& here)` in the guard; see Guarded::enter.
    template <class Work>
    [[nodiscard]] bool enter(Shard& from, Work work) {
        return Guard::enter(from, tracked(std::move(work)));
    }
    /// The same, but never refused: for work whose amount the caller bounds. See Guarded.
    template <class Work>
    void enter_unrefused(Shard& from, Work work) {
        Guard::enter_unrefused(from, tracked(std::move(work)));
    }

    /// Sets the directory and id of the log. Called once, on the home shard, after the log was
    /// added to the directory and before it is opened in the replica. No guard is needed, because
    /// nothing inside the guard uses the directory before that.
    void set_directory(storage::LogDirectory& directory, storage::LogId log);
    /// The context for this replica's log. A write that ends later than the call that began it is
    /// reported to the log inside this guard; a failure of the log is reported to its directory,
    /// damage to Services::on_damage.
    [[nodiscard]] storage::LogContext log_context(storage::Disk& disk, Logger logger,
                                                  storage::LogOptions options);
    /// Runs `work`, a read outside of the guard, on the threads of the data directory, and returns
    /// its result on `home`. `work` owns what it uses; the replica must have a log.
    template <class T>
    [[nodiscard]] Task<Result<T>> read_blocking(Shard& home,
                                                std::move_only_function<Result<T>()> work) {
        return directory_->read_blocking<T>(home, std::move(work));
    }

    void ask_flush() override;
    void ask_sync(storage::SyncUrgency urgency, std::uint64_t unsynced_bytes) override;
    void ask_fetch(BrokerId leader) override;
    void ask_truncation(storage::TruncationJob job, bool loses_committed) override;
    void ask_isr(replication::IsrProposal proposal) override;
    /// Writes the staged batches. Called on the shard whose flush queue has the replica.
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
    void truncate(storage::TruncationJob job, bool loses_committed);
    void report_failure(const Error& reason);
    void run_at_home(std::move_only_function<void()> work);
    [[nodiscard]] std::shared_ptr<HostedReplica> self() {
        return std::static_pointer_cast<HostedReplica>(shared_from_this());
    }

    const Services& services_;
    const controller::PartitionKey key_;
    Shard* here_ = nullptr;  ///< shard that is inside the guard now
    storage::LogDirectory* directory_ = nullptr;
    storage::LogId log_;
    std::shared_ptr<replication::ReplicaListener> listener_;
    bool flush_queued_ = false;
};

using ReplicaPtr = std::shared_ptr<HostedReplica>;

}  // namespace hw::broker
