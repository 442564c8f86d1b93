#pragma once

#include <memory>
#include <vector>

#include "broker/net/request_context.h"
#include "config/broker_config.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// A listener whose port is bound, with its actual and its advertised address.
struct BoundListener {
    std::unique_ptr<Listener> listener;  ///< null once an Acceptor has it
    ListenerInfo info;
};

/// Binds every listener of `config` on `shard`, all of them or none. Errors: those of
/// Network::listen, with the listener's name and the setting to change.
[[nodiscard]] Result<std::vector<BoundListener>> bind_listeners(Network& network, Shard& shard,
                                                                const config::BrokerConfig& config);

}  // namespace hw::broker
