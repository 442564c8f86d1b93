#pragma once

#include "controller/image/metadata_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// Registers this node's controller with the active controller, which may be itself (KIP-919).
/// Sends the registration whenever the metadata does not have it.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class ControllerRegistrar {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
    };

    ControllerRegistrar(const Ports& ports, controller::ControllerImage self,
                        replication::PeerClient& controller);
    ControllerRegistrar(const ControllerRegistrar&) = delete;
    ControllerRegistrar& operator=(const ControllerRegistrar&) = delete;

    /// Called with each new image.
    void on_metadata(const controller::MetadataImage& image);
    /// Call after the channel to the controller was stopped.
    [[nodiscard]] Task<> stop();

private:
    static constexpr Duration kLimit = std::chrono::seconds(5);

    /// Pause after an attempt, until the metadata shows the registration.
    static constexpr Duration kRetry = std::chrono::seconds(1);

    [[nodiscard]] Task<> run();
    [[nodiscard]] Task<> send();

    Shard& shard_;
    const Clock& clock_;
    Logger log_;
    controller::ControllerImage self_;
    replication::PeerClient& controller_;
    TaskGroup tasks_;
    Signal stop_;
    bool under_way_ = false;
    bool is_wanted_ = false;  ///< the newest metadata does not have the registration
    bool stopping_ = false;
};

}  // namespace hw::broker
