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

/// A log that has been opened: contents for a Log object, and the directory it is in.
struct OpenedLog {
    TopicPartition name;
    TopicId topic_id;
    LogDirectory* directory = nullptr;
    LogContents contents;
    Offset high_watermark{0};  ///< from the checkpoint
};

/// A log that could not be opened: it is damaged, or its directory failed.
struct FailedLog {
    TopicPartition name;
    TopicId topic_id;
    LogDirectory* directory = nullptr;
    Error reason;
};

/// A log that had records on stable storage, and whose folder is gone.
struct MissingLog {
    TopicPartition name;
    LogDirectory* directory = nullptr;
    Offset recovery_point;
};

struct OpenedLogs {
    std::vector<OpenedLog> logs;
    std::vector<FailedLog> failed;
    std::vector<MissingLog> missing;
};

/// A log at its end: nothing is staged, nobody uses it any more.
struct ClosingLog {
    LogDirectory* directory = nullptr;
    LogId id;
    Log* log = nullptr;
};

struct ManagerSettings {
    std::vector<std::string> directories;
    std::string cluster_id;
    BrokerId node_id;
    std::string metadata_topic;  ///< whose log Kafka keeps without recovery points
    /// In all directories, beyond which none is made: logs have files open.
    std::size_t logs_max = 0;
    /// Options of a topic's logs; called on the home shard.
    std::function<LogOptions(const std::string& topic)> options_for;
};

/// The data directories of a node: opens them and their logs at start, makes and deletes logs,
/// ends with the marker of a clean stop. The logs belong to their partitions.
///
/// Owned by the node, lives on its home shard. What blocks runs on the disk's threads. Two managers
/// in one process work on different directories; on one, the second is refused.
class LogManager {
public:
    /// Logs that are opened at a time: enough for the disk's threads, and a bound for descriptors.
    static constexpr std::size_t kOpenLanes = 4;

    LogManager(Disk& disk, Shard& home, const Clock& clock, Entropy& entropy, Logger logger);

    /// Opens all directories and all logs in them, and removes what was being deleted. A directory
    /// whose disk fails at that is offline, with all of its logs. Errors: see open_data_directory;
    /// also invalid when two directories have one id, or two folders one log.
    [[nodiscard]] Task<Result<OpenedLogs>> open(ManagerSettings settings);
    /// Makes a log in `directory`; all of it is on stable storage. Errors: exists, io, no_space,
    /// limit.
    [[nodiscard]] Task<Result<OpenedLog>> create(LogDirectory& directory, TopicPartition name,
                                                 TopicId topic_id);
    /// Forgets the offsets of a log, takes its folder out of sight, then removes it. The log is no
    /// longer used, and not in the directory's list any more; its folder may be gone. Errors: io.
    [[nodiscard]] Task<Result<void>> remove(LogDirectory& directory, TopicPartition name);
    /// Ends the committers. Then, if all of these logs can be closed, writes recovery points and
    /// the marker into each directory that did not fail, and gives the locks back. A directory with
    /// a log that could not be opened gets no marker: the next start must not trust that log. After
    /// an `open` that failed nothing is written.
    [[nodiscard]] Task<Result<void>> close(std::vector<ClosingLog> logs, BrokerEpoch epoch);

    [[nodiscard]] std::span<const std::unique_ptr<LogDirectory>> directories() const {
        return directories_;
    }
    /// The smallest broker epoch that all directories stopped cleanly with; none if one did not.
    [[nodiscard]] std::optional<BrokerEpoch> clean_broker_epoch() const;

private:
    struct Opening;

    [[nodiscard]] Task<Result<void>> open_directory(const std::string& path);
    [[nodiscard]] Result<void> check_copies() const;
    [[nodiscard]] Result<void> check_recovery_points() const;
    [[nodiscard]] Task<Result<void>> begin_use();
    [[nodiscard]] std::shared_ptr<Opening> plan_opening() const;
    [[nodiscard]] Task<> open_lane(std::shared_ptr<Opening> opening);
    [[nodiscard]] Result<void> check_room() const;
    [[nodiscard]] Task<Result<void>> remove_doomed();
    [[nodiscard]] Task<Result<void>> close_directory(LogDirectory& directory,
                                                     std::vector<ClosingLog> logs,
                                                     BrokerEpoch epoch);
    /// Keeps the recovery points of logs that are missing, so that it is known at the next start,
    /// too; forgets the other offsets of logs that are not there.
    [[nodiscard]] Task<std::vector<MissingLog>> find_missing();
    [[nodiscard]] Task<> forget(LogDirectory& directory, TopicPartition name);
    [[nodiscard]] Task<Result<void>> write_recovery_points(LogDirectory& directory);
    [[nodiscard]] Task<Result<void>> write_log_starts(LogDirectory& directory,
                                                      const PartitionOffsets& offsets);
    [[nodiscard]] OpenedDirectory& opened_of(const LogDirectory& directory);

    Disk* disk_;
    Shard* home_;
    const Clock* clock_;
    Entropy* entropy_;
    Logger logger_;
    ManagerSettings settings_;
    bool is_open_ = false;  ///< `open` succeeded
    std::vector<OpenedDirectory> opened_;
    std::vector<std::unique_ptr<LogDirectory>> directories_;  ///< in the order of opened_
    std::vector<const LogDirectory*> damaged_;                ///< a log in it is not open
};

}  // namespace hw::storage
