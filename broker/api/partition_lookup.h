#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string_view>

#include "broker/api/api_services.h"
#include "broker/net/request_context.h"
#include "protocol/wire/error_code.h"
#include "protocol/wire/refusal.h"

namespace hw::broker {

/// Number of the partitions that a request names, in all its topics.
[[nodiscard]] std::size_t partitions_of(const auto& request) {
    std::size_t partitions = 0;
    for (const auto& topic : request.topics) {
        partitions += topic.partitions.size();
    }
    return partitions;
}

/// The result of a topic lookup.
struct FoundTopic {
    const controller::TopicImage* image = nullptr;  ///< null when there is none
    wire::ErrorCode missing;                        ///< the error of its partitions then
};

/// The sender of a request, and the operation that it needs on its topics.
struct TopicAccess {
    const RequestContext& who;
    Operation operation;
};

/// Looks up a topic. A caller without the permission gets none, and a lookup by name does not
/// reveal to it whether the topic exists. Like all results here, valid until the metadata changes.
[[nodiscard]] FoundTopic find_topic(const ApiServices& services, const TopicAccess& access,
                                    std::string_view name);
[[nodiscard]] FoundTopic find_topic(const ApiServices& services, const TopicAccess& access,
                                    TopicId id);

/// The partition, if the metadata says that this broker leads it. Codes:
/// TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID,
/// NOT_LEADER_OR_FOLLOWER. The replica may still refuse the request.
[[nodiscard]] std::expected<const HostedPartition*, wire::Refusal> find_partition(
    const ApiServices& services, const FoundTopic& topic, PartitionIndex index);
/// The same, also if this broker follows.
[[nodiscard]] std::expected<const HostedPartition*, wire::Refusal> find_replica(
    const ApiServices& services, const FoundTopic& topic, PartitionIndex index);

}  // namespace hw::broker
