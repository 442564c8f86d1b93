#pragma once

#include <map>
#include <set>
#include <variant>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "replication/raft/voter_set.h"

namespace hw::replication {

/// Role: knows an epoch but no leader of it. Becomes a candidate at the deadline.
struct Unattached {
    TimePoint election_deadline = kNever;
};

/// Role: stands for election in a new epoch. Its own vote counts once it is on stable storage.
struct Candidate {
    std::set<BrokerId> granted;
};

/// The known progress of one voter: the end of its log on stable storage.
struct VoterProgress {
    Offset durable_end_offset{0};
};

/// Role: elected as leader. It is active once the first record of its epoch is committed, that is,
/// when the high watermark has passed `epoch_start_offset`.
struct Leader {
    Offset epoch_start_offset = kNoOffset;  ///< offset of the LeaderChange record; -1 before it
    std::map<BrokerId, VoterProgress> progress;
    std::set<BrokerId> granted;
};

using Role = std::variant<Unattached, Candidate, Leader>;

}  // namespace hw::replication
