#pragma once

#include <map>
#include <set>
#include <variant>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "replication/raft/voter_set.h"

namespace hw::replication {

/// Knows an epoch and no leader of it; stands for election at the deadline, if it is a voter.
struct Unattached {
    TimePoint election_deadline = kNever;
};

/// Asks the voters for an epoch of its own. Its own vote counts once it is on stable storage.
struct Candidate {
    std::set<BrokerId> granted;
};

/// How far the log of one voter is known to be on stable storage.
struct VoterProgress {
    Offset durable_end_offset{0};
};

/// Was elected. Active, which is to say that the epoch's first record is committed, only when the
/// high watermark has passed `epoch_start_offset`.
struct Leader {
    Offset epoch_start_offset = kNoOffset;  ///< of the LeaderChange record; -1 until it is appended
    std::map<BrokerId, VoterProgress> progress;
    std::set<BrokerId> granted;
};

using Role = std::variant<Unattached, Candidate, Leader>;

}  // namespace hw::replication
