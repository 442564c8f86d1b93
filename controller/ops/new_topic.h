#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/operation.h"
#include "protocol/schema/api/create_topics.h"

namespace hw::controller {

/// The replicas of each partition of a new topic; of every partition equally many.
using Replicas = std::vector<std::vector<BrokerId>>;

/// Configs as a request sets them, in its order; of a name that comes twice, the last value.
using RequestedConfigs = std::vector<std::pair<std::string, std::string>>;

/// Errors: INVALID_TOPIC_EXCEPTION (a bad name, or one that collides), TOPIC_ALREADY_EXISTS,
/// INVALID_REQUEST (the metadata log).
[[nodiscard]] Checked<void> check_new_name(std::string_view name, const TopicTable& topics);

/// Errors: INVALID_CONFIG.
[[nodiscard]] Checked<RequestedConfigs> check_configs(
    const schema::CreateTopicsRequest::Topic& topic, const TopicConfigs& configs);

/// From the assignments of the request, or by placement. `most_partitions` bounds the work.
/// Errors: INVALID_REQUEST, INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR,
/// INVALID_REPLICA_ASSIGNMENT, POLICY_VIOLATION.
[[nodiscard]] Checked<Replicas> choose_replicas(const schema::CreateTopicsRequest::Topic& topic,
                                                const OperationContext& context,
                                                std::size_t most_partitions);

}  // namespace hw::controller
