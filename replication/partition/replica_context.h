#pragma once

#include <memory>

#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "replication/partition/follower_progress.h"
#include "replication/partition/partition_follower.h"
#include "replication/partition/partition_leader.h"
#include "replication/partition/partition_options.h"
#include "replication/partition/replica_host.h"

namespace hw::replication {

/// The environment of a replica: its host, settings and mutants.
struct ReplicaContext {
    BrokerId self;
    ReplicaHost* host = nullptr;   ///< outlives the replica
    const Clock* clock = nullptr;  ///< likewise
    std::shared_ptr<const PartitionOptions> options;
    LagLimits lag = {};
    LeaderMutants mutants;
    FollowerMutants follower_mutants;
};

}  // namespace hw::replication
