#pragma once

#include <cstddef>

#include "controller/ops/operation.h"
#include "protocol/schema/api/alter_partition.h"
#include "protocol/schema/api/assign_replicas_to_dirs.h"
#include "protocol/schema/api/elect_leaders.h"

/// Changes of single partitions that brokers and operators ask for.
namespace hw::controller {

/// Changes the ISRs of partitions for their leader (KIP-497). Each partition changes only if the
/// request was made from its present state: the leader epoch and the partition epoch have to match.
/// The answer for a partition has its state after the change.
///
/// Errors: STALE_BROKER_EPOCH, for the request. For a partition UNKNOWN_TOPIC_ID,
/// UNKNOWN_TOPIC_OR_PARTITION; NOT_CONTROLLER (an epoch is newer than here, so this controller is
/// behind); FENCED_LEADER_EPOCH and INVALID_UPDATE_VERSION (an older leader or partition epoch);
/// INVALID_REQUEST (the broker does not lead, or the state asked for is not possible);
/// INELIGIBLE_REPLICA (a member of the new ISR is fenced, stopping or restarted since, or its
/// directory is not online; KIP-841, KIP-903).
[[nodiscard]] Outcome<AlterPartitionResult> alter_partition(
    const schema::AlterPartitionRequest& request, const OperationContext& context);

/// Records in which of its directories a broker has its replicas (KIP-858). A replica in a
/// directory that is not online, such as kLostDirectory, leaves the ISR and does not lead. The only
/// member of an ISR stays in it, and leads again when it is assigned to a directory that is online.
///
/// Errors: UNSUPPORTED_VERSION, STALE_BROKER_EPOCH, for the request. For a partition
/// UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER (the broker has no replica
/// of it).
[[nodiscard]] Outcome<AssignReplicasResult> assign_replicas(
    const schema::AssignReplicasToDirsRequest& request, const OperationContext& context);

/// The most elections of one request that names no partitions.
inline constexpr std::size_t kMaxElections = 10'000;

/// Elects the preferred leaders of partitions, or uncleanly leaders from any replica where there is
/// none (KIP-460). Without named partitions it elects for those that need it, at most
/// kMaxElections, and answers only for these.
///
/// Errors: INVALID_REQUEST (the type), for the request. For a partition UNKNOWN_TOPIC_OR_PARTITION;
/// ELECTION_NOT_NEEDED (the preferred leader leads, or for an unclean election any leader);
/// PREFERRED_LEADER_NOT_AVAILABLE; ELIGIBLE_LEADERS_NOT_AVAILABLE (nobody can lead).
[[nodiscard]] Outcome<ElectLeadersResult> elect_leaders(const schema::ElectLeadersRequest& request,
                                                        const OperationContext& context);

/// The records that give partitions back to their preferred leaders, where these are in sync: at
/// most `limit`.
[[nodiscard]] RecordBatch preferred_elections(const OperationContext& context, std::size_t limit);

}  // namespace hw::controller
