#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/net/exchange.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"
#include "replication/fetch/peer_client.h"

namespace hw::broker {

/// The way of the data shards to the active controller: a client's request goes there in an
/// Envelope (KIP-590), over the one channel that the control shard keeps.
///
/// Owned by the node. `forward` may be called on any shard, everything else happens on the control
/// shard; `stop` must have ended before it is destroyed.
class ControllerGateway {
public:
    ControllerGateway(Shard& control, const Clock& clock, replication::PeerClient& controller)
        : control_(control), clock_(clock), controller_(controller), tasks_(control) {}
    ControllerGateway(const ControllerGateway&) = delete;
    ControllerGateway& operator=(const ControllerGateway&) = delete;

    /// Passes the request on, and answers `exchange` on `home`, its shard, with what comes back.
    /// Without an answer in time the connection of the client ends: whether the controller acted
    /// is unknown.
    void forward(Shard& home, ExchangePtr exchange);
    [[nodiscard]] Task<> stop() { return tasks_.wait_idle(); }

private:
    /// Longer than any client waits for its answer (request.timeout.ms, 30 s by default).
    static constexpr Duration kLimit = std::chrono::seconds(30);

    struct Forwarded {
        Buffer request;
        std::string principal;
        std::string peer_host;
    };

    [[nodiscard]] Task<> pass_on(Shard& home, ExchangePtr exchange, Forwarded forwarded);

    Shard& control_;
    const Clock& clock_;
    replication::PeerClient& controller_;
    TaskGroup tasks_;
};

}  // namespace hw::broker
