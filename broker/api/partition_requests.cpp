#include "broker/api/partition_requests.h"

#include <span>
#include <vector>

namespace hw::broker {

void AlterPartitionHandler::reply(Exchange& exchange, const schema::AlterPartitionRequest&,
                                  const controller::AlterPartitionResult& result) const {
    using Response = schema::AlterPartitionResponse;
    if (!exchange.take_work(result.partitions.size(),
                            sizeof(Response::Topic) + sizeof(Response::Partition))) {
        return;
    }
    std::vector<Response::Partition> partitions;
    partitions.reserve(result.partitions.size());
    std::vector<Response::Topic> topics;
    std::size_t first = 0;  // of the partitions of the newest topic
    for (const controller::AlteredPartition& altered : result.partitions) {
        if (topics.empty() || topics.back().topic_id != altered.key.topic) {
            topics.push_back({.topic_id = altered.key.topic});
            first = partitions.size();
        }
        const controller::PartitionImage& state = altered.state;
        partitions.push_back({.partition_index = altered.key.index,
                              .error_code = altered.error,
                              .leader_id = state.leader,
                              .leader_epoch = state.leader_epoch,
                              .isr = std::span<const BrokerId>(state.isr),
                              .leader_recovery_state = static_cast<std::int8_t>(state.recovery),
                              .partition_epoch = state.partition_epoch});
        topics.back().partitions = std::span<const Response::Partition>(partitions).subspan(first);
    }
    Response response;
    response.error_code = result.refusal.code;
    response.topics = topics;
    exchange.reply(response);
}

void AssignReplicasHandler::reply(Exchange& exchange, const schema::AssignReplicasToDirsRequest&,
                                  const controller::AssignReplicasResult& result) const {
    using Response = schema::AssignReplicasToDirsResponse;
    if (!exchange.take_work(
            result.replicas.size(),
            sizeof(Response::Directory) + sizeof(Response::Topic) + sizeof(Response::Partition))) {
        return;
    }
    std::vector<Response::Partition> partitions;
    std::vector<Response::Topic> topics;
    std::vector<Response::Directory> directories;
    partitions.reserve(result.replicas.size());
    topics.reserve(result.replicas.size());
    std::size_t first_topic = 0;      // of the newest directory
    std::size_t first_partition = 0;  // of the newest topic
    for (const controller::AssignedReplica& replica : result.replicas) {
        const bool is_other = directories.empty() || directories.back().id != replica.directory;
        if (is_other) {
            directories.push_back({.id = replica.directory});
            first_topic = topics.size();
        }
        if (is_other || topics.back().topic_id != replica.key.topic) {
            topics.push_back({.topic_id = replica.key.topic});
            first_partition = partitions.size();
        }
        partitions.push_back({.partition_index = replica.key.index, .error_code = replica.error});
        topics.back().partitions =
            std::span<const Response::Partition>(partitions).subspan(first_partition);
        directories.back().topics = std::span<const Response::Topic>(topics).subspan(first_topic);
    }
    Response response;
    response.error_code = result.refusal.code;
    response.directories = directories;
    exchange.reply(response);
}

}  // namespace hw::broker
