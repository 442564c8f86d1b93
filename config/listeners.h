#pragma once

#include <string>
#include <vector>

#include "config/address.h"
#include "config/settings.h"

namespace hw::config {

/// One entry of listeners or advertised.listeners. The name is in upper case; the host may be
/// empty in listeners only, which means every interface.
struct ListenerAddress {
    std::string name;
    Address address;

    bool operator==(const ListenerAddress&) const = default;
};

/// The parts that a process plays; at least one.
struct Roles {
    bool is_broker = false;
    bool is_controller = false;
};

/// Where a node listens and where it says it does. Every listener speaks PLAINTEXT.
struct NetworkConfig {
    std::vector<ListenerAddress> listeners;
    std::vector<ListenerAddress> advertised;              ///< for clients and brokers
    std::vector<ListenerAddress> advertised_controllers;  ///< of controller listeners
    /// The preferred one first; on a broker alone they are those of the controllers it calls.
    std::vector<std::string> controller_listener_names;
    std::string inter_broker_listener_name;  ///< of `advertised`; empty on a controller alone
};

/// Kafka's rules for the listener keys, for a node with `roles`; every broken one is an error in
/// `problems`. A listener advertised without a host takes `host_name`, and one advertised on port 0
/// waits for the port that is really bound.
[[nodiscard]] NetworkConfig make_network_config(const Settings& settings, Roles roles,
                                                const std::string& host_name, Problems& problems);

}  // namespace hw::config
