#pragma once

#include <functional>
#include <list>
#include <string>

#include "broker/metadata/controller_locator.h"
#include "broker/metadata/forwarded_request.h"
#include "broker/net/exchange.h"
#include "broker/net/rate_limited_log.h"
#include "protocol/base/clock.h"
#include "protocol/base/entropy.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// A client's request to forward.
struct ForwardedCall {
    ExchangePtr exchange;
    Duration timeout;  ///< how long the client waits for the controller
    /// Answers the request with an error, on the shard of the exchange.
    std::move_only_function<void(const wire::Refusal&)> refuse;
};

/// Forwards clients' requests from the data shards to the active controller, in an Envelope
/// (KIP-590), over the controller channel of the control shard. ForwardedRequest decides whether a
/// request is sent again, ForwardingLimits how many may be under way.
///
/// Owned by the node. `forward` may be called on any shard; everything else runs on the control
/// shard. `stop` must have ended before it is destroyed.
class ControllerGateway {
public:
    struct Ports {
        Shard& control;
        const Clock& clock;
        Entropy& entropy;
        Logger log;
    };

    /// `locator` knows the controller at the other end of the channel `controller`.
    ControllerGateway(const Ports& ports, const ControllerLocator& locator,
                      replication::PeerClient& controller);
    ControllerGateway(const ControllerGateway&) = delete;
    ControllerGateway& operator=(const ControllerGateway&) = delete;

    /// Forwards the request of `call`, and answers it with the controller's answer or an error.
    /// `home` is the shard of its exchange. The memory for a copy of the request must be taken.
    void forward(Shard& home, ForwardedCall call);
    /// There is another active controller: what waits to be sent again is sent now.
    void on_controller_change();
    /// Sends nothing again from now on.
    void begin_stop();
    /// Calls begin_stop, and waits for the requests that are under way.
    [[nodiscard]] Task<> stop();

private:
    using Answer = Result<wire::DecodedMessage<schema::EnvelopeResponse>>;
    /// What is needed of the exchange, which stays on its own shard. The views are those of the
    /// exchange, which lives until the end.
    struct Sender {
        ByteView request;
        std::string principal;
        std::string host;
        std::string_view api;
    };

    [[nodiscard]] Task<> pass_on(Shard& home, ForwardedCall call, Sender sender);
    /// Sends the request at `when`.
    [[nodiscard]] Task<Answer> send(schema::EnvelopeRequest request, TimePoint when,
                                    TimePoint deadline);
    /// Waits until `when`, or until there is another controller.
    [[nodiscard]] Task<> pause(TimePoint when);
    [[nodiscard]] ForwardingStep next_step(ForwardedRequest& state, const Answer& answer,
                                           const Sender& sender);
    void warn(const wire::Refusal& refusal, const Sender& sender);
    void finish(Shard& home, ForwardedCall call, ForwardingStep step, Answer answer);

    Ports ports_;
    const ControllerLocator& locator_;
    replication::PeerClient& controller_;
    Random random_;
    ForwardingLimits limits_;
    RateLimitedLog warnings_;
    std::list<Signal*> pausing_;
    bool stopping_ = false;
    TaskGroup tasks_;
};

}  // namespace hw::broker
