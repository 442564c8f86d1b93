#include "tools/client/cluster_admin.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "protocol/schema/api/describe_cluster.h"
#include "protocol/schema/api/describe_quorum.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

using schema::DescribeClusterRequest;
using schema::DescribeClusterResponse;
using schema::DescribeQuorumRequest;
using schema::DescribeQuorumResponse;

constexpr const char* kMetadataTopic = "__cluster_metadata";

QuorumReplica view_of(const DescribeQuorumResponse::Replica& replica, bool is_voter) {
    return {.id = replica.replica_id,
            .is_voter = is_voter,
            .end_offset = replica.log_end_offset,
            .last_fetch = replica.last_fetch_timestamp,
            .last_caught_up = replica.last_caught_up_timestamp};
}

QuorumView view_of(const DescribeQuorumResponse::Partition& partition) {
    QuorumView view{.leader = partition.leader_id,
                    .epoch = partition.leader_epoch,
                    .high_watermark = partition.high_watermark,
                    .replicas = {}};
    for (const auto& replica : partition.current_voters) {
        view.replicas.push_back(view_of(replica, true));
    }
    for (const auto& replica : partition.observers) {
        view.replicas.push_back(view_of(replica, false));
    }
    std::ranges::sort(view.replicas, {}, [&](const QuorumReplica& replica) {
        return std::tuple(replica.id != view.leader, !replica.is_voter, replica.id);
    });
    return view;
}

Result<QuorumView> try_describe_quorum(Client& client, const Deadline& deadline) {
    const std::array partitions{
        DescribeQuorumRequest::Partition{.partition_index = PartitionIndex(0)}};
    const std::array topics{
        DescribeQuorumRequest::Topic{.topic_name = kMetadataTopic, .partitions = partitions}};
    const DescribeQuorumRequest request{.topics = topics};
    HW_TRY(answer, client.call<DescribeQuorumResponse>(request, deadline));
    if (answer->error_code != wire::ErrorCode::none) {
        return std::unexpected(
            error_of(answer->error_code, "the metadata quorum", answer->error_message));
    }
    if (answer->topics.size() != 1 || answer->topics[0].partitions.size() != 1) {
        return fail(ErrorKind::corrupt, "the answer does not describe the metadata quorum");
    }
    const auto& partition = answer->topics[0].partitions[0];
    if (partition.error_code != wire::ErrorCode::none) {
        return std::unexpected(
            error_of(partition.error_code, "the metadata quorum", partition.error_message));
    }
    return view_of(partition);
}

}  // namespace

Result<NodesView> describe_nodes(Client& client) {
    const DescribeClusterRequest request{.include_fenced_brokers = true};
    HW_TRY(answer, client.call<DescribeClusterResponse>(request, Retry::any));
    if (answer->error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of(answer->error_code, "the cluster", answer->error_message));
    }
    NodesView view{.cluster_id = std::string(answer->cluster_id), .brokers = {}};
    for (const auto& broker : answer->brokers) {
        view.brokers.push_back(
            {.id = broker.broker_id,
             .address = {std::string(broker.host), static_cast<std::uint16_t>(broker.port)},
             .rack = std::string(broker.rack),
             .is_fenced = broker.is_fenced});
    }
    std::ranges::sort(view.brokers, {}, &BrokerView::id);
    return view;
}

Result<QuorumView> describe_quorum(Client& client) {
    return client.retried(Retry::any, [&](const Deadline& deadline) {
        return try_describe_quorum(client, deadline);
    });
}

bool may_be_cut_off(Client& client) {
    const Deadline deadline(std::min(client.timeout(), kControllerPatience));
    const auto quorum = try_describe_quorum(client, deadline);
    if (quorum) {
        return false;
    }
    const ErrorKind kind = quorum.error().kind;
    return kind == ErrorKind::timed_out || Client::may_be_temporary(quorum.error());
}

}  // namespace hw::client
