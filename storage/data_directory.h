#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/log_folder.h"
#include "storage/log_loader.h"
#include "storage/meta_properties.h"
#include "storage/offset_checkpoint.h"
#include "storage/topic_partition.h"

namespace hw::storage {

inline constexpr const char* kLockFile = ".lock";
/// Where Kafka up to 4.3 keeps what a new cluster begins with: a snapshot, at the root of a data
/// directory.
inline constexpr const char* kBootstrapFile = "bootstrap.checkpoint";

/// A log folder that was found in a data directory.
struct FoundLog {
    TopicPartition name;
    TopicId topic_id;  ///< zero when partition.metadata is missing
};

/// A locked data directory and the contents of the files at its root.
struct OpenedDirectory {
    std::string path;
    MetaProperties properties;
    bool is_new = false;  ///< it had no meta.properties
    std::unique_ptr<FileLock> lock;
    Shutdown shutdown = Shutdown::unclean;
    std::optional<BrokerEpoch> broker_epoch;  ///< of the incarnation that stopped cleanly
    bool has_recovery_points = false;         ///< the file exists
    PartitionOffsets recovery_points;
    PartitionOffsets high_watermarks;
    PartitionOffsets log_starts;
    std::vector<FoundLog> logs;
    /// Names of folders to remove: those of deleted logs, and those whose creation a crash
    /// interrupted.
    std::vector<std::string> deleting;
    std::vector<std::string> unknown;  ///< names of folders that are not log folders: ignored
};

/// Locks a data directory that exists. Blocks. Errors: busy (names the lock file), io.
[[nodiscard]] Result<std::unique_ptr<FileLock>> lock_data_directory(Disk& disk,
                                                                    const std::string& path);

/// Creates missing data directories, and checks their real paths: no two may be the same directory,
/// and none may be inside another. The outcomes (io, permission) are in the order of `paths`.
/// Blocks. Errors: invalid (names both).
[[nodiscard]] Result<std::vector<Result<void>>> make_distinct_directories(
    Disk& disk, const std::vector<std::string>& paths);

/// Opens a data directory for a node: creates it if missing, locks it, and reads the files at its
/// root. A new directory gets a meta.properties from `expected`, whose directory id is used only
/// then; a used one is not changed. A missing checkpoint counts as empty, a broken one is refused.
/// Blocks. Errors: busy (locked; names the lock file), invalid (another cluster or node; names
/// both; or logs without meta.properties), corrupt, unsupported, io.
[[nodiscard]] Result<OpenedDirectory> open_data_directory(Disk& disk, const std::string& path,
                                                          const MetaProperties& expected,
                                                          Logger logger);

/// Called before anything else in a data directory changes. Removes the marker of a clean stop,
/// durably, so that a later crash does not look like a clean stop. Creates the file of recovery
/// points if it is missing. Blocks. Errors: io, no_space.
[[nodiscard]] Result<void> remove_clean_marker(Disk& disk, const std::string& path,
                                               bool has_recovery_points);

/// Removes everything in a data directory except its lock file and lost+found. Does nothing if the
/// directory is missing or empty. Blocks. Errors: busy (a broker uses it), invalid (it is not a
/// data directory, or has a file that no broker made: nothing is removed then), io.
[[nodiscard]] Result<void> wipe_data_directory(Disk& disk, const std::string& path);

/// The cluster id in the first of these directories that has a readable meta.properties; none if
/// all are new. Blocks, changes nothing. Errors, if there is none and a directory cannot be read:
/// corrupt, unsupported, io.
[[nodiscard]] Result<std::optional<std::string>> find_cluster_id(
    Disk& disk, const std::vector<std::string>& directories);

/// A log to be created.
struct NewLog {
    TopicPartition name;
    TopicId topic_id;
};

/// Creates the folders of new logs with their partition.metadata, durably. The outcomes are in the
/// order of `logs`. Blocks. Errors: exists, io, no_space.
[[nodiscard]] std::vector<Result<void>> create_log_folders(Disk& disk, const std::string& directory,
                                                           const std::vector<NewLog>& logs);

/// A log whose folder is marked for deletion, or as stray.
struct MarkedLog {
    TopicPartition name;
    std::string folder;  ///< its new path
};

/// The logs of a data directory to be marked: `uuids` are those of their new names.
struct LogsToMark {
    std::vector<TopicPartition> names;
    std::vector<Uuid> uuids;
    FolderKind kind = FolderKind::deleting;
};

/// Renames the folder of each log to a `-delete` or `-stray` name, durably. The outcomes are in the
/// order of the names. Blocks. Errors: not_found, io.
[[nodiscard]] std::vector<Result<MarkedLog>> mark_logs(Disk& disk, const std::string& directory,
                                                       const LogsToMark& logs);

/// Writes the marker of a clean stop. Nothing in the directory may change afterwards. Blocks.
[[nodiscard]] Result<void> write_clean_shutdown(Disk& disk, const std::string& directory,
                                                BrokerEpoch epoch);

}  // namespace hw::storage
