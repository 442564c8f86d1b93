#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "broker/net/authorizer.h"
#include "protocol/base/ids.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// The role of the node that serves a listener: the broker or the controller.
enum class ListenerRole : std::uint8_t { broker, controller };

/// One entry of `listeners`. Immutable while the node runs.
struct ListenerInfo {
    std::string name;  ///< for example "PLAINTEXT"
    ListenerRole role = ListenerRole::broker;
    Endpoint bound;       ///< with the actual port
    Endpoint advertised;  ///< the address that clients connect to
    /// True if this is inter.broker.listener.name.
    bool serves_brokers = false;
    /// True if clients have another listener, too.
    bool between_brokers = false;
};

/// The sender of a request, its listener and its permissions. Valid as long as the request.
/// Listeners and the authorizer outlive all requests.
struct RequestContext {
    const ListenerInfo* listener = nullptr;
    const Authorizer* authorizer = nullptr;
    std::string_view principal = "User:ANONYMOUS";
    std::string_view client_id;
    std::shared_ptr<const Endpoint> peer;  ///< shared, because a request may outlive its connection
    Millis throttle{0};                    ///< how long the sender is throttled after this request

    [[nodiscard]] bool allows(Operation operation, const Resource& resource) const {
        return authorizer->allows(*this, operation, resource);
    }
    [[nodiscard]] bool allows_any(Operation operation, ResourceType type) const {
        return authorizer->allows_any(*this, operation, type);
    }
};

}  // namespace hw::broker
