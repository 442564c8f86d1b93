#pragma once

#include "broker/api/waiting_requests.h"
#include "broker/replicas/shard_view.h"

namespace hw::broker {

/// What the handlers of one shard work with. Owned by the node's part for that shard; used there
/// only.
struct ApiServices : ShardView {
    /// The requests of this shard that wait.
    WaitingRequests& waiting;
};

}  // namespace hw::broker
