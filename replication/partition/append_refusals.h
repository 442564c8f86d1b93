#pragma once

#include <string_view>

#include "protocol/base/time.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/partition_leader.h"

namespace hw::replication {

/// The error for a batch that may or may not be in the log, because of `reason`.
[[nodiscard]] wire::Refusal indefinite(const wire::Refusal& reason);
/// The same, because the ISR became smaller than min.insync.replicas.
[[nodiscard]] wire::Refusal too_few_after_append(const PartitionLeader& leader);
/// The leader is cut off, and another one may lead. `after` completes the sentence.
[[nodiscard]] wire::Refusal refused_as_perhaps_replaced(const PartitionLeader& leader,
                                                        std::string_view after = "");
/// What a producer is told of a batch that the log refused to stage. One that believes
/// OUT_OF_ORDER_SEQUENCE_NUMBER gives up. But the batches that are missing here can be in the log
/// of a leader that this broker does not know yet, or be on their way again after the leader before
/// has refused them.
[[nodiscard]] wire::Refusal report_unstaged(const PartitionLeader& leader,
                                            const wire::Refusal& refusal, TimePoint now);

}  // namespace hw::replication
