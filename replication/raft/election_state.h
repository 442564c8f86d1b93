#pragma once

#include "protocol/base/ids.h"
#include "replication/raft/voter_set.h"

namespace hw::replication {

/// What a node must remember of elections over its end: the newest epoch it knows, whom it voted
/// for in it, and who leads it. On stable storage (`quorum-state`) before anybody is told.
struct ElectionState {
    LeaderEpoch epoch{0};
    BrokerId leader = kNoBroker;
    ReplicaKey voted;

    bool operator==(const ElectionState&) const = default;
};

}  // namespace hw::replication
