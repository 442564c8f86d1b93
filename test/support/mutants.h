#pragma once

#include "broker/coordinator/classic/classic_group.h"
#include "broker/coordinator/consumer/consumer_group.h"
#include "broker/coordinator/runtime/coordinator.h"
#include "controller/ops/partition_change.h"
#include "replication/partition/partition_follower.h"
#include "replication/partition/partition_leader.h"
#include "replication/raft/raft_core.h"
#include "storage/log.h"

namespace hw {

/// Switches that break rules on purpose, so that a test can prove that it notices. Passed through
/// constructors; all are off by default.
struct Mutants {
    storage::LogMutants log;
    replication::LeaderMutants leader;
    replication::FollowerMutants follower;
    controller::ControllerMutants controller;
    replication::RaftMutants raft;
    broker::CoordinatorMutants coordinator;
    broker::ClassicMutants group;
    broker::ConsumerMutants consumer;
    /// In the simulator: the node works without a pause.
    bool node_spins = false;
};

}  // namespace hw
