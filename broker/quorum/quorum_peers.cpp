#include "broker/quorum/quorum_peers.h"

#include <algorithm>
#include <utility>

namespace hw::broker {

QuorumPeers::QuorumPeers(const Ports& ports, const replication::VoterSet& voters, BrokerId self)
    : ports_(ports) {
    for (const replication::Voter& voter : voters.voters()) {
        if (voter.key.id != self) {
            peers_.emplace(voter.key.id,
                           replication::RaftPeer{.calls = &add(voter, "raft"),
                                                 .fetches = &add(voter, "raft-fetch")});
        }
    }
}

replication::PeerClient& QuorumPeers::add(const replication::Voter& voter, const char* client_id) {
    auto connect = [this, endpoint = voter.endpoint](TimePoint deadline) {
        return this->connect(endpoint, deadline);
    };
    channels_.push_back(
        std::make_unique<PeerChannel>(ports_.shard, ports_.clock, client_id, std::move(connect)));
    return *channels_.back();
}

Task<Result<std::unique_ptr<Transport>>> QuorumPeers::connect(Endpoint endpoint,
                                                              TimePoint deadline) {
    const TimePoint limit = std::min(deadline, ports_.clock.now() + kConnectLimit);
    auto connected = co_await ports_.network.connect(ports_.shard, std::move(endpoint), limit);
    co_return connected;
}

Task<> QuorumPeers::stop() {
    for (const auto& channel : channels_) {
        co_await channel->stop();
    }
}

}  // namespace hw::broker
