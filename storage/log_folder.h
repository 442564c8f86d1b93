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

/// What a folder at the root of a data directory is, by its name:
///
/// | name | kind |
/// |---|---|
/// | `<topic>-<partition>` | log |
/// | `<topic>-<partition>.<uuid, 32 hex digits>-delete` | deleting: removed when there is time |
/// | `...-future` | moving here from another directory |
/// | `...-stray` | set aside by Kafka |
enum class FolderKind : std::uint8_t { log, deleting, future, stray, unknown };

struct FolderName {
    FolderKind kind = FolderKind::unknown;
    TopicPartition log;  ///< empty when unknown
};

[[nodiscard]] FolderName parse_folder_name(std::string_view name);
[[nodiscard]] std::string folder_name(const TopicPartition& log);
/// The name of its folder while it is deleted; the topic is cut so that the name stays within 255
/// bytes.
[[nodiscard]] std::string deleting_folder_name(const TopicPartition& log, const Uuid& uuid);

/// Which topic a log belongs to, whatever its name: text of two lines, `version: 0` and
/// `topic_id: <uuid>`.
inline constexpr const char* kPartitionMetadataFile = "partition.metadata";
/// Errors: corrupt, with path and line.
[[nodiscard]] Result<TopicId> parse_partition_metadata(std::string_view text,
                                                       std::string_view path);
[[nodiscard]] std::string format_partition_metadata(TopicId topic_id);

/// Files in a log's folder: 20 digits (an offset) and a suffix.
inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kTxnIndexSuffix = ".txnindex";
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
inline constexpr std::string_view kDeletedSuffix = ".deleted";
inline constexpr std::string_view kCleanedSuffix = ".cleaned";
inline constexpr std::string_view kSwapSuffix = ".swap";
inline constexpr std::string_view kDraftSuffix = ".tmp";

[[nodiscard]] std::string file_name(Offset offset, std::string_view suffix);
/// The offset in the name of a file that has this suffix and nothing else after the digits.
[[nodiscard]] std::optional<Offset> parse_file_name(std::string_view name, std::string_view suffix);

}  // namespace hw::storage
