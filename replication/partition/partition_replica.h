#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/early_appends.h"
#include "replication/partition/partition_follower.h"
#include "replication/partition/partition_leader.h"
#include "replication/partition/partition_reader.h"
#include "replication/partition/readable_bytes.h"
#include "replication/partition/replica_context.h"
#include "replication/partition/replica_listener.h"
#include "replication/partition/wait_queue.h"
#include "storage/log.h"

namespace hw::replication {

/// The replica of one partition on this broker: its log, its role, its high watermark, and its
/// delayed requests. It connects them: appends are staged and written once per turn; after a write
/// or sync the core of the role gets the new log ends; when the high watermark moves, delayed
/// requests are completed.
///
/// The roles: *opening* until its first role is set, which needs a log; appends wait until then,
/// see EarlyAppends; *leader* and *follower* as the metadata say; *offline* while there is no
/// leader to follow, the log is being truncated for another role, the directory has failed, or the
/// replica is deleted.
///
/// Lives inside the partition's guard, where every function is called; not movable. Outcomes are
/// posted to the shards of the requests.
///
/// Errors that a producer gets after its batch was staged are indefinite, the batch may be in the
/// log: NOT_ENOUGH_REPLICAS_AFTER_APPEND (a failed write or sync), NOT_LEADER_OR_FOLLOWER (the
/// replica stopped leading, or has perhaps been replaced), REQUEST_TIMED_OUT (the deadline).
class PartitionReplica {
public:
    explicit PartitionReplica(ReplicaContext context);
    PartitionReplica(const PartitionReplica&) = delete;
    PartitionReplica& operator=(const PartitionReplica&) = delete;

    // --- Role

    /// Gives the replica its log and the checkpointed high watermark. It stays offline until it
    /// becomes leader or follower.
    void open(std::unique_ptr<storage::Log> log, Offset high_watermark);
    /// Called at most once, before the first role.
    void set_listener(std::shared_ptr<ReplicaListener> listener);
    [[nodiscard]] const ReplicaListener* listener() const { return listener_.get(); }
    /// This broker leads the partition, or still leads it with another ISR or other replicas. Older
    /// facts are ignored. The log must be open.
    void become_leader(const PartitionFacts& facts);
    /// This broker follows `leader`. Older facts are ignored, and so are facts of the epoch that it
    /// follows already. The log must be open.
    void become_follower(const PartitionFacts& facts, BrokerId leader);
    /// Stops leading or following: every later request is refused with `reason`. Delayed requests
    /// are completed; appends among them with an indefinite error. Staged batches are still
    /// written, and a truncation goes on: wait until is_busy() is false before the log is released.
    void become_offline(wire::Refusal reason);
    /// The data directory has failed: the log refuses writes, and the replica goes offline with
    /// KAFKA_STORAGE_ERROR.
    void on_directory_failed(const Error& reason);
    /// A batch is staged or being written, or the log is being truncated.
    [[nodiscard]] bool is_busy() const {
        return !pending_.empty() || follower_write_ != nullptr || is_truncating_;
    }
    /// Hands over the log, to be deleted. The replica must be offline and not busy.
    [[nodiscard]] std::unique_ptr<storage::Log> release_log();
    /// The log, which remains in place, to be closed with its directory; null if there is none. The
    /// replica must be offline and not busy.
    [[nodiscard]] storage::Log* closing_log();
    /// Sets new settings of the topic. They affect the high watermark at once, and appends from the
    /// next one on.
    void set_options(std::shared_ptr<const PartitionOptions> options);
    /// Refuses the appends that have waited too long for the end of the opening.
    void refuse_early_appends() { early_.refuse_old(context_.clock->now()); }

    // --- Append and sync

    /// Stages a batch. Its slot always gets an outcome: at once if the append is refused; otherwise
    /// when the batch is written (acks=0 and acks=1) or when the high watermark has passed it
    /// (acks=all). If flush.messages is due, acks=1 and acks=all also wait until it is durable. The
    /// replica takes over the reference to the slot, and releases it on the shard of the request.
    ///
    /// Codes of a refusal: NOT_LEADER_OR_FOLLOWER or the reason of become_offline,
    /// NOT_ENOUGH_REPLICAS (the ISR is too small, or WaitQueue::kMaxAppends are waiting), those of
    /// Log::stage; if another may lead, NOT_LEADER_OR_FOLLOWER for OUT_OF_ORDER_SEQUENCE_NUMBER.
    void append(AppendRequest request);
    /// Stages a batch of the listener, as with acks=all; returns its last offset. Codes: those of
    /// `append`, and NOT_LEADER_OR_FOLLOWER in another epoch.
    [[nodiscard]] std::expected<Offset, wire::Refusal> append_own(Buffer batch, LeaderEpoch epoch);
    /// Writes the staged batches. The host calls it after ask_flush; further calls do nothing.
    void flush();
    /// See Log::begin_sync and Log::on_synced. A sync may end after the log was released.
    [[nodiscard]] std::optional<storage::SyncJob> begin_sync();
    void on_synced(const storage::SyncTicket& ticket, const Result<void>& outcome);
    void on_snapshot_written(const storage::SnapshotJob& job, const Result<void>& outcome);
    /// See storage::Log; nothing is left to do without a log.
    [[nodiscard]] bool expire_producers(Timestamp now, std::chrono::milliseconds idle);

    // --- The ISR, as the leader

    /// See PartitionLeader; nothing happens when this broker does not lead.
    void on_isr_answer(const IsrAnswer& answer);
    void check_isr(const ClusterView& view);

    // --- Fetching, as a follower

    /// Begins the next fetch from `leader`: at which position. It is under way until take_fetched
    /// or fetch_failed, or until the role changes. Nothing when this broker does not follow it, or
    /// another fetch is under way, or it must not fetch yet: then the host gets ask_fetch later.
    [[nodiscard]] std::optional<FetchPosition> next_fetch(BrokerId leader);
    /// Takes the leader's answer to the fetch that is under way; another one is ignored. `bytes`
    /// own its records, until they are written. Returns why to pause before the next fetch; empty:
    /// go on at once.
    [[nodiscard]] std::string take_fetched(const FetchedPartition& answer,
                                           std::shared_ptr<const void> bytes);
    /// The fetch got no answer.
    void fetch_failed(const FetchPosition& asked);
    /// Takes the outcome of a truncation that the host was asked for.
    void on_truncated(storage::TruncationJob job, const Result<void>& outcome);
    /// -1 if this broker does not follow.
    [[nodiscard]] BrokerId followed_leader() const;

    // --- Read

    /// A reader of the partition. `leader_epoch` is the current leader epoch in the request, or -1.
    /// Codes: FENCED_LEADER_EPOCH (the request's is older), UNKNOWN_LEADER_EPOCH (it is newer),
    /// NOT_LEADER_OR_FOLLOWER or the reason of become_offline.
    [[nodiscard]] std::expected<PartitionReader, wire::Refusal> reader(
        LeaderEpoch leader_epoch) const;
    /// Plans a read for Fetch: as the leader `reader`, then PartitionReader::plan_read; as a
    /// follower, if the reader takes that, plan_read_at_follower.
    [[nodiscard]] std::expected<FetchPlan, wire::Refusal> plan_read(LeaderEpoch leader_epoch,
                                                                    const FetchRead& request,
                                                                    storage::ReadCursor& cursor);
    /// The same for a follower, whose fetch acknowledges what is below its offset. Other codes:
    /// those of PartitionLeader::check_follower.
    [[nodiscard]] std::expected<FetchPlan, wire::Refusal> plan_follower_read(
        const FollowerFetch& fetch, LeaderEpoch leader_epoch, const FetchRead& request,
        storage::ReadCursor& cursor);
    /// The refusal for a plan from `from` on that failed outside of the guard; see PartitionReader.
    /// If the replica is offline meanwhile, that is the reason.
    [[nodiscard]] wire::Refusal report_failed_read(const Error& error, Offset from);
    /// Reports to the wait the bytes that become readable beyond `watch.seen_bytes`; those gained
    /// since the read are reported at once. If the replica is offline or has another epoch since,
    /// or too many waits, the wait is ended.
    void watch(const FetchWatch& watch);

    // --- State

    [[nodiscard]] bool leads() const { return leader() != nullptr; }
    /// The current settings of the topic.
    [[nodiscard]] const std::shared_ptr<const PartitionOptions>& options() const {
        return context_.options;
    }
    /// nullptr before `open` and after `release_log`.
    [[nodiscard]] const storage::Log* log() const { return log_.get(); }
    /// nullptr unless this broker leads.
    [[nodiscard]] const PartitionLeader* leader() const {
        return std::get_if<PartitionLeader>(&role_);
    }
    /// -1 before `open`.
    [[nodiscard]] Offset high_watermark() const { return high_watermark_; }
    [[nodiscard]] const WaitQueue& waits() const { return waits_; }

private:
    /// A batch that is staged or being written.
    struct PendingAppend {
        std::shared_ptr<ProduceSlot> slot;  ///< null: a batch of the listener
        storage::Appended appended;
        Acks acks;
        std::uint64_t bytes;  ///< size of the batch; 0 for a duplicate
        std::shared_ptr<const void> own_batch = {};
    };

    struct Offline {
        wire::Refusal reason;
    };
    /// A role that waits for the end of a truncation.
    struct NextRole {
        PartitionFacts facts;
        BrokerId leader;
    };

    [[nodiscard]] LeaderRules rules() const;
    [[nodiscard]] LogEnds log_ends() const;
    [[nodiscard]] FollowerLog follower_log() const;
    [[nodiscard]] PartitionLeader* leading() { return std::get_if<PartitionLeader>(&role_); }
    [[nodiscard]] PartitionFollower* following() { return std::get_if<PartitionFollower>(&role_); }
    [[nodiscard]] std::expected<void, wire::Refusal> check_epoch(LeaderEpoch asked) const;
    /// Why it takes no requests of clients; nothing while it leads.
    [[nodiscard]] std::optional<wire::Refusal> not_leading() const;
    void leave_role(wire::Refusal reason);
    [[nodiscard]] bool postpone(const PartitionFacts& facts, BrokerId leader);
    [[nodiscard]] std::optional<wire::Refusal> refusal(Acks acks);
    void push_pending(PendingAppend append);
    void on_written(std::uint64_t end, const Result<void>& outcome);
    void complete(PendingAppend& append);
    [[nodiscard]] std::optional<Awaited> awaited_by(const PendingAppend& append) const;
    void on_log_failed(const Error& error);
    void fail_pending(std::size_t count, const wire::Refusal& error);
    [[nodiscard]] std::string write_fetched(const FetchedPartition& answer,
                                            std::shared_ptr<const void> bytes);
    void on_fetched_written(std::uint64_t bytes, const Result<void>& outcome);
    [[nodiscard]] std::string truncate(const FollowerEffects& effects);
    void on_log_moved();
    void apply(const FollowerEffects& effects);
    void ask_fetch_if_due();
    void apply(const LeaderEffects& effects);
    [[nodiscard]] PartitionProgress progress() const;
    void fail_if_isr_is_too_small(bool was_large_enough);
    void ask_sync_if_due();
    [[nodiscard]] bool flush_is_due(Offset end_offset) const;

    ReplicaContext context_;
    std::shared_ptr<ReplicaListener> listener_;  ///< may be null
    std::unique_ptr<storage::Log> log_;
    std::variant<Offline, PartitionLeader, PartitionFollower> role_;
    bool is_opening_ = true;  ///< no role was set yet
    EarlyAppends early_;
    LeaderEpoch epoch_ = kNoLeaderEpoch;  ///< of the last role
    std::optional<NextRole> next_role_;
    Offset high_watermark_ = kNoOffset;
    std::vector<PendingAppend> pending_;  ///< in the order of staging
    std::uint64_t pending_begin_ = 0;     ///< appends that have left pending_ so far
    Offset own_end_{0};                   ///< after the last batch of the listener
    bool flush_asked_ = false;
    std::optional<storage::SyncUrgency> sync_asked_;  ///< urgency asked for since begin_sync
    std::shared_ptr<const void> follower_write_;  ///< bytes of the leader that are being written
    bool is_truncating_ = false;
    std::optional<FetchPosition> fetch_under_way_;
    bool fetch_awaited_ = false;             ///< the host was told that it must not fetch yet
    std::optional<TimePoint> read_here_at_;  ///< when a consumer last read at this follower
    Offset readable_from_{0};                ///< where a consumer's read at this follower failed
    ReadableBytes readable_;
    WaitQueue waits_;
};

}  // namespace hw::replication
