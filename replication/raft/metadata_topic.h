#pragma once

#include "protocol/base/ids.h"

namespace hw::replication {

/// The quorum's log is partition 0 of this topic, under an id that it has in every cluster.
inline constexpr const char* kMetadataTopic = "__cluster_metadata";
inline constexpr PartitionIndex kMetadataPartition{0};
inline constexpr TopicId kMetadataTopicId{Uuid{0, 1}};

}  // namespace hw::replication
