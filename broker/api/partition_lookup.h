#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "broker/api/api_services.h"
#include "protocol/wire/error_code.h"
#include "replication/partition/partition_error.h"

namespace hw::broker {

/// A topic that a request names.
struct FoundTopic {
    const controller::TopicImage* image = nullptr;  ///< null when there is none
    wire::ErrorCode missing;                        ///< what its partitions are answered then
};

/// Valid until the metadata changes, as is all that is found here.
[[nodiscard]] FoundTopic find_topic(const ApiServices& services, std::string_view name);
[[nodiscard]] FoundTopic find_topic(const ApiServices& services, TopicId id);

/// The partition, if the metadata says that this broker leads it. Codes:
/// UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, NOT_LEADER_OR_FOLLOWER. A replica that was found
/// may refuse all the same.
[[nodiscard]] std::expected<const HostedPartition*, replication::PartitionError> find_partition(
    const ApiServices& services, const FoundTopic& topic, PartitionIndex index);

/// The same for reads, which a broker without a session refuses with NOT_LEADER_OR_FOLLOWER.
[[nodiscard]] std::expected<const HostedPartition*, replication::PartitionError>
find_readable_partition(const ApiServices& services, const FoundTopic& topic, PartitionIndex index);

}  // namespace hw::broker
