#pragma once

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "broker/metadata/controller_locator.h"
#include "broker/net/peer_channel.h"
#include "protocol/base/clock.h"
#include "protocol/base/network.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Connects the channels of a node to controllers: over the network, or inside the process when the
/// node is that controller.
///
/// Lives on the control shard; owned by the node, destroyed after its channels.
class ControllerConnector {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Network& network;
    };
    /// Connects to the controller of this node, inside the process.
    using ConnectOwn = std::function<Result<std::unique_ptr<Transport>>()>;

    /// `configured` as for ControllerLocator.
    ControllerConnector(const Ports& ports, BrokerId self,
                        std::vector<ControllerAddress> configured, ConnectOwn connect_own);
    ControllerConnector(const ControllerConnector&) = delete;
    ControllerConnector& operator=(const ControllerConnector&) = delete;

    [[nodiscard]] ControllerLocator& locator() { return locator_; }
    [[nodiscard]] const ControllerLocator& locator() const { return locator_; }

    /// For a channel to the active controller: waits until it is known. Errors, beside those of
    /// Network::connect: timed_out, when it is not known at the deadline.
    [[nodiscard]] PeerChannel::Connect to_active();
    /// For a channel to the controller that the locator says to ask.
    [[nodiscard]] PeerChannel::Connect to_asked();
    /// Disconnects `channel` whenever there is another active controller.
    void follow_active(PeerChannel& channel) { followers_.push_back(&channel); }
    /// `call` is called whenever there is another active controller, after that.
    void on_active(std::function<void()> call) { tell_active_ = std::move(call); }
    /// Ends the waits for an active controller; first step of a stop.
    void end_waits();

private:
    using Connected = Result<std::unique_ptr<Transport>>;

    /// Limit of one attempt, so that a machine that is off delays neither the next attempt nor a
    /// stop for long.
    static constexpr Duration kConnectLimit = std::chrono::seconds(2);

    [[nodiscard]] Task<Connected> connect_active(TimePoint deadline);
    [[nodiscard]] Task<Connected> connect(ControllerAddress controller, TimePoint deadline);
    void on_change();

    Ports ports_;
    BrokerId self_;
    ControllerLocator locator_;
    ConnectOwn connect_own_;
    std::vector<PeerChannel*> followers_;
    std::function<void()> tell_active_;
    std::list<Signal*> waiters_;
    bool stopping_ = false;
};

}  // namespace hw::broker
