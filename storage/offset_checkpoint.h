#pragma once

#include <map>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/topic_partition.h"

namespace hw::storage {

/// One offset per log, in a checkpoint file at the root of a data directory, in Kafka's format:
///
/// | line | meaning |
/// |---|---|
/// | 1 | `0`, the version |
/// | 2 | number of entries |
/// | then | `<topic> <partition> <offset>` |
using PartitionOffsets = std::map<TopicPartition, Offset>;

/// Recovery points: all records below are on stable storage.
inline constexpr const char* kRecoveryPointFile = "recovery-point-offset-checkpoint";
/// High watermarks.
inline constexpr const char* kHighWatermarkFile = "replication-offset-checkpoint";
/// Log start offsets that are not the start of the first segment (DeleteRecords).
inline constexpr const char* kLogStartFile = "log-start-offset-checkpoint";

/// Errors: corrupt (also for a negative number or a repeated log), with path and line.
[[nodiscard]] Result<PartitionOffsets> parse_offset_checkpoint(std::string_view text,
                                                               std::string_view path);
[[nodiscard]] std::string format_offset_checkpoint(const PartitionOffsets& offsets);

}  // namespace hw::storage
