#include <algorithm>
#include <vector>

#include "controller/ops/election.h"
#include "controller/ops/partitions.h"

namespace hw::controller {
namespace {

using wire::ErrorCode;

std::vector<AssignedReplica> named_replicas(const schema::AssignReplicasToDirsRequest& request) {
    std::vector<AssignedReplica> replicas;
    for (const auto& directory : request.directories) {
        for (const auto& topic : directory.topics) {
            for (const auto& partition : topic.partitions) {
                replicas.push_back({directory.id, {topic.topic_id, partition.partition_index}});
            }
        }
    }
    return replicas;
}

ErrorCode check(PartitionKey key, BrokerId broker, const OperationContext& context) {
    if (context.image.find_topic(key.topic) == nullptr) {
        return ErrorCode::unknown_topic_id;
    }
    const PartitionImage* partition = context.image.topic_table().find(key);
    if (partition == nullptr) {
        return ErrorCode::unknown_topic_or_partition;
    }
    const bool has_replica =
        std::ranges::find(partition->replicas, broker) != partition->replicas.end();
    return has_replica ? ErrorCode::none : ErrorCode::not_leader_or_follower;
}

}  // namespace

Outcome<AssignReplicasResult> assign_replicas(const schema::AssignReplicasToDirsRequest& request,
                                              const OperationContext& context) {
    Outcome<AssignReplicasResult> outcome;
    if (!context.version().has_directories()) {
        outcome.response.refusal =
            refuse(ErrorCode::unsupported_version,
                   "replicas are assigned to directories from metadata.version 17 on; this cluster "
                   "is at {}",
                   context.version().level())
                .error();
        return outcome;
    }
    const auto sender = check_broker_epoch(context.image, request.broker_id, request.broker_epoch);
    if (!sender) {
        outcome.response.refusal = sender.error();
        return outcome;
    }
    const BrokersDuringElection brokers = context.brokers();
    PartitionChanges changes(brokers, outcome.records);
    outcome.response.replicas = named_replicas(request);
    for (AssignedReplica& replica : outcome.response.replicas) {
        replica.error = check(replica.key, request.broker_id, context);
        if (replica.error == ErrorCode::none) {
            changes.apply(replica.key, changes.change(replica.key)
                                           .set_directory(request.broker_id, replica.directory)
                                           .elect(election_of(brokers, replica.key.topic)));
        }
    }
    return outcome;
}

}  // namespace hw::controller
