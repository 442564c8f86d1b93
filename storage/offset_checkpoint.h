#pragma once

#include <map>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/topic_partition.h"

namespace hw::storage {

/// One offset a log, in a file at the root of a data directory. The text of Kafka:
///
/// | line | meaning |
/// |---|---|
/// | 1 | `0`, the version |
/// | 2 | number of entries |
/// | then | `<topic> <partition> <offset>` |
using PartitionOffsets = std::map<TopicPartition, Offset>;

/// Everything below is on stable storage.
inline constexpr const char* kRecoveryPointFile = "recovery-point-offset-checkpoint";
/// High watermarks.
inline constexpr const char* kHighWatermarkFile = "replication-offset-checkpoint";
/// Where a log starts, if not with its first segment (DeleteRecords).
inline constexpr const char* kLogStartFile = "log-start-offset-checkpoint";

/// Errors: corrupt (also a negative number, a log named twice), with path and line.
[[nodiscard]] Result<PartitionOffsets> parse_offset_checkpoint(std::string_view text,
                                                               std::string_view path);
[[nodiscard]] std::string format_offset_checkpoint(const PartitionOffsets& offsets);

}  // namespace hw::storage
