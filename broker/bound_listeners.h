#pragma once

#include <memory>
#include <vector>

#include "broker/net/request_context.h"
#include "config/broker_config.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// A listener that holds its port, and what clients and nodes are told about it.
struct BoundListener {
    std::unique_ptr<Listener> listener;  ///< until it is accepted on
    ListenerInfo info;
};

/// Binds every listener of `config` on `shard`, all of them or none. Errors: as Network::listen,
/// with the listener's name and what to change where.
[[nodiscard]] Result<std::vector<BoundListener>> bind_listeners(Network& network, Shard& shard,
                                                                const config::BrokerConfig& config);

}  // namespace hw::broker
