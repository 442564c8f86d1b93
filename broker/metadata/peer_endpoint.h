#pragma once

#include <string>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/network.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// Where this node connects to another broker: at its listener `name`, which is this node's
/// inter.broker.listener.name. A fenced broker has one, too. Errors: not_found (the broker is not
/// registered, or has no such listener), unsupported (the listener is not PLAINTEXT); the message
/// says which nodes and keys disagree.
[[nodiscard]] Result<Endpoint> broker_endpoint(const controller::MetadataImage& image, BrokerId id,
                                               const std::string& name);

}  // namespace hw::broker
