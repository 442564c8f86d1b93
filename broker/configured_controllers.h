#pragma once

#include <vector>

#include "broker/metadata/controller_locator.h"
#include "config/broker_config.h"

namespace hw::broker {

/// The controllers in the configuration of a node: the voters, or the bootstrap servers. A
/// bootstrap server that is this node has its id, others have none.
[[nodiscard]] std::vector<ControllerAddress> configured_controllers(
    const config::BrokerConfig& config);

}  // namespace hw::broker
