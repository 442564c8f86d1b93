#pragma once

#include <chrono>
#include <vector>

#include "config/listeners.h"
#include "protocol/base/ids.h"

namespace hw::config {

struct Voter {
    BrokerId id;
    Address address;

    bool operator==(const Voter&) const = default;
};

/// The controllers that a node knows from its configuration.
struct QuorumConfig {
    std::vector<Voter> voters;  ///< empty when only bootstrap servers are given
    std::vector<Address> bootstrap_servers;
    /// A voter that knows no leader for this long stands for election.
    std::chrono::milliseconds election_timeout;
    /// A follower that hears nothing from its leader for this long asks for an election.
    std::chrono::milliseconds fetch_timeout;
};

/// Reads controller.quorum.voters, controller.quorum.bootstrap.servers and the timeouts. A
/// controller with neither is the only voter, at the first of `network.advertised_controllers`.
/// Each rule that `node_id` or `roles` break is an error in `problems`.
[[nodiscard]] QuorumConfig make_quorum_config(const Settings& settings, BrokerId node_id,
                                              Roles roles, const NetworkConfig& network,
                                              Problems& problems);

}  // namespace hw::config
