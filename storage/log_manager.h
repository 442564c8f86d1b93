#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/entropy.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/data_directory.h"
#include "storage/log_directory.h"

namespace hw::storage {

/// An opened log: the contents for a Log object, and its directory.
struct OpenedLog {
    TopicPartition name;
    TopicId topic_id;
    LogDirectory* directory = nullptr;
    LogContents contents;
    Offset high_watermark{0};  ///< from the checkpoint
};

/// A log that could not be opened, because it is damaged or its directory failed.
struct FailedLog {
    TopicPartition name;
    TopicId topic_id;
    LogDirectory* directory = nullptr;
    Error reason;
};

/// A log that had records on stable storage, but whose folder is gone.
struct MissingLog {
    TopicPartition name;
    LogDirectory* directory = nullptr;
    Offset recovery_point;
};

struct OpenedLogs {
    std::vector<OpenedLog> logs;
    std::vector<FailedLog> failed;
    std::vector<MissingLog> missing;
    /// Directories that could not be opened: which logs they have is not known.
    std::vector<const LogDirectory*> unread = {};
};

/// A log to be closed: nothing is staged, and it is no longer used.
struct ClosingLog {
    LogDirectory* directory = nullptr;
    LogId id;
    Log* log = nullptr;
};

struct ManagerSettings {
    std::vector<std::string> directories;
    std::string cluster_id;
    BrokerId node_id;
    std::string metadata_topic;  ///< Kafka keeps no recovery point of this topic's log
    /// Limit for `create`, over all directories: each log keeps a file open.
    std::size_t logs_max = 0;
    /// Returns the options of a topic's logs; called on the home shard.
    std::function<LogOptions(const std::string& topic)> options_for;
    /// Directories without which the node cannot start.
    std::vector<std::string> needed = {};
};

/// Whether the disk failed, as opposed to damaged contents.
[[nodiscard]] inline bool is_disk_failure(const Error& error) {
    return error.kind == ErrorKind::io || error.kind == ErrorKind::no_space;
}

/// Manager of a node's data directories: opens them and their logs at the start, creates and
/// removes logs, and closes everything at a clean stop. The logs belong to their partitions.
///
/// Owned by the node; lives on its home shard. Blocking work runs on the disk's threads. A
/// directory that another manager uses, in this process too, is refused.
class LogManager {
public:
    /// Number of logs opened at the same time: keeps the disk's threads busy and limits the number
    /// of open descriptors.
    static constexpr std::size_t kOpenLanes = 4;
    /// Number of logs of each directory that are closed at the same time: the file system can sync
    /// them together.
    static constexpr std::size_t kCloseLanes = 16;

    LogManager(Disk& disk, Shard& home, const Clock& clock, Entropy& entropy, Logger logger);

    /// Opens all directories and the logs in them, and removes folders marked for deletion. A
    /// directory that cannot be opened, or whose disk fails, goes offline with all of its logs.
    /// Errors: those of open_data_directory for a needed or the last directory, and wherever only
    /// an operator can decide: busy; invalid, also if two directories have the same id, two folders
    /// are of the same log, or a directory has logs but no file of recovery points.
    [[nodiscard]] Task<Result<OpenedLogs>> open(ManagerSettings settings);
    /// Creates logs in `directory`, durably; they share the sync of the directory. The outcomes are
    /// in the order of `logs`. If its disk fails, the directory goes offline; the same holds for
    /// `remove`. Errors: exists, io, no_space, limit.
    [[nodiscard]] Task<std::vector<Result<OpenedLog>>> create(LogDirectory& directory,
                                                              std::vector<NewLog> logs);
    [[nodiscard]] Task<Result<OpenedLog>> create(LogDirectory& directory, TopicPartition name,
                                                 TopicId topic_id);
    /// Removes the checkpointed offsets of logs, marks their folders for deletion and removes them;
    /// they share one writing of the offsets and one sync of the directory. The logs must no longer
    /// be used, nor be members of the directory. Succeeds if a folder is already gone. The outcomes
    /// are in the order of `names`. Errors: io.
    [[nodiscard]] Task<std::vector<Result<void>>> remove(LogDirectory& directory,
                                                         std::vector<TopicPartition> names);
    [[nodiscard]] Task<Result<void>> remove(LogDirectory& directory, TopicPartition name);
    /// Sets logs aside, as `remove` does, but keeps their folders, under `-stray` names that no
    /// start opens. Errors: not_found, io.
    [[nodiscard]] Task<std::vector<Result<MarkedLog>>> set_aside(LogDirectory& directory,
                                                                 std::vector<TopicPartition> names);
    /// Stops the committers, then closes the logs of each directory, several at a time. If that
    /// succeeds, it writes the recovery points and the marker of a clean stop there. A directory
    /// with a log that could not be opened gets no marker, so that the next start checks that log.
    /// Releases the locks. After a failed `open`, and the second time, nothing is written. Returns
    /// the first error.
    [[nodiscard]] Task<Result<void>> close(std::vector<ClosingLog> logs, BrokerEpoch epoch);

    [[nodiscard]] std::span<const std::unique_ptr<LogDirectory>> directories() const {
        return directories_;
    }
    /// The smallest broker epoch in the markers of a clean stop; none if a directory had none.
    [[nodiscard]] std::optional<BrokerEpoch> clean_broker_epoch() const;

private:
    struct Opening;
    struct Closing;

    [[nodiscard]] Task<Result<void>> open_directories();
    [[nodiscard]] Task<Result<void>> open_directory(const std::string& path);
    void report_new_directories() const;
    [[nodiscard]] Task<Result<void>> add_unopened(const std::string& path, Error reason);
    [[nodiscard]] Result<void> add_directory(OpenedDirectory opened);
    [[nodiscard]] Result<void> check_may_fail(const std::string& path, const Error& reason) const;
    [[nodiscard]] Result<void> give_up(LogDirectory& directory, const Error& reason);
    [[nodiscard]] Result<void> check_any_left() const;
    void find_unread(OpenedLogs& result);
    [[nodiscard]] Result<void> check_copies() const;
    [[nodiscard]] Result<void> check_recovery_points() const;
    [[nodiscard]] Task<Result<void>> remove_clean_markers();
    [[nodiscard]] std::shared_ptr<Opening> plan_opening() const;
    [[nodiscard]] Task<> open_lane(std::shared_ptr<Opening> opening);
    [[nodiscard]] Result<void> check_room() const;
    [[nodiscard]] Task<Result<std::vector<Result<LogContents>>>> create_folders(
        LogDirectory& directory, std::vector<NewLog> logs);
    [[nodiscard]] Task<Result<void>> remove_marked_folders();
    [[nodiscard]] Task<Result<void>> remove_marked_folders(OpenedDirectory& directory);
    [[nodiscard]] Task<> close_directory(std::shared_ptr<Closing> closing, BrokerEpoch epoch);
    [[nodiscard]] Task<> close_lane(std::shared_ptr<Closing> closing);
    [[nodiscard]] Task<Result<void>> mark_closed(const Closing& closing, BrokerEpoch epoch);
    /// Finds missing logs. Their recovery points are kept, so that each start reports them; all
    /// other offsets of logs without a folder are dropped.
    [[nodiscard]] Task<std::vector<MissingLog>> find_missing();
    [[nodiscard]] Task<> forget(LogDirectory& directory, const std::vector<TopicPartition>& names);
    /// Forgets the offsets of logs and renames their folders.
    [[nodiscard]] Task<std::vector<Result<MarkedLog>>> mark(LogDirectory& directory,
                                                            std::vector<TopicPartition> names,
                                                            FolderKind kind);
    [[nodiscard]] Task<Result<void>> remove_marked(LogDirectory& directory,
                                                   Result<MarkedLog> marked);
    [[nodiscard]] Task<Result<void>> write_recovery_points(LogDirectory& directory);
    [[nodiscard]] Task<Result<void>> write_log_starts(LogDirectory& directory,
                                                      const PartitionOffsets& offsets);
    [[nodiscard]] Task<Result<void>> write_high_watermarks(LogDirectory& directory);
    /// Waits for a write that `begin` starts.
    [[nodiscard]] Task<Result<void>> wait_for_write(
        std::move_only_function<void(LogDirectory::Done)> begin);
    [[nodiscard]] OpenedDirectory& opened_of(const LogDirectory& directory);
    /// Directories without a lock could not be opened.
    [[nodiscard]] bool is_opened(const LogDirectory& directory) {
        return opened_of(directory).lock != nullptr;
    }

    Disk* disk_;
    Shard* home_;
    const Clock* clock_;
    Entropy* entropy_;
    Logger logger_;
    ManagerSettings settings_;
    bool is_open_ = false;      ///< `open` succeeded, and `close` has not begun
    std::size_t creating_ = 0;  ///< logs that are being created
    std::vector<OpenedDirectory> opened_;
    std::vector<std::unique_ptr<LogDirectory>> directories_;  ///< in the order of opened_
    std::vector<const LogDirectory*> damaged_;                ///< with a log that is damaged
};

}  // namespace hw::storage
