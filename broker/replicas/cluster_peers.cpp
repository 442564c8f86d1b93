#include "broker/replicas/cluster_peers.h"

#include <functional>
#include <utility>

namespace hw::broker {

void ClusterPeers::may_fetch(const ReplicaPtr& replica, BrokerId leader) {
    const auto directory = replica->directory()->id().value();
    const std::size_t mixed = static_cast<std::size_t>(leader.value()) + directory.low;
    const ShardPlace& place = fetchers_[mixed % fetchers_.size()];
    place.shard.post(
        [&fetchers = place.fetchers, replica, leader] { fetchers.may_fetch(replica, leader); });
}

void ClusterPeers::change_isr(const ReplicaPtr& replica, replication::IsrProposal proposal) {
    control_.post([&updater = updater_, replica, proposal = std::move(proposal)]() mutable {
        updater.propose(replica, std::move(proposal));
    });
}

}  // namespace hw::broker
