#pragma once

#include "protocol/base/ids.h"

namespace hw::replication {

/// Topic of the metadata log; the log is partition 0 of it. The topic id is the same in every
/// cluster.
inline constexpr const char* kMetadataTopic = "__cluster_metadata";
inline constexpr PartitionIndex kMetadataPartition{0};
inline constexpr TopicId kMetadataTopicId{Uuid{0, 1}};

}  // namespace hw::replication
