#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/net/exchange.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"
#include "replication/fetch/peer_client.h"

namespace hw::broker {

/// Forwards clients' requests from the data shards to the active controller, in an Envelope
/// (KIP-590), over the controller channel of the control shard.
///
/// Owned by the node. `forward` may be called on any shard; everything else runs on the control
/// shard. `stop` must have ended before it is destroyed.
class ControllerGateway {
public:
    ControllerGateway(Shard& control, const Clock& clock, replication::PeerClient& controller)
        : control_(control), clock_(clock), controller_(controller), tasks_(control) {}
    ControllerGateway(const ControllerGateway&) = delete;
    ControllerGateway& operator=(const ControllerGateway&) = delete;

    /// Forwards the request of `exchange`, and answers it with the controller's answer. `home` is
    /// the shard of the exchange. If no answer comes in time, or the controller refuses the
    /// Envelope, the client's connection is closed, because it is unknown whether the controller
    /// has acted.
    void forward(Shard& home, ExchangePtr exchange);
    [[nodiscard]] Task<> stop() { return tasks_.wait_idle(); }

private:
    /// Longest wait for the controller's answer: as long as a client waits by default
    /// (request.timeout.ms).
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
