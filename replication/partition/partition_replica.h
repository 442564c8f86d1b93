#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "replication/partition/partition_error.h"
#include "replication/partition/partition_leader.h"
#include "replication/partition/partition_options.h"
#include "replication/partition/partition_reader.h"
#include "replication/partition/readable_bytes.h"
#include "replication/partition/replica_host.h"
#include "replication/partition/wait_queue.h"
#include "storage/log.h"

namespace hw::replication {

/// What a replica works with.
struct ReplicaContext {
    BrokerId self;
    ReplicaHost* host = nullptr;  ///< outlives the replica
    std::shared_ptr<const PartitionOptions> options;
    LeaderMutants mutants;
};

/// One batch that a producer wants to have in a partition.
struct Append {
    /// One whole batch that passed record::validate_produce, timestamps included. In the bytes of
    /// the request that `slot` keeps.
    MutableBytes batch;
    std::optional<Timestamp> append_time;  ///< with LogAppendTime
    Acks acks = Acks::all;
    std::shared_ptr<ProduceSlot> slot;  ///< where the outcome goes
    /// By this broker's clock; see storage::NewBatch.
    Timestamp received_at = kNoTimestamp;
};

/// One partition as this broker has it: its log, its role in it, and who waits for it. It joins the
/// pieces: appends are staged and written once a turn, what the write and the sync achieve goes to
/// the leader core, and the core's watermark to who waits.
///
/// Lives inside the partition's guard, where every function is called; stays where it was made.
/// Answers go to the shards of the requests by posts.
///
/// What a producer is told: an error before the batch is staged is definite, it is in no log. After
/// that nothing is: a failed write or sync is NOT_ENOUGH_REPLICAS_AFTER_APPEND, a lost leadership
/// NOT_LEADER_OR_FOLLOWER, a deadline REQUEST_TIMED_OUT, and the batch may be in the log.
class PartitionReplica {
public:
    explicit PartitionReplica(ReplicaContext context);
    PartitionReplica(const PartitionReplica&) = delete;
    PartitionReplica& operator=(const PartitionReplica&) = delete;

    // --- Role

    /// Gives it its log, and the high watermark that was checkpointed. It serves nothing before it
    /// has a role, too.
    void open(std::unique_ptr<storage::Log> log, Offset high_watermark);
    /// The metadata says that this broker leads. Also when only the ISR or the replicas changed; an
    /// older version changes nothing. The log is open.
    void become_leader(const PartitionFacts& facts);
    /// Serves nothing from now on, and says `reason`. Who waits is told; what is staged is written,
    /// so that the log may be released.
    void become_offline(PartitionError reason);
    /// Nothing is written any more, and it is offline with KAFKA_STORAGE_ERROR.
    void on_directory_failed(const Error& reason);
    /// A write is under way, or a batch is staged.
    [[nodiscard]] bool is_writing() const { return !pending_.empty(); }
    /// The log, to be deleted; the replica is offline and no write is under way.
    [[nodiscard]] std::unique_ptr<storage::Log> release_log();
    /// The log where it is, to be closed with its directory; the replica is offline and no write is
    /// under way. Null without a log.
    [[nodiscard]] storage::Log* closing_log();
    /// New settings of the topic, in force from the next append on.
    void set_options(std::shared_ptr<const PartitionOptions> options);

    // --- Append and sync

    /// Stages a batch. Its slot is answered in every case: when it is refused, or, as its acks say,
    /// when it is written, when it is durable (flush.messages), when the high watermark has passed
    /// it. With Acks::none it is answered as with Acks::leader, for who wants to know; nothing but
    /// the write is awaited. The slot is moved on, so that none is left where the append came from:
    /// its last reference ends on its shard.
    ///
    /// Codes of a refusal: NOT_LEADER_OR_FOLLOWER or what become_offline said, NOT_ENOUGH_REPLICAS
    /// (the ISR is too small, or WaitQueue::kMaxAppends wait), and those of Log::stage.
    void append(Append request);
    /// Writes what is staged. The host was asked for it; more calls do no harm.
    void flush();
    /// For the committer of the disk; see Log. A round may end after the log was released.
    [[nodiscard]] std::optional<storage::SyncJob> begin_sync();
    void on_synced(const storage::SyncTicket& ticket, const Result<void>& outcome);
    void on_snapshot_written(const storage::SnapshotJob& job, const Result<void>& outcome);
    /// See storage::Log; nothing is left to do without a log.
    [[nodiscard]] bool expire_producers(Timestamp now, std::chrono::milliseconds idle);

    // --- Read

    /// What may be read now. `leader_epoch` is what the request says of the present one, or -1.
    /// Codes: FENCED_LEADER_EPOCH (the request's is older), UNKNOWN_LEADER_EPOCH (it is newer),
    /// NOT_LEADER_OR_FOLLOWER or what become_offline said.
    [[nodiscard]] std::expected<PartitionReader, PartitionError> reader(
        LeaderEpoch leader_epoch) const;
    /// A read for Fetch: `reader`, then PartitionReader::read.
    [[nodiscard]] std::expected<FetchAnswer, PartitionError> read(
        LeaderEpoch leader_epoch, const FetchRead& request, storage::ReadCursor& cursor) const;
    /// Tells the wait what is gained from `watch.seen_bytes` on, what was gained until now at once.
    /// Where nothing can be awaited (no leader, too many waits), the wait is ended.
    void watch(const FetchWatch& watch);

    // --- State

    [[nodiscard]] bool leads() const { return !offline_; }
    /// The settings in force.
    [[nodiscard]] const std::shared_ptr<const PartitionOptions>& options() const {
        return context_.options;
    }
    /// nullptr before `open` and after `release_log`.
    [[nodiscard]] const storage::Log* log() const { return log_.get(); }
    /// As it stood when this broker led last; none before `open`.
    [[nodiscard]] const std::optional<PartitionLeader>& leader() const { return leader_; }
    [[nodiscard]] const WaitQueue& waits() const { return waits_; }

private:
    /// A batch that is staged or being written.
    struct PendingAppend {
        std::shared_ptr<ProduceSlot> slot;
        storage::Appended appended;
        Acks acks;
        std::uint64_t bytes;  ///< 0 of a duplicate
    };

    [[nodiscard]] LeaderRules rules() const;
    [[nodiscard]] LogEnds log_ends() const;
    [[nodiscard]] std::optional<PartitionError> refusal(Acks acks);
    void on_written(std::uint64_t end, const Result<void>& outcome);
    void complete(PendingAppend& append);
    [[nodiscard]] std::optional<Awaited> awaited_by(const PendingAppend& append) const;
    void on_log_failed(const Error& error);
    void fail_pending(std::size_t count, const PartitionError& error);
    void apply(const LeaderEffects& effects);
    void ask_sync_if_due();
    /// Unsynced records are as many as flush.messages, counted to `end_offset`.
    [[nodiscard]] bool flush_is_due(Offset end_offset) const;

    ReplicaContext context_;
    std::unique_ptr<storage::Log> log_;
    std::optional<PartitionLeader> leader_;
    std::optional<PartitionError> offline_;
    std::vector<PendingAppend> pending_;  ///< in the order of staging
    std::uint64_t pending_begin_ = 0;     ///< number of the first of them, from 0 on
    bool flush_asked_ = false;
    std::optional<storage::SyncUrgency> sync_asked_;  ///< since the last begin_sync
    ReadableBytes readable_;
    WaitQueue waits_;
};

}  // namespace hw::replication
