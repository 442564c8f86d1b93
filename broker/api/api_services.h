#pragma once

#include <memory>

#include "broker/api/waiting_requests.h"
#include "broker/replicas/replica_table.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// What the handlers of one shard work with. Owned by the node's part for that shard; changed and
/// used there only.
struct ApiServices {
    BrokerId node_id;
    Shard& shard;
    const Clock& clock;
    /// The newest metadata this shard was told of; set before the first request.
    std::shared_ptr<const controller::MetadataImage> image;
    /// What of that metadata lives on this broker.
    ReplicaTable replicas;
    /// The broker's session with the controller lasts. Without it another broker may lead what this
    /// one thinks it leads: nobody reads from it.
    bool in_session = false;
    /// The requests of this shard that wait.
    WaitingRequests& waiting;
};

}  // namespace hw::broker
