#pragma once

#include <memory>

#include "broker/replicas/read_places.h"
#include "broker/replicas/replica_table.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// The cluster and this broker's replicas as one shard sees them. Each shard has its own view, so
/// that requests look things up without a lock. The metadata applier and the broker's session
/// change it, by posts to the shard.
///
/// Owned by the node's part for that shard; used there only.
struct ShardView {
    BrokerId node_id;
    Shard& shard;
    const Clock& clock;
    /// The newest metadata that this shard has; set before the first request.
    std::shared_ptr<const controller::MetadataImage> image;
    /// The replicas of this broker, as in that image.
    ReplicaTable replicas;
    /// The epoch of this broker's registration; -1 before the first session.
    BrokerEpoch broker_epoch{-1};
    /// Where the readers of this shard have stopped in these replicas.
    ReadPlaces read_places = {};
};

}  // namespace hw::broker
