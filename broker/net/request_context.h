#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// Who may be spoken to on a listener: clients and other brokers, or the controller quorum.
enum class ListenerRole : std::uint8_t { broker, controller };

/// One entry of `listeners`. Immutable while the node runs.
struct ListenerInfo {
    std::string name;  ///< for example "PLAINTEXT"
    ListenerRole role = ListenerRole::broker;
    Endpoint bound;       ///< with the port that was really taken
    Endpoint advertised;  ///< what clients are told to connect to
};

/// Who sends a request, and over what. Valid as long as the request; listeners outlive all.
struct RequestContext {
    const ListenerInfo* listener = nullptr;
    std::string_view principal = "User:ANONYMOUS";
    std::string_view client_id;
    std::shared_ptr<const Endpoint> peer;  ///< shared, because a request may outlive its connection
};

}  // namespace hw::broker
