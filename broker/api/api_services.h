#pragma once

#include "broker/api/delayed_requests.h"
#include "broker/replicas/shard_view.h"

namespace hw::broker {

/// Services for the handlers of one shard. Owned by the node; used on that shard only.
struct ApiServices : ShardView {
    /// The delayed requests of this shard.
    DelayedRequests& delayed;
};

}  // namespace hw::broker
