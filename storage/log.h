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
#include "storage/producer_limit.h"
#include "storage/producer_table.h"
#include "storage/read_plan.h"
#include "storage/segment_list.h"
#include "storage/truncation_count.h"

namespace hw::storage {

/// Bugs that a test can switch on, to check that the tests notice them. All are off by default.
struct LogMutants {
    bool durable_end_before_sync = false;     ///< the durable end advances when a sync begins
    bool ticket_outlives_truncation = false;  ///< a sync from before a truncation still counts
    bool folder_is_not_synced = false;        ///< directory entries of new files are never synced
    /// A producer snapshot from before a truncation still gets its name.
    bool snapshot_outlives_truncation = false;
};

/// Dependencies and options of a log.
struct LogContext {
    Disk* disk = nullptr;
    Logger logger;
    LogOptions options;
    /// Runs its argument inside the guard of the log; used only when a write ends after its call
    /// has returned.
    std::function<void(std::move_only_function<void()>)> enter;
    /// Called inside the guard when a write, snapshot or truncation fails: the directory must go
    /// offline.
    std::function<void(const Error&)> on_failure;
    LogMutants mutants;
    /// Limit of the producers of all logs; outlives the log. Null: no limit.
    ProducerLimit* producer_limit = nullptr;
};

/// State of a log that was opened from disk (log_loader.h).
struct LogContents {
    std::string folder;
    std::vector<Segment> segments;  ///< never empty, the last one active
    EpochCache epochs;
    ProducerTable producers;
    Offset log_start_offset;
    Offset snapshot_offset{0};  ///< of the newest producer snapshot
    bool epochs_dirty = false;  ///< the epochs differ from those in the file
};

/// The log of one partition: its segments, indexes, leader epochs and producers. Appends are made
/// in two steps, stage and write. A core over the Disk port: blocking work is handed out as jobs.
///
/// Owned by its partition and entered by one thread at a time, in the partition's guard. Offsets:
/// log_start_offset <= durable_end_offset <= log_end_offset <= staged_end_offset. The partition
/// keeps the high watermark and limits what readers see. Not destroyed during a write.
class Log {
public:
    using Done = std::move_only_function<void(Result<void>)>;

    Log(LogContext context, LogContents contents);
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log();

    // --- Append

    /// Gives a batch the next offsets after all staged batches. The outcome is reported by the next
    /// `write_staged`, also for a duplicate of a staged batch. Codes: those of AppendStage::add,
    /// RECORD_LIST_TOO_LARGE, NOT_LEADER_OR_FOLLOWER (also during a truncation),
    /// KAFKA_STORAGE_ERROR (nothing was written).
    [[nodiscard]] std::expected<Appended, wire::Refusal> stage(const NewBatch& batch);
    /// Stages batches copied from a leader's log, with their offsets and epochs. The bytes must
    /// live until the write has ended.
    [[nodiscard]] std::expected<Appended, wire::Refusal> stage_from_leader(ByteView batches);
    /// Writes all staged batches. `done` is called inside the guard, possibly before this returns.
    /// On success the log end is at or after the staged end at the time of the call. On an error
    /// the log is offline and the outcome is unknown: the files may hold any part of the batches.
    void write_staged(Done done);

    // --- Sync

    /// A job that makes everything written so far durable. None if nothing is unsynced, or while
    /// another sync job runs: two could replace the epochs file in the wrong order. The job may
    /// carry a producer snapshot; its outcome goes to on_snapshot_written.
    [[nodiscard]] std::optional<SyncJob> begin_sync();
    /// Takes the outcome of a sync job; valid also after a truncation. A failure takes the log
    /// offline.
    void on_synced(const SyncTicket& ticket, const Result<void>& outcome);
    /// Takes the outcome of a snapshot job; valid also after a truncation. A failure takes the log
    /// offline.
    void on_snapshot_written(const SnapshotJob& job, const Result<void>& outcome);
    /// Bytes that were written and that no sync job has taken yet.
    [[nodiscard]] std::uint64_t unsynced_bytes() const { return unsynced_bytes_; }

    // --- Read

    // A read is planned in the guard, which takes no I/O, and run outside of it. If it fails there,
    // its error is brought back to `report_failed_read`.

    /// Plans a read of whole batches from `request.from` on, at most to the log end. `cursor` is
    /// where the reader's read before ended; it is moved into the plan if it matches. Codes:
    /// OFFSET_OUT_OF_RANGE, NOT_LEADER_OR_FOLLOWER (during a truncation).
    [[nodiscard]] std::expected<ReadPlan, wire::Refusal> plan_read(const ReadRequest& request,
                                                                   ReadCursor& cursor) const;
    /// Plans a search, from `start` or the log start on, for the first record whose timestamp is
    /// `target` or later; without a target, for the first with the largest timestamp (ListOffsets
    /// -3). Codes: NOT_LEADER_OR_FOLLOWER (during a truncation).
    [[nodiscard]] std::expected<RecordSearch, wire::Refusal> plan_search(
        std::optional<Timestamp> target, Offset start = Offset(0)) const;
    /// The refusal for an error of a plan, which is logged once for each place. Codes:
    /// NOT_LEADER_OR_FOLLOWER (truncated meanwhile), KAFKA_STORAGE_ERROR (a failed read),
    /// CORRUPT_MESSAGE (damage).
    [[nodiscard]] wire::Refusal report_failed_read(const Error& error) const;
    /// Plans a read and runs it at once: blocks. For logs that are read where nothing else waits.
    /// Codes: those of plan_read and report_failed_read.
    [[nodiscard]] std::expected<ReadAnswer, wire::Refusal> read(const ReadRequest& request,
                                                                ReadCursor& cursor) const;
    [[nodiscard]] EpochEnd end_offset_for(LeaderEpoch epoch) const {
        return epochs_.end_offset_for(epoch, log_end_offset());
    }

    // --- Producers

    /// Removes producers that have been idle for `idle` or longer. Each call checks a few pages;
    /// returns true while this pass has more. Producers with an open transaction are kept.
    [[nodiscard]] bool expire_producers(Timestamp now, std::chrono::milliseconds idle);

    // --- Truncate and close

    /// Removes everything from `offset` on, including the batch that contains it. The log then ends
    /// at `new_end` of the job and refuses appends and reads until finish_truncation; earlier sync
    /// tickets become void. Nothing may be staged. Errors: io, corrupt.
    [[nodiscard]] Result<TruncationJob> begin_truncation(Offset offset);
    /// Removes everything; the log is then empty and starts at `offset`.
    [[nodiscard]] Result<TruncationJob> begin_restart_at(Offset offset);
    /// Takes the outcome of a truncation job. A failure takes the log offline.
    void finish_truncation(TruncationJob job, const Result<void>& outcome);
    /// Raises the log start (DeleteRecords, retention), at most to the log end. Records below it
    /// can no longer be read.
    void advance_log_start(Offset offset);
    /// Writes indexes, a producer snapshot and epochs before a clean stop, and syncs everything.
    /// Blocks. No write or job may be under way, and the log must not be used afterwards. Errors:
    /// io, no_space.
    [[nodiscard]] Result<void> close();
    /// Refuses all later appends with this reason.
    void go_offline(const Error& reason);

    // --- State

    [[nodiscard]] Offset log_start_offset() const { return log_start_offset_; }
    /// The first offset that is stored here. It is below log_start_offset while the files still
    /// hold records that were deleted, and above it with tiered storage.
    [[nodiscard]] Offset local_log_start_offset() const {
        return segments_.empty() ? log_start_offset_ : segments_.front().base_offset();
    }
    [[nodiscard]] Offset log_end_offset() const { return end_offset_; }
    [[nodiscard]] Offset staged_end_offset() const { return stage_.end_offset(); }
    [[nodiscard]] Offset durable_end_offset() const { return durable_end_; }
    [[nodiscard]] std::int64_t truncations() const { return truncations_->value(); }
    [[nodiscard]] const EpochCache& epochs() const { return epochs_; }
    [[nodiscard]] const ProducerTable& producers() const { return producers_; }
    [[nodiscard]] const SegmentList& segments() const { return segments_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }
    /// Total size of all segments in bytes.
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] const std::optional<Error>& offline() const { return offline_; }

private:
    static constexpr std::size_t kMaxReports = 100;

    /// Staged batches that are written to one segment with one call.
    struct Group {
        std::size_t first = 0;
        std::size_t count = 0;
        std::uint64_t position = 0;
        std::optional<Segment> segment;  ///< a new segment; none for the active one
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
    [[nodiscard]] SyncTicket ticket() const { return {end_offset_, truncations()}; }
    void count_producers();
    void end_write(const Result<void>& outcome);
    void add_dirty(const std::shared_ptr<File>& file);
    void lower_ends(Offset new_end);
    [[nodiscard]] LeaderEpoch latest_epoch() const;
    /// For a read from `from` on, without the segments.
    [[nodiscard]] LogSnapshot snapshot(Offset from) const;
    /// Logs each failure of a read once, up to kMaxReports of them.
    void log_failed_read(const Error& error) const;

    LogContext context_;
    std::string folder_;
    SegmentList segments_;
    EpochCache epochs_;
    ProducerTable producers_;
    Offset log_start_offset_;
    Offset end_offset_;
    Offset durable_end_;
    Offset loaded_end_offset_;  ///< everything below was appended by an earlier process
    Offset snapshot_offset_;
    std::shared_ptr<TruncationCount> truncations_ = std::make_shared<TruncationCount>();
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
    bool syncing_ = false;                      ///< a sync job is under way
    std::optional<SnapshotJob> next_snapshot_;  ///< goes along with the next sync job
    bool snapshot_running_ = false;
    std::size_t counted_producers_ = 0;  ///< this log's share in the limit's count
    ProducerId next_to_expire_ = kMinProducerId;
    mutable std::set<std::string> reported_;  ///< failures that were already logged
};

}  // namespace hw::storage
