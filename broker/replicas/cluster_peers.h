#pragma once

#include <memory>
#include <vector>

#include "broker/replicas/isr_updater.h"
#include "broker/replicas/replica_peers.h"
#include "broker/replicas/shard_fetchers.h"

namespace hw::broker {

/// Passes what replicas want of other nodes to the fetchers and to the ISR updater, on their
/// shards. The replicas that follow one leader in one directory share a fetcher.
///
/// Any shard; owned by the node, outlives the replicas.
class ClusterPeers final : public ReplicaPeers {
public:
    struct ShardPlace {
        Shard& shard;
        ShardFetchers& fetchers;
    };

    /// `fetchers` of at least one data shard.
    ClusterPeers(std::vector<ShardPlace> fetchers, Shard& control, IsrUpdater& updater)
        : fetchers_(std::move(fetchers)), control_(control), updater_(updater) {}
    ClusterPeers(const ClusterPeers&) = delete;
    ClusterPeers& operator=(const ClusterPeers&) = delete;

    void may_fetch(const ReplicaPtr& replica, BrokerId leader) override;
    void change_isr(const ReplicaPtr& replica, replication::IsrProposal proposal) override;

private:
    std::vector<ShardPlace> fetchers_;
    Shard& control_;
    IsrUpdater& updater_;
};

}  // namespace hw::broker
