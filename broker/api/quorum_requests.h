#pragma once

#include <string>

#include "broker/net/dispatcher.h"
#include "protocol/base/clock.h"
#include "protocol/schema/api/begin_quorum_epoch.h"
#include "protocol/schema/api/describe_quorum.h"
#include "protocol/schema/api/end_quorum_epoch.h"
#include "protocol/schema/api/vote.h"
#include "replication/raft/raft_node.h"

namespace hw::broker {

/// Base of the handlers of requests between voters of the metadata quorum. Errors for the whole
/// request: CLUSTER_AUTHORIZATION_FAILED, INCONSISTENT_CLUSTER_ID, INVALID_REQUEST; for the
/// partition: INVALID_VOTER_KEY (the request is meant for another voter), and those of RaftCore.
/// Used on the control shard.
template <class Request>
class QuorumRequestHandler : public MessageHandler<Request> {
public:
    QuorumRequestHandler(replication::RaftNode& raft, std::string cluster_id)
        : raft_(raft), cluster_id_(std::move(cluster_id)) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const Request& request) override;

private:
    replication::RaftNode& raft_;
    std::string cluster_id_;
};

extern template class QuorumRequestHandler<schema::VoteRequest>;
extern template class QuorumRequestHandler<schema::BeginQuorumEpochRequest>;
extern template class QuorumRequestHandler<schema::EndQuorumEpochRequest>;

using VoteHandler = QuorumRequestHandler<schema::VoteRequest>;
using BeginQuorumEpochHandler = QuorumRequestHandler<schema::BeginQuorumEpochRequest>;
using EndQuorumEpochHandler = QuorumRequestHandler<schema::EndQuorumEpochRequest>;

/// Handles DescribeQuorum on a controller's listener; only the leader knows the progress of the
/// replicas (KIP-595, KIP-836, KIP-853). Used on the control shard.
class DescribeQuorumHandler final : public MessageHandler<schema::DescribeQuorumRequest> {
public:
    DescribeQuorumHandler(const replication::RaftNode& raft, const Clock& clock,
                          std::string listener)
        : raft_(raft), clock_(clock), listener_(std::move(listener)) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DescribeQuorumRequest& request) override;

private:
    using Response = schema::DescribeQuorumResponse;

    [[nodiscard]] Response::Replica describe(BrokerId id,
                                             const replication::ReplicaProgress& progress) const;
    [[nodiscard]] Timestamp wall_time(TimePoint when) const;

    const replication::RaftNode& raft_;
    const Clock& clock_;
    std::string listener_;  ///< name of the voters' listeners
};

}  // namespace hw::broker
