#pragma once

#include "controller/ops/operation.h"
#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/delete_topics.h"

namespace hw::controller {

/// Creates topics; each one succeeds or fails by itself. The records of a topic are its
/// TopicRecord, its ConfigRecords, then its PartitionRecords. With validate_only everything is
/// checked and answered the same way, but nothing is created.
///
/// Errors of a topic: INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS, INVALID_REQUEST (named twice,
/// the metadata log, counts together with assignments), INVALID_CONFIG, INVALID_PARTITIONS,
/// INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT, POLICY_VIOLATION (more records than fit
/// into one batch of the log).
[[nodiscard]] Outcome<CreateTopicsResult> create_topics(const schema::CreateTopicsRequest& request,
                                                        const OperationContext& context);

/// Deletes topics by name or by id (KIP-516). A topic that is given twice, by name or by id, is not
/// deleted. Errors of a topic: INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID,
/// POLICY_VIOLATION (more topics than fit into one batch of the log).
[[nodiscard]] Outcome<DeleteTopicsResult> delete_topics(const schema::DeleteTopicsRequest& request,
                                                        const OperationContext& context);

}  // namespace hw::controller
