#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/base/logger.h"
#include "storage/append_stage.h"
#include "storage/epoch_cache.h"
#include "storage/log_jobs.h"
#include "storage/log_reader.h"
#include "storage/producer_limit.h"
#include "storage/producer_table.h"
#include "storage/segment.h"

namespace hw::storage {

/// Rules that a test build may break to see that the tests notice; nothing is broken by default.
struct LogMutants {
    bool durable_end_before_sync = false;     ///< a sync counts when it begins
    bool ticket_outlives_truncation = false;  ///< a sync counts though the log was truncated since
    bool folder_is_not_synced = false;        ///< entries of new files are never synced
    /// A producer snapshot gets its name though the log was truncated since.
    bool snapshot_outlives_truncation = false;
};

/// What a log works with.
struct LogContext {
    Disk* disk = nullptr;
    Logger logger;
    LogOptions options;
    /// Runs its argument inside the guard of the log; used only when a write ends later than its
    /// call.
    std::function<void(std::move_only_function<void()>)> enter;
    /// Told once, inside the guard, when a write failed: the directory must go offline.
    std::function<void(const Error&)> on_failure;
    LogMutants mutants;
    /// Of the producers of all logs; outlives the log. Null: there is no limit.
    ProducerLimit* producer_limit = nullptr;
};

/// What is known of a log when it has been opened (log_loader.h).
struct LogContents {
    std::string folder;
    std::vector<Segment> segments;  ///< never empty, the last one active
    EpochCache epochs;
    ProducerTable producers;
    Offset log_start_offset;
    Offset snapshot_offset{0};  ///< of the newest producer snapshot
    bool epochs_dirty = false;
};

/// The log of one partition: segments, indexes, epochs, producers; appends in two steps, reads,
/// syncs and truncations. A core over the Disk port: it decides, and hands out what blocks as jobs.
///
/// Owned by its partition and entered by one thread at a time, in the partition's guard. Offsets:
/// log_start_offset <= durable_end_offset <= log_end_offset <= staged_end_offset. What is readable
/// by whom (high watermark) is the partition's business. Not destroyed while a write is under way.
class Log {
public:
    using Done = std::move_only_function<void(Result<void>)>;

    Log(LogContext context, LogContents contents);
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log();

    // --- Append

    /// Gives a batch its offsets behind all that is staged. What it becomes is told by the next
    /// write; so is a duplicate of a batch that is only staged. Codes: those of check_producer,
    /// RECORD_LIST_TOO_LARGE, NOT_LEADER_OR_FOLLOWER (an older epoch), KAFKA_STORAGE_ERROR
    /// (nothing was written).
    [[nodiscard]] std::expected<Appended, wire::Refusal> stage(const NewBatch& batch);
    /// The same with batches as a leader's log has them; the bytes live until the write has ended.
    [[nodiscard]] std::expected<Appended, wire::Refusal> stage_from_leader(ByteView batches);
    /// Writes what is staged. `done` is called inside the guard, maybe before this returns: with
    /// success the log ends where the stage ended when this was called, or later. With an error
    /// nothing of it is in the log as this object knows it, the files hold anything, and the log is
    /// offline: an answer is indefinite.
    void write_staged(Done done);

    // --- Sync

    /// What must be synced so that all that is written is durable; none if there is nothing, or
    /// while another job is out: two of them could replace the epochs in the wrong order.
    /// The job may carry a producer snapshot, for which on_snapshot_written is called.
    [[nodiscard]] std::optional<SyncJob> begin_sync();
    /// The outcome of that job, whatever happened meanwhile.
    void on_synced(const SyncTicket& ticket, const Result<void>& outcome);
    /// The outcome of a snapshot job, whatever happened meanwhile. A failure takes the log offline.
    void on_snapshot_written(const SnapshotJob& job, const Result<void>& outcome);
    /// Written and not yet taken by a sync.
    [[nodiscard]] std::uint64_t unsynced_bytes() const { return unsynced_bytes_; }

    // --- Read

    /// Errors as codes: OFFSET_OUT_OF_RANGE, NOT_LEADER_OR_FOLLOWER (while it is truncated),
    /// KAFKA_STORAGE_ERROR (a failed read), CORRUPT_MESSAGE (damage; it is logged once).
    [[nodiscard]] std::expected<ReadAnswer, wire::Refusal> read(const ReadRequest& request,
                                                                ReadCursor& cursor) const;
    /// The first record with `target` or a later timestamp. Errors: io, corrupt, busy.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find(Timestamp target) const;
    /// The first record with the largest timestamp (ListOffsets -3). Errors: io, corrupt, busy.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find_latest() const;
    [[nodiscard]] EpochEnd end_offset_for(LeaderEpoch epoch) const {
        return epochs_.end_offset_for(epoch, log_end_offset());
    }

    // --- Producers

    /// Removes producers whose last use is `idle` or longer before `now`, a few pages of them;
    /// whether there are more to look at in this pass. Transactions that are open keep theirs.
    [[nodiscard]] bool expire_producers(Timestamp now, std::chrono::milliseconds idle);

    // --- Truncate and close

    /// Cuts everything from `offset` on, and the batch that it falls into. The log then ends at
    /// `new_end` of the job, refuses appends and reads until finish_truncation, and tickets of
    /// before are void. Nothing may be staged. Errors: io, corrupt.
    [[nodiscard]] Result<TruncationJob> begin_truncation(Offset offset);
    /// Throws everything away; the log is empty and starts at `offset`.
    [[nodiscard]] Result<TruncationJob> begin_restart_at(Offset offset);
    /// The job has run. A failure takes the log offline.
    void finish_truncation(TruncationJob job, const Result<void>& outcome);
    /// Raises the start (DeleteRecords, retention); below it nothing is read. At most the end.
    void advance_log_start(Offset offset);
    /// Before a clean stop, where blocking is allowed: indexes, producer snapshot and epochs are
    /// written and all is synced. No write is under way and no job is out; the log must not be
    /// used afterwards. Errors: io, no_space.
    [[nodiscard]] Result<void> close();
    /// From now on appends are refused with this reason.
    void go_offline(const Error& reason);

    // --- State

    [[nodiscard]] Offset log_start_offset() const { return log_start_offset_; }
    /// Of the first byte that is here; below log_start_offset when records were deleted, and (with
    /// tiered storage) above it.
    [[nodiscard]] Offset local_log_start_offset() const {
        return segments_.empty() ? log_start_offset_ : segments_.front().base_offset();
    }
    [[nodiscard]] Offset log_end_offset() const { return end_offset_; }
    [[nodiscard]] Offset staged_end_offset() const { return stage_.end_offset(); }
    [[nodiscard]] Offset durable_end_offset() const { return durable_end_; }
    [[nodiscard]] std::int64_t truncations() const { return truncations_; }
    [[nodiscard]] const EpochCache& epochs() const { return epochs_; }
    [[nodiscard]] const ProducerTable& producers() const { return producers_; }
    [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }
    /// Bytes of all segments.
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] const std::optional<Error>& offline() const { return offline_; }

private:
    static constexpr std::size_t kReportsMax = 100;

    /// Staged batches that go to one segment with one write.
    struct Group {
        std::size_t first = 0;
        std::size_t count = 0;
        std::uint64_t position = 0;
        std::optional<Segment> segment;  ///< a new one; none for the active segment
        std::shared_ptr<File> file;
    };

    [[nodiscard]] std::optional<wire::Refusal> refusal(std::size_t bytes) const;
    void start_write();
    [[nodiscard]] std::vector<Group> plan_groups() const;
    void write_group(std::size_t index);
    void on_group_written(std::size_t index, const Result<void>& outcome);
    [[nodiscard]] Result<void> publish();
    [[nodiscard]] Result<void> roll_to(Segment next);
    void plan_snapshot();
    [[nodiscard]] Result<void> place_snapshot(const SnapshotJob& job);
    [[nodiscard]] SyncTicket ticket() const { return {end_offset_, truncations_}; }
    void count_producers();
    void end_write(const Result<void>& outcome);
    void add_dirty(const std::shared_ptr<File>& file);
    void lower_ends(Offset new_end);
    [[nodiscard]] LeaderEpoch latest_epoch() const;
    [[nodiscard]] LogReader reader() const {
        return {segments_, truncations_, {loaded_end_offset_, context_.options.gaps, &epochs_}};
    }
    /// Logs each damaged place once, up to kReportsMax of them.
    void report_damage(const Error& error) const;

    LogContext context_;
    std::string folder_;
    std::vector<Segment> segments_;
    EpochCache epochs_;
    ProducerTable producers_;
    Offset log_start_offset_;
    Offset end_offset_;
    Offset durable_end_;
    Offset loaded_end_offset_;  ///< what lies below was appended by an earlier process
    Offset snapshot_offset_;
    std::int64_t truncations_ = 0;
    bool truncating_ = false;
    std::optional<Error> offline_;

    AppendStage stage_;
    std::vector<StagedBatch> writing_;
    std::vector<Group> groups_;
    std::vector<ByteView> slices_;
    std::vector<Done> writing_done_;
    std::vector<Done> waiting_done_;
    bool in_write_call_ = false;

    std::vector<std::shared_ptr<File>> dirty_;
    std::uint64_t unsynced_bytes_ = 0;
    bool folder_dirty_ = false;
    bool epochs_dirty_ = false;
    bool syncing_ = false;                      ///< a job is out
    std::optional<SnapshotJob> next_snapshot_;  ///< for the next sync to take along
    bool snapshot_is_out_ = false;
    std::size_t counted_producers_ = 0;  ///< of this log, in the limit's count
    ProducerId next_to_expire_ = kLeastProducerId;
    mutable std::set<std::string> reported_;  ///< damage that was logged
};

}  // namespace hw::storage
