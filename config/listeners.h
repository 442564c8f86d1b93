#pragma once

#include <cstdint>
#include <map>
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

/// The protection of a listener. The numbers are those in registrations of nodes.
enum class SecurityProtocol : std::int16_t {
    plaintext = 0,
    ssl = 1,
    sasl_plaintext = 2,
    sasl_ssl = 3,
};

/// The roles of a node; at least one.
struct Roles {
    bool is_broker = false;
    bool is_controller = false;
};

/// The addresses that a node listens on and those that it advertises.
struct NetworkConfig {
    std::vector<ListenerAddress> listeners;
    std::vector<ListenerAddress> advertised;              ///< for clients and brokers
    std::vector<ListenerAddress> advertised_controllers;  ///< controller listeners
    /// The preferred one first. On a node that is only a broker: the listeners that it connects to.
    std::vector<std::string> controller_listener_names;
    std::string inter_broker_listener_name;  ///< in `advertised`; empty without the broker role
    /// By the name of each listener, also of those in controller_listener_names. So far only
    /// PLAINTEXT is accepted.
    std::map<std::string, SecurityProtocol> protocols;
};

/// Reads the listener keys of a node with `roles`. Each violation of Kafka's rules for them is an
/// error in `problems`. A listener advertised without a host gets `host_name`; an advertised port 0
/// stands for the port that will be bound.
[[nodiscard]] NetworkConfig make_network_config(const Settings& settings, Roles roles,
                                                const std::string& host_name, Problems& problems);

}  // namespace hw::config
