#include "broker/configured_controllers.h"

#include <algorithm>
#include <string>

namespace hw::broker {
namespace {

/// Whether `server` is a controller listener of this node: its port, and a host that it listens on
/// or advertises, or loopback.
bool is_own_controller(const config::NetworkConfig& own, const config::Address& server) {
    const auto is_it = [&server](const config::ListenerAddress& listener) {
        const std::string& host = server.host;
        return listener.address.port == server.port &&
               (listener.address.host == host || host == "localhost" || host == "::1" ||
                host.starts_with("127."));
    };
    const auto is_listening = [&](const config::ListenerAddress& listener) {
        return std::ranges::count(own.controller_listener_names, listener.name) > 0 &&
               is_it(listener);
    };
    return std::ranges::any_of(own.advertised_controllers, is_it) ||
           std::ranges::any_of(own.listeners, is_listening);
}

}  // namespace

std::vector<ControllerAddress> configured_controllers(const config::BrokerConfig& config) {
    std::vector<ControllerAddress> controllers;
    for (const config::Voter& voter : config.quorum.voters) {
        controllers.push_back({voter.id, {voter.address.host, voter.address.port}});
    }
    if (!controllers.empty()) {
        return controllers;
    }
    for (const config::Address& server : config.quorum.bootstrap_servers) {
        const bool is_own = is_own_controller(config.network, server);
        controllers.push_back({is_own ? config.node.id : kNoBroker, {server.host, server.port}});
    }
    return controllers;
}

Result<std::vector<BrokerId>> static_voters(const config::BrokerConfig& config) {
    std::vector<BrokerId> voters;
    for (const ControllerAddress& controller : configured_controllers(config)) {
        if (controller.id == kNoBroker) {
            return fail(ErrorKind::invalid,
                        "controller.quorum.bootstrap.servers names {}, which is not a controller "
                        "listener of this node. A controller needs the ids of all controllers: set "
                        "controller.quorum.voters, for example to 1@host-1:9093,2@host-2:9093",
                        to_string(controller.endpoint));
        }
        voters.push_back(controller.id);
    }
    return voters;
}

}  // namespace hw::broker
