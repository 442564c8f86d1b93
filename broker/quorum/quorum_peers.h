#pragma once

#include <map>
#include <memory>
#include <vector>

#include "broker/net/peer_channel.h"
#include "protocol/base/clock.h"
#include "protocol/base/network.h"
#include "protocol/base/shard.h"
#include "replication/raft/raft_node.h"

namespace hw::broker {

/// The connections of a voter to the other voters of the metadata quorum.
///
/// Lives on the control shard; owned by the controller server. `stop` must have ended before it is
/// destroyed.
class QuorumPeers {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Network& network;
    };

    QuorumPeers(const Ports& ports, const replication::VoterSet& voters, BrokerId self);
    QuorumPeers(const QuorumPeers&) = delete;
    QuorumPeers& operator=(const QuorumPeers&) = delete;

    [[nodiscard]] const std::map<BrokerId, replication::RaftPeer>& peers() const { return peers_; }
    /// Closes the connections; calls that wait fail.
    [[nodiscard]] Task<> stop();

private:
    /// Limit of one attempt to connect, so that a machine that is off does not delay a stop.
    static constexpr Duration kConnectLimit = std::chrono::seconds(1);

    [[nodiscard]] replication::PeerClient& add(const replication::Voter& voter,
                                               const char* client_id);
    [[nodiscard]] Task<Result<std::unique_ptr<Transport>>> connect(Endpoint endpoint,
                                                                   TimePoint deadline);

    Ports ports_;
    std::vector<std::unique_ptr<PeerChannel>> channels_;
    std::map<BrokerId, replication::RaftPeer> peers_;
};

}  // namespace hw::broker
