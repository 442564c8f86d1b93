#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/log_loader.h"
#include "storage/meta_properties.h"
#include "storage/offset_checkpoint.h"
#include "storage/topic_partition.h"

namespace hw::storage {

inline constexpr const char* kLockFile = ".lock";

/// A log's folder as it was found.
struct FoundLog {
    TopicPartition name;
    TopicId topic_id;  ///< zero when partition.metadata is missing
};

/// A data directory, locked, with all that its root says.
struct OpenedDirectory {
    std::string path;
    MetaProperties properties;
    std::unique_ptr<FileLock> lock;
    Shutdown shutdown = Shutdown::unclean;
    std::optional<BrokerEpoch> broker_epoch;  ///< of the incarnation that stopped cleanly
    bool has_recovery_points = false;         ///< the file is there
    PartitionOffsets recovery_points;
    PartitionOffsets high_watermarks;
    PartitionOffsets log_starts;
    std::vector<FoundLog> logs;
    /// Names of folders that are to be removed: of deleted logs, and of one whose making a crash
    /// cut short.
    std::vector<std::string> deleting;
    std::vector<std::string> unknown;  ///< names of folders that are nobody's: left alone
};

/// Makes data directories that are missing, and sees to it that no two are the same directory, by
/// whatever names and links, and none lies in another. Blocks. Errors: invalid (names both), io.
[[nodiscard]] Result<void> make_distinct_directories(Disk& disk,
                                                     const std::vector<std::string>& paths);

/// Opens a data directory for a node: makes it if missing, locks it, writes meta.properties into a
/// new one with `expected`, whose directory id is used only then; else changes nothing. A missing
/// checkpoint is an empty one, a broken one is refused. Blocks. Errors: busy (locked; names the
/// lock file), invalid (another cluster or node; names both; or logs without meta.properties),
/// corrupt, unsupported, io.
[[nodiscard]] Result<OpenedDirectory> open_data_directory(Disk& disk, const std::string& path,
                                                          const MetaProperties& expected,
                                                          Logger logger);

/// Before anything in a data directory may change: takes the marker of a clean stop away, durably,
/// so that no crash from now on looks like one; makes the file of recovery points. Blocks. Errors:
/// io, no_space.
[[nodiscard]] Result<void> begin_use(Disk& disk, const std::string& path, bool has_recovery_points);

/// Empties a data directory but for its lock; one that is not there, or empty, is left alone.
/// Blocks. Errors: busy (a broker uses it), invalid (it is no data directory, or holds what no
/// broker made: nothing is removed then), io.
[[nodiscard]] Result<void> wipe_data_directory(Disk& disk, const std::string& path);

/// The cluster that the first of these directories which was used before belongs to; none if all
/// are new. Blocks, changes nothing. Errors: corrupt, unsupported, io.
[[nodiscard]] Result<std::optional<std::string>> find_cluster_id(
    Disk& disk, const std::vector<std::string>& directories);

/// Makes the folder of a new log with its topic id; all of it is on stable storage when this
/// returns. Blocks. Errors: exists, io, no_space.
[[nodiscard]] Result<void> create_log_folder(Disk& disk, const std::string& directory,
                                             const TopicPartition& name, TopicId topic_id);

/// Renames the folder of a log so that it is no log any more, durably; the new name. What removes
/// it is remove_tree. Blocks. Errors: not_found, io.
[[nodiscard]] Result<std::string> doom_log_folder(Disk& disk, const std::string& directory,
                                                  const TopicPartition& name, const Uuid& uuid);

/// The last act of a clean stop: after it nothing in the directory may change. Blocks.
[[nodiscard]] Result<void> write_clean_shutdown(Disk& disk, const std::string& directory,
                                                BrokerEpoch epoch);

}  // namespace hw::storage
