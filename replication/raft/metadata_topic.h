#pragma once

#include "protocol/base/ids.h"

namespace hw::replication {

/// Topic of the metadata log; the log is partition 0 of it. The topic id is the same in every
/// cluster.
inline constexpr const char* kMetadataTopic = "__cluster_metadata";
inline constexpr PartitionIndex kMetadataPartition{0};
inline constexpr TopicId kMetadataTopicId{Uuid{0, 1}};

/// Whether a request with topics by name names the metadata log and nothing else.
template <class Request>
[[nodiscard]] bool names_only_metadata_log(const Request& request) {
    return request.topics.size() == 1 && request.topics[0].topic_name == kMetadataTopic &&
           request.topics[0].partitions.size() == 1 &&
           request.topics[0].partitions[0].partition_index == kMetadataPartition;
}

}  // namespace hw::replication
