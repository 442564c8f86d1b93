#pragma once

#include <vector>

#include "broker/metadata/controller_locator.h"
#include "config/broker_config.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// The controllers in the configuration of a node: the voters, or the bootstrap servers. A
/// bootstrap server that is this node has its id, others have none.
[[nodiscard]] std::vector<ControllerAddress> configured_controllers(
    const config::BrokerConfig& config);

/// The ids of the voters that the configuration of a controller lists. Without
/// controller.quorum.voters it is the only voter if the only bootstrap server is the node itself.
/// Errors: invalid; names the keys.
[[nodiscard]] Result<std::vector<BrokerId>> static_voters(const config::BrokerConfig& config);

}  // namespace hw::broker
