#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/call_blocking.h"
#include "storage/committer.h"
#include "storage/offset_checkpoint.h"

namespace hw::storage {

/// Writer of one checkpoint file at the root of a data directory. One write runs at a time; of the
/// offsets that arrive meanwhile only the newest are written next.
///
/// Owned by its directory; lives on its home shard.
class CheckpointWriter {
public:
    using Done = std::move_only_function<void(const Result<void>&)>;

    CheckpointWriter(Disk& disk, Shard& home, std::string directory, std::string name)
        : disk_(&disk), home_(&home), directory_(std::move(directory)), name_(std::move(name)) {}

    /// `done` is called on the home shard when these offsets, or newer ones, are on stable storage.
    void write(const PartitionOffsets& offsets, Done done);
    /// Waits until no write is under way.
    [[nodiscard]] Task<> wait_idle();

private:
    void write_next();

    Disk* disk_;
    Shard* home_;
    std::string directory_;
    std::string name_;
    std::string next_;
    std::vector<Done> waiting_;
    bool busy_ = false;
    Signal written_;
};

/// One data directory of a running node: its committer, its checkpoints, and whether it has failed.
/// After the first failed write or sync it stays offline: every owner is notified, and nothing is
/// synced or checkpointed any more.
///
/// Owned by the node; lives on its home shard, where everything is called but `request_sync`,
/// `read_blocking` and `report_failure`. `stop` before destruction.
class LogDirectory {
public:
    using Done = CheckpointWriter::Done;
    using TruncationDone = std::move_only_function<void(TruncationJob, const Result<void>&)>;

    struct Identity {
        std::string path;
        DirectoryId id;
    };

    LogDirectory(Disk& disk, Shard& home, const Clock& clock, Identity identity, Logger logger);

    void start() { committer_.start(); }
    /// Waits for syncs, snapshots and checkpoints under way; none begins afterwards.
    [[nodiscard]] Task<> stop();
    /// Called once, when the directory goes offline.
    void on_failure(std::function<void(const Error&)> call) { on_failure_ = std::move(call); }

    /// Notes a log that was found here and has no owner, at least not yet: its recovery point stays
    /// in the checkpoint.
    void note_found(const TopicPartition& name, Offset recovery_point) {
        ownerless_[name] = recovery_point;
    }
    /// Notes the high watermarks that are in the checkpoint when the directory is opened.
    void note_high_watermarks(PartitionOffsets offsets) { high_watermarks_ = std::move(offsets); }
    /// Drops the recovery point of a log without an owner, whose folder is removed.
    void forget(const TopicPartition& name) { ownerless_.erase(name); }
    /// The same with its high watermark.
    void forget_high_watermark(const TopicPartition& name) { high_watermarks_.erase(name); }
    /// Number of logs with and without an owner.
    [[nodiscard]] std::size_t logs() const { return members_.size() + ownerless_.size(); }
    /// Adds an opened log that is durable up to `recovery_point`.
    LogId add(const TopicPartition& name, std::shared_ptr<LogOwner> owner, Offset recovery_point);
    void remove(LogId id);
    /// Waits until no sync of a removed log is under way.
    [[nodiscard]] Task<> wait_for_removed() { return committer_.wait_for_round(); }
    /// Notes that a log was closed and is durable up to `end_offset`.
    void note_closed(LogId id, Offset end_offset);

    /// Any thread; see Committer::request.
    void request_sync(LogId id, SyncUrgency urgency, std::uint64_t bytes) {
        committer_.request(id, urgency, bytes);
    }
    /// Does nothing if the directory is offline already.
    void go_offline(const Error& reason);
    /// Posts go_offline to the home shard. Any thread.
    void report_failure(const Error& reason);

    /// Runs a read of a log's files on the threads of the directory, and returns its result on
    /// `shard`. Any thread; see call_blocking.
    template <class T>
    [[nodiscard]] Task<Result<T>> read_blocking(Shard& shard,
                                                std::move_only_function<Result<T>()> work) {
        return call_blocking<T>(*disk_, identity_.path, shard, std::move(work),
                                BlockingThread::reads);
    }

    /// Runs a truncation job after the lowered recovery point and high watermark are on stable
    /// storage. `done` hands the job back, on the home shard; the owner then calls
    /// log.finish_truncation in the guard.
    ///
    /// A follower truncates below its high watermark after an unclean election. If the checkpoint
    /// kept the old one, then a restarted replica would take records of the new history for
    /// committed.
    void truncate(LogId id, TruncationJob job, TruncationDone done);

    /// Writes the recovery points of all logs.
    void write_recovery_points(Done done);
    /// Number of truncations so far. High watermarks that were collected before one must not be
    /// written after it.
    [[nodiscard]] std::int64_t truncations() const { return truncations_; }
    /// Writes these high watermarks. Those of other logs stay as they are: such a log may not have
    /// a replica yet, as long as the metadata are loaded.
    void write_high_watermarks(const PartitionOffsets& offsets, Done done);
    void write_high_watermarks(Done done);
    void write_log_starts(const PartitionOffsets& offsets, Done done);

    [[nodiscard]] const std::string& path() const { return identity_.path; }
    [[nodiscard]] DirectoryId id() const { return identity_.id; }
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

private:
    struct Member {
        TopicPartition name;
        std::shared_ptr<LogOwner> owner;
        Offset recovery_point;
        std::int64_t truncations = 0;
    };

    void on_synced(LogId id, const SyncTicket& ticket, const Result<void>& outcome);
    void run_truncation(TruncationJob job, TruncationDone done);
    void write(CheckpointWriter& writer, const PartitionOffsets& offsets, Done done);
    [[nodiscard]] PartitionOffsets recovery_points() const;

    Disk* disk_;
    Shard* home_;
    Identity identity_;
    Logger logger_;
    Committer committer_;
    CheckpointWriter recovery_point_writer_;
    CheckpointWriter high_watermark_writer_;
    CheckpointWriter log_start_writer_;
    std::map<LogId, Member> members_;
    PartitionOffsets ownerless_;        ///< recovery points of logs that are not members
    PartitionOffsets high_watermarks_;  ///< in the checkpoint, or about to be
    std::int64_t truncations_ = 0;
    LogId next_id_{0};
    std::optional<Error> failure_;
    std::function<void(const Error&)> on_failure_;
};

}  // namespace hw::storage
