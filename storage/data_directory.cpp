#include "storage/data_directory.h"

#include <algorithm>
#include <array>
#include <functional>
#include <ranges>
#include <utility>

#include "storage/epoch_cache.h"
#include "storage/log_folder.h"
#include "storage/quorum_state_file.h"
#include "storage/small_file.h"

namespace hw::storage {
namespace {

constexpr std::string_view kPartitionMetadataRemedy =
    "This file holds the id of the topic that the log belongs to: put a copy of it back, or remove "
    "it. Without it the broker starts but does not use this log; its partition is offline until "
    "the file is back";

/// A checkpoint file at the root of a data directory, and the member that holds its offsets.
struct Checkpoint {
    const char* name;
    PartitionOffsets OpenedDirectory::* offsets;
    std::string_view remedy;
};

constexpr std::array<Checkpoint, 3> kCheckpoints{
    {{kRecoveryPointFile, &OpenedDirectory::recovery_points,
      "This file says up to which offset each log was on stable storage: put a copy of it back; an "
      "old copy only makes the next start longer. With an empty one (printf '0\\n0\\n') each log "
      "is checked from its beginning after a crash, and is cut at its first damaged batch"},
     {kHighWatermarkFile, &OpenedDirectory::high_watermarks,
      "This file holds the high watermarks of the logs: put a copy of it back, or remove it. "
      "Without it the broker determines them again"},
     {kLogStartFile, &OpenedDirectory::log_starts,
      "This file holds the start offset of each log that starts inside its first file: put a copy "
      "of it back, or remove it. Without it records that were deleted from within a file can be "
      "read again"}}};

Result<void> load_properties(Disk& disk, const MetaProperties& expected,
                             OpenedDirectory& directory) {
    HW_TRY(found, load_meta_properties(disk, directory.path));
    if (!found && !directory.logs.empty()) {
        return fail(ErrorKind::invalid,
                    "{} has logs, such as {}, but no {}, which names their cluster and node: put "
                    "that file back, or move the logs away to start over. If `highwater format` "
                    "was interrupted here, run it again",
                    directory.path, folder_name(directory.logs.front().name), kMetaPropertiesFile);
    }
    if (!found) {
        directory.properties = expected;
        return replace_small_file(disk, directory.path, kMetaPropertiesFile,
                                  format_meta_properties(expected));
    }
    HW_TRY_VOID(check_owner(*found, expected, directory.path));
    directory.properties = std::move(*found);
    return {};
}

Result<PartitionOffsets> load_offsets(Disk& disk, const std::string& path) {
    HW_TRY(text, read_small_file_if_there(disk, path));
    return text ? parse_offset_checkpoint(*text, path) : PartitionOffsets{};
}

Result<void> load_checkpoints(Disk& disk, OpenedDirectory& directory) {
    for (const Checkpoint& checkpoint : kCheckpoints) {
        auto loaded = load_offsets(disk, directory.path + "/" + checkpoint.name);
        if (!loaded) {
            return with_remedy(loaded.error(), checkpoint.remedy);
        }
        directory.*checkpoint.offsets = std::move(*loaded);
    }
    HW_TRY(there, disk.exists(directory.path + "/" + kRecoveryPointFile));
    directory.has_recovery_points = there;
    return {};
}

Result<void> read_clean_marker(Disk& disk, OpenedDirectory& directory) {
    const std::string path = directory.path + "/" + kCleanShutdownFile;
    HW_TRY(text, read_small_file_if_there(disk, path));
    // An unreadable marker counts as an unclean stop.
    const auto epoch = text ? parse_clean_shutdown(*text, path) : std::unexpected(Error{});
    if (epoch) {
        directory.shutdown = Shutdown::clean;
        directory.broker_epoch = *epoch;
    }
    return {};
}

/// Whether a crash interrupted create_log_folder: the folder of the log is empty, or holds only the
/// draft of partition.metadata.
Result<bool> is_half_made(Disk& disk, const std::string& folder) {
    HW_TRY(entries, disk.list(folder));
    const std::string draft = kPartitionMetadataFile + std::string(kDraftSuffix);
    return std::ranges::all_of(entries,
                               [&](const DirectoryEntry& entry) { return entry.name == draft; });
}

Result<void> add_log(Disk& disk, const std::string& folder, const TopicPartition& name,
                     OpenedDirectory& directory) {
    const std::string path = directory.path + "/" + folder + "/" + kPartitionMetadataFile;
    HW_TRY(text, read_small_file_if_there(disk, path));
    HW_TRY(half_made,
           text ? Result<bool>(false) : is_half_made(disk, directory.path + "/" + folder));
    if (half_made) {
        directory.deleting.push_back(folder);
        return {};
    }
    FoundLog log{name, {}};
    if (text) {
        const auto topic_id = parse_partition_metadata(*text, path);
        if (!topic_id) {
            return with_remedy(topic_id.error(), kPartitionMetadataRemedy);
        }
        log.topic_id = *topic_id;
    }
    directory.logs.push_back(std::move(log));
    return {};
}

Result<void> list_folders(Disk& disk, OpenedDirectory& directory, const Logger& logger) {
    HW_TRY(entries, disk.list(directory.path));
    for (const auto& [name, is_directory] : entries) {
        if (!is_directory) {
            continue;
        }
        const FolderName folder = parse_folder_name(name);
        if (folder.kind == FolderKind::deleting) {
            directory.deleting.push_back(name);
        } else if (folder.kind == FolderKind::stray) {
            logger.warning(
                "{}/{} was set aside by an earlier start, because the metadata did not place it on "
                "this broker; it is not used. Remove it when its records are not needed any more",
                directory.path, name);
            directory.unknown.push_back(name);
        } else if (folder.kind != FolderKind::log) {
            logger.warning("{}/{} is not the folder of a log and is ignored", directory.path, name);
            directory.unknown.push_back(name);
        } else if (auto added = add_log(disk, name, folder.log, directory); !added) {
            return added;
        }
    }
    return {};
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// Creates a data directory and its missing parents, and puts each name on stable storage.
Result<void> make_durably(Disk& disk, const std::string& path) {
    std::vector<std::string> missing;
    for (std::string each = path;; each = parent_of(each)) {
        HW_TRY(there, disk.exists(each));
        if (there || (!missing.empty() && missing.back() == each)) {
            break;
        }
        missing.push_back(each);
    }
    for (const std::string& each : std::views::reverse(missing)) {
        HW_TRY_VOID(disk.make_directories(each));
        HW_TRY_VOID(disk.sync_directory(parent_of(each)));
    }
    return {};
}

bool lies_in(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) &&
           (directory.ends_with('/') || path.substr(directory.size()).starts_with('/'));
}

struct NamedDirectory {
    std::string name;  ///< as configured
    std::string real_path;
};

Result<NamedDirectory> make_directory(Disk& disk, const std::string& path) {
    HW_TRY_VOID(make_durably(disk, path));
    HW_TRY(real, disk.real_path(path));
    return NamedDirectory{path, std::move(real)};
}

Result<void> check_distinct(const NamedDirectory& one, const NamedDirectory& other) {
    if (one.real_path == other.real_path) {
        return fail(ErrorKind::invalid,
                    "'{}' and '{}' are the same data directory, {}: name it once in log.dirs",
                    other.name, one.name, one.real_path);
    }
    const bool is_inner = lies_in(one.real_path, other.real_path);
    if (is_inner || lies_in(other.real_path, one.real_path)) {
        const NamedDirectory& inner = is_inner ? one : other;
        const NamedDirectory& outer = is_inner ? other : one;
        return fail(ErrorKind::invalid,
                    "the data directory '{}' ({}) lies in the data directory '{}' ({}): choose "
                    "a directory outside of it",
                    inner.name, inner.real_path, outer.name, outer.real_path);
    }
    return {};
}

}  // namespace

Result<std::vector<Result<void>>> make_distinct_directories(Disk& disk,
                                                            const std::vector<std::string>& paths) {
    std::vector<Result<void>> outcomes;
    std::vector<NamedDirectory> seen;
    for (const std::string& path : paths) {
        const auto directory = make_directory(disk, path);
        outcomes.push_back(directory ? Result<void>() : std::unexpected(directory.error()));
        if (!directory) {
            continue;
        }
        for (const NamedDirectory& other : seen) {
            HW_TRY_VOID(check_distinct(*directory, other));
        }
        seen.push_back(*directory);
    }
    return outcomes;
}

Result<std::unique_ptr<FileLock>> lock_data_directory(Disk& disk, const std::string& path) {
    auto lock = disk.lock(path + "/" + kLockFile);
    if (!lock && lock.error().kind == ErrorKind::busy) {
        return fail(ErrorKind::busy,
                    "{}/{} is locked: another broker uses this data directory. Stop it, or name "
                    "another directory (log.dirs)",
                    path, kLockFile);
    }
    return lock;
}

Result<OpenedDirectory> open_data_directory(Disk& disk, const std::string& path,
                                            const MetaProperties& expected, Logger logger) {
    OpenedDirectory directory;
    directory.path = path;
    HW_TRY_VOID(make_durably(disk, path));
    HW_TRY(lock, lock_data_directory(disk, path));
    directory.lock = std::move(lock);
    auto outcome = list_folders(disk, directory, logger);
    if (outcome) {
        outcome = load_properties(disk, expected, directory);
    }
    if (outcome) {
        outcome = load_checkpoints(disk, directory);
    }
    if (outcome) {
        outcome = read_clean_marker(disk, directory);
    }
    if (!outcome) {
        return std::unexpected(outcome.error());
    }
    return directory;
}

Result<void> remove_clean_marker(Disk& disk, const std::string& path, bool has_recovery_points) {
    if (!has_recovery_points) {
        HW_TRY_VOID(
            replace_small_file(disk, path, kRecoveryPointFile, format_offset_checkpoint({})));
    }
    const auto removed = disk.remove_file(path + "/" + kCleanShutdownFile);
    if (!removed && removed.error().kind == ErrorKind::not_found) {
        return {};
    }
    return removed ? disk.sync_directory(path) : removed;
}

namespace {

/// The folder that file systems such as ext4 have at their root; it is not part of the data.
constexpr std::string_view kLostAndFound = "lost+found";

bool is_file_of_broker(std::string_view name) {
    constexpr std::array<std::string_view, 6> kFiles{kMetaPropertiesFile, kRecoveryPointFile,
                                                     kHighWatermarkFile,  kLogStartFile,
                                                     kCleanShutdownFile,  kBootstrapFile};
    name.remove_suffix(name.ends_with(kDraftSuffix) ? kDraftSuffix.size() : 0);
    return std::ranges::count(kFiles, name) > 0;
}

bool is_file_of_log(std::string_view name) {
    if (name.starts_with(kPartitionMetadataFile) || name.starts_with(kEpochFile) ||
        name.starts_with(kQuorumStateFile) || name.find(kCheckpointSuffix) != name.npos) {
        return true;
    }
    const auto suffixes = {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix,
                           kSnapshotSuffix};
    return std::ranges::any_of(suffixes, [name](std::string_view suffix) {
        return parse_file_name(name, suffix).has_value();
    });
}

/// Whether a broker made this entry of a data directory. Another folder may happen to be named like
/// a log folder, so its contents are checked too.
Result<bool> is_of_broker(Disk& disk, const std::string& directory, const DirectoryEntry& entry) {
    if (!entry.is_directory) {
        return is_file_of_broker(entry.name);
    }
    const FolderKind kind = parse_folder_name(entry.name).kind;
    if (kind != FolderKind::log) {
        return kind != FolderKind::unknown;
    }
    HW_TRY(files, disk.list(directory + "/" + entry.name));
    const auto is_of_log = [](const DirectoryEntry& file) { return is_file_of_log(file.name); };
    return files.empty() || std::ranges::any_of(files, is_of_log);
}

Result<void> check_wipe(Disk& disk, const std::string& path,
                        const std::vector<DirectoryEntry>& entries) {
    for (const DirectoryEntry& entry : entries) {
        HW_TRY(ours, is_of_broker(disk, path, entry));
        if (!ours) {
            return fail(ErrorKind::invalid,
                        "{0} holds {1}, which no broker made: {0} is not wiped. Move {1} away, or "
                        "take another directory",
                        path, entry.name);
        }
    }
    return {};
}

Result<void> create_log_folder(Disk& disk, const std::string& directory, const NewLog& log) {
    const std::string folder = directory + "/" + folder_name(log.name);
    HW_TRY(there, disk.exists(folder));
    if (there) {
        return fail(ErrorKind::exists,
                    "{0} exists already, and its {1} names another topic or is missing: put {1} "
                    "back, or move the folder away, then start the broker again",
                    folder, kPartitionMetadataFile);
    }
    HW_TRY_VOID(disk.make_directories(folder));
    return replace_small_file(disk, folder, kPartitionMetadataFile,
                              format_partition_metadata(log.topic_id));
}

/// Puts on stable storage the names of folders that were made or changed in `directory`. Successful
/// outcomes become those of the sync.
template <class T>
void sync_names(Disk& disk, const std::string& directory, std::vector<Result<T>>& outcomes) {
    if (std::ranges::none_of(outcomes, [](const auto& each) { return each.has_value(); })) {
        return;
    }
    const auto synced = disk.sync_directory(directory);
    for (Result<T>& outcome : outcomes) {
        if (outcome && !synced) {
            outcome = std::unexpected(synced.error());
        }
    }
}

}  // namespace

Result<void> wipe_data_directory(Disk& disk, const std::string& path) {
    const auto there = disk.exists(path);
    if (!there || !*there) {
        return there ? Result<void>() : std::unexpected(there.error());
    }
    HW_TRY(entries, disk.list(path));
    std::erase_if(entries, [](const DirectoryEntry& entry) {
        return entry.name == kLockFile || entry.name == kLostAndFound;
    });
    if (entries.empty()) {
        return {};
    }
    const auto is_properties = [](const DirectoryEntry& entry) {
        return entry.name == kMetaPropertiesFile;
    };
    if (std::ranges::none_of(entries, is_properties)) {
        return fail(ErrorKind::invalid,
                    "{} has no {}, so it is not a data directory: it is not wiped", path,
                    kMetaPropertiesFile);
    }
    HW_TRY_VOID(check_wipe(disk, path, entries));
    const auto lock = lock_data_directory(disk, path);
    if (!lock) {
        return std::unexpected(lock.error());
    }
    // meta.properties, which marks a data directory, goes last: an interrupted wipe can be
    // repeated.
    std::erase_if(entries, is_properties);
    for (const DirectoryEntry& entry : entries) {
        HW_TRY_VOID(disk.remove_tree(path + "/" + entry.name));
    }
    HW_TRY_VOID(disk.sync_directory(path));
    return disk.remove_file(path + "/" + kMetaPropertiesFile);
}

Result<std::optional<std::string>> find_cluster_id(Disk& disk,
                                                   const std::vector<std::string>& directories) {
    std::optional<Error> trouble;
    for (const std::string& directory : directories) {
        auto properties = load_meta_properties(disk, directory);
        if (!properties) {
            trouble = trouble.value_or(properties.error());
        } else if (*properties) {
            return std::move((*properties)->cluster_id);
        }
    }
    return trouble ? Result<std::optional<std::string>>(std::unexpected(*trouble)) : std::nullopt;
}

std::vector<Result<void>> create_log_folders(Disk& disk, const std::string& directory,
                                             const std::vector<NewLog>& logs) {
    std::vector<Result<void>> outcomes;
    for (const NewLog& log : logs) {
        outcomes.push_back(create_log_folder(disk, directory, log));
    }
    sync_names(disk, directory, outcomes);
    return outcomes;
}

std::vector<Result<MarkedLog>> mark_logs(Disk& disk, const std::string& directory,
                                         const LogsToMark& logs) {
    std::vector<Result<MarkedLog>> outcomes;
    for (std::size_t i = 0; i < logs.names.size(); ++i) {
        const TopicPartition& name = logs.names[i];
        MarkedLog marked{name,
                         directory + "/" + marked_folder_name(name, logs.uuids[i], logs.kind)};
        const auto renamed = disk.rename(directory + "/" + folder_name(name), marked.folder);
        outcomes.push_back(renamed ? Result<MarkedLog>(std::move(marked))
                                   : std::unexpected(renamed.error()));
    }
    sync_names(disk, directory, outcomes);
    return outcomes;
}

Result<void> write_clean_shutdown(Disk& disk, const std::string& directory, BrokerEpoch epoch) {
    return replace_small_file(disk, directory, kCleanShutdownFile, format_clean_shutdown(epoch));
}

}  // namespace hw::storage
