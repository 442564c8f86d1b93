#pragma once

#include <string>
#include <vector>

#include "tools/client/client.h"

/// Requests to the cluster about its nodes and its metadata quorum.
namespace hw::client {

struct BrokerView {
    BrokerId id;
    config::Address address;
    std::string rack;  ///< empty: none
    bool is_fenced = false;
};

struct NodesView {
    std::string cluster_id;
    std::vector<BrokerView> brokers;  ///< sorted by id, fenced ones too
};

/// The brokers of the cluster. Errors: those of Client::call; permission.
[[nodiscard]] Result<NodesView> describe_nodes(Client& client);

/// A node that has a copy of the metadata log.
struct QuorumReplica {
    BrokerId id;
    bool is_voter = false;
    Offset end_offset = kNoOffset;  ///< of its log; -1: it has not fetched from this leader
    Timestamp last_fetch = kNoTimestamp;
    Timestamp last_caught_up = kNoTimestamp;  ///< when it last had all that the leader had
};

struct QuorumView {
    BrokerId leader = kNoBroker;
    LeaderEpoch epoch = kNoLeaderEpoch;
    Offset high_watermark = kNoOffset;
    std::vector<QuorumReplica> replicas;  ///< the leader first, then voters, then observers, by id
};

/// The metadata quorum, as its leader sees it. Errors: those of Client::call; unsupported,
/// permission, busy (no leader within the timeout).
[[nodiscard]] Result<QuorumView> describe_quorum(Client& client);

/// How long `may_be_cut_off` waits for a controller.
inline constexpr Milliseconds kControllerPatience{1000};

/// Asks whether an active controller answers the broker of this client. If none does within
/// kControllerPatience, the broker's metadata may be old: it shows brokers as alive that have died
/// since. False if the broker does not tell. After true `client` must not be used, because the
/// answer may still be on its way.
[[nodiscard]] bool may_be_cut_off(Client& client);

}  // namespace hw::client
