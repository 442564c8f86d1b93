#pragma once

#include "controller/operation.h"
#include "protocol/schema/api/delete_topics.h"

namespace hw::controller {

/// Deletes topics by name or by id (KIP-516). A topic that is named twice, in whatever way, stays.
/// Errors of a topic: INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID,
/// POLICY_VIOLATION (more topics than one batch of the log holds).
[[nodiscard]] Outcome<DeleteTopicsResult> delete_topics(const schema::DeleteTopicsRequest& request,
                                                        const OperationContext& context);

}  // namespace hw::controller
