#pragma once

#include <memory>

#include "protocol/base/ids.h"
#include "replication/partition/isr_proposal.h"

namespace hw::broker {

class HostedReplica;

/// Port: what the replicas of this broker want of other nodes. The functions are called inside the
/// guard of the replica, on any shard, and return at once.
class ReplicaPeers {
public:
    virtual ~ReplicaPeers() = default;

    /// The replica follows `leader`, and may fetch from it: PartitionReplica::next_fetch.
    virtual void may_fetch(const std::shared_ptr<HostedReplica>& replica, BrokerId leader) = 0;
    /// Sends the proposal to the controller; PartitionReplica::on_isr_answer gets the outcome.
    virtual void change_isr(const std::shared_ptr<HostedReplica>& replica,
                            replication::IsrProposal proposal) = 0;
};

}  // namespace hw::broker
