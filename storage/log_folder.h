#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "storage/topic_partition.h"

namespace hw::storage {

/// Kind of a folder at the root of a data directory, known by its name:
///
/// | name | kind |
/// |---|---|
/// | `<topic>-<partition>` | log |
/// | `<topic>-<partition>.<uuid, 32 hex digits>-delete` | deleting: marked for deletion |
/// | `...-future` | future: being moved here from another directory |
/// | `...-stray` | stray: set aside, because the metadata do not place it on this broker |
enum class FolderKind : std::uint8_t { log, deleting, future, stray, unknown };

struct FolderName {
    FolderKind kind = FolderKind::unknown;
    TopicPartition log;  ///< empty when unknown
};

[[nodiscard]] FolderName parse_folder_name(std::string_view name);
[[nodiscard]] std::string folder_name(const TopicPartition& log);
/// The folder name of a log that is marked as `deleting` or `stray`; cut so that it stays within
/// 255 bytes.
[[nodiscard]] std::string marked_folder_name(const TopicPartition& log, const Uuid& uuid,
                                             FolderKind kind);

/// The file with the topic id of a log: two lines, `version: 0` and `topic_id: <uuid>`. The id
/// distinguishes topics that had the same name one after the other.
inline constexpr const char* kPartitionMetadataFile = "partition.metadata";
/// Errors: corrupt, with path and line.
[[nodiscard]] Result<TopicId> parse_partition_metadata(std::string_view text,
                                                       std::string_view path);
[[nodiscard]] std::string format_partition_metadata(TopicId topic_id);

/// Suffixes of the files in a log's folder, whose names are an offset of 20 digits and a suffix.
inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kTxnIndexSuffix = ".txnindex";
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
/// Of a snapshot of the metadata log, after its end offset and epoch.
inline constexpr std::string_view kCheckpointSuffix = ".checkpoint";
inline constexpr std::string_view kDeletedSuffix = ".deleted";
inline constexpr std::string_view kCleanedSuffix = ".cleaned";
inline constexpr std::string_view kSwapSuffix = ".swap";
inline constexpr std::string_view kDraftSuffix = ".tmp";

[[nodiscard]] std::string file_name(Offset offset, std::string_view suffix);
/// The offset in a file name of 20 digits and exactly this suffix; none for any other name.
[[nodiscard]] std::optional<Offset> parse_file_name(std::string_view name, std::string_view suffix);

}  // namespace hw::storage
