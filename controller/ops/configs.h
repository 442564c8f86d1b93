#pragma once

#include "controller/ops/operation.h"
#include "protocol/schema/api/incremental_alter_configs.h"

namespace hw::controller {

/// Changes configs of topics and groups one by one (KIP-339): SET, DELETE, and for lists APPEND and
/// SUBTRACT, which start from the resource's own value, else from the key's default. All changes of
/// a resource are made or none; each resource succeeds or fails by itself. With validate_only
/// everything is checked, but nothing is changed. A group need not exist. When
/// unclean.leader.election.enable becomes true, the topic's partitions without a leader get one at
/// once.
///
/// Errors of a resource: INVALID_REQUEST (named twice, neither a topic nor a group, a group without
/// a name, a key twice, no value, an unknown operation), UNKNOWN_TOPIC_OR_PARTITION,
/// INVALID_CONFIG, POLICY_VIOLATION (more records than fit into one batch of the log).
[[nodiscard]] Outcome<AlterConfigsResult> alter_configs(
    const schema::IncrementalAlterConfigsRequest& request, const OperationContext& context);

}  // namespace hw::controller
