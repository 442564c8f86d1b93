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

}  // namespace hw::broker
