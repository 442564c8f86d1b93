#pragma once

#include "protocol/base/ids.h"

namespace hw::replication {

/// Topic of the metadata log, which is its partition 0. The topic id is the same in every cluster.
inline constexpr const char* kMetadataTopic = "__cluster_metadata";
inline constexpr PartitionIndex kMetadataPartition{0};
inline constexpr TopicId kMetadataTopicId{Uuid{0, 1}};

}  // namespace hw::replication
