#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "broker/api/api_services.h"
#include "broker/net/request_context.h"
#include "protocol/wire/error_code.h"
#include "protocol/wire/refusal.h"

namespace hw::broker {

/// A topic that a request names.
struct FoundTopic {
    const controller::TopicImage* image = nullptr;  ///< null when there is none
    wire::ErrorCode missing;                        ///< what its partitions are answered then
};

/// What a request wants to do with the topics it names.
struct TopicAccess {
    const RequestContext& who;
    Operation operation;
};

/// The topic; none for who may not do that with it, and then by name nobody learns whether there is
/// one. Valid until the metadata changes, as is all that is found here.
[[nodiscard]] FoundTopic find_topic(const ApiServices& services, const TopicAccess& access,
                                    std::string_view name);
[[nodiscard]] FoundTopic find_topic(const ApiServices& services, const TopicAccess& access,
                                    TopicId id);

/// The partition, if the metadata says that this broker leads it. Codes:
/// TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID,
/// NOT_LEADER_OR_FOLLOWER. A replica that was found may refuse all the same.
[[nodiscard]] std::expected<const HostedPartition*, wire::Refusal> find_partition(
    const ApiServices& services, const FoundTopic& topic, PartitionIndex index);

/// The same for reads, which a broker without a session refuses with NOT_LEADER_OR_FOLLOWER.
[[nodiscard]] std::expected<const HostedPartition*, wire::Refusal> find_readable_partition(
    const ApiServices& services, const FoundTopic& topic, PartitionIndex index);

}  // namespace hw::broker
