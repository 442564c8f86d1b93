#pragma once

#include "protocol/base/ids.h"
#include "replication/raft/voter_set.h"

namespace hw::replication {

/// Election state of a node that must survive a restart: the newest known epoch, the node's vote in
/// it, and its leader. It is written to the file `quorum-state`; the node's vote counts, and the
/// leader appends, only after that.
struct ElectionState {
    LeaderEpoch epoch{0};
    BrokerId leader = kNoBroker;
    ReplicaKey voted;

    bool operator==(const ElectionState&) const = default;
};

}  // namespace hw::replication
