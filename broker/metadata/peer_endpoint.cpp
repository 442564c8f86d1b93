#include "broker/metadata/peer_endpoint.h"

#include <ranges>
#include <span>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hw::broker {
namespace {

/// What a peer is, and the key with which this node chooses a listener of it.
struct Peer {
    std::string_view role;
    BrokerId id;
    std::string_view key;
};

Result<Endpoint> choose(const controller::NodeEndpoints& endpoints,
                        std::span<const std::string> names, const Peer& peer) {
    for (const std::string& name : names) {
        const auto found = endpoints.find(name);
        if (found == endpoints.end()) {
            continue;
        }
        if (found->second.security_protocol != 0) {
            return fail(ErrorKind::unsupported,
                        "listener {} of {} {} is not PLAINTEXT (its security protocol is {}), and "
                        "this version has no encryption or authentication",
                        name, peer.role, peer.id, found->second.security_protocol);
        }
        return found->second.address;
    }
    return fail(ErrorKind::not_found,
                "{} {} has no listener {} (its listeners: {}): {} of this node must name a "
                "listener that the other nodes have",
                peer.role, peer.id, fmt::join(names, " or "),
                endpoints.empty() ? "none"
                                  : fmt::format("{}", fmt::join(std::views::keys(endpoints), ", ")),
                peer.key);
}

}  // namespace

Result<Endpoint> broker_endpoint(const controller::MetadataImage& image, BrokerId id,
                                 const std::string& name) {
    const controller::BrokerImage* broker = image.find_broker(id);
    if (broker == nullptr) {
        return fail(ErrorKind::not_found, "broker {} is not registered", id);
    }
    return choose(broker->endpoints, {&name, 1}, {"broker", id, "inter.broker.listener.name"});
}

Result<Endpoint> controller_endpoint(const controller::MetadataImage& image, BrokerId id,
                                     const std::vector<std::string>& names) {
    const controller::ControllerImage* controller = image.controllers().find(id);
    if (controller == nullptr) {
        return fail(ErrorKind::not_found, "controller {} is not registered", id);
    }
    return choose(controller->endpoints, names, {"controller", id, "controller.listener.names"});
}

}  // namespace hw::broker
