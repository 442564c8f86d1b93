#pragma once

#include <map>
#include <set>
#include <variant>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::replication {

/// Role of a voter that knows no leader of its epoch. It asks for pre-votes at the deadline.
struct Unattached {
    TimePoint election_deadline = kNever;
};

/// The votes that a voter has received so far.
struct Votes {
    std::set<BrokerId> granted;  ///< with its own
    std::set<BrokerId> refused;
};

/// Role of a voter that asks the others whether they would vote for it, in its present epoch
/// (KIP-996).
struct Prospective {
    Votes votes;
    TimePoint election_deadline;
};

/// Role of a voter that stands for election in a new epoch.
struct Candidate {
    Votes votes;
    TimePoint election_deadline;
};

/// What a leader knows of another replica of its log.
struct ReplicaProgress {
    Offset end_offset = kNoOffset;  ///< of its durable log; -1 before its first fetch
    TimePoint last_contact;         ///< its last fetch, or the election
    /// The last time at which it had everything that the leader had; kNever if not yet.
    TimePoint last_caught_up = kNever;
    Offset leader_end_offset{0};  ///< the leader's log end at the last fetch
};

/// Role of the voter that was elected. It is active once the first record of its epoch is
/// committed, that is, when the high watermark has passed `epoch_start_offset`.
struct Leader {
    Offset epoch_start_offset;  ///< offset of the LeaderChange record
    std::set<BrokerId> granted;
    std::map<BrokerId, ReplicaProgress> voters;  ///< all but this node
    std::map<BrokerId, ReplicaProgress> observers;
    TimePoint announce_deadline;  ///< of the next BeginQuorumEpoch to silent voters
};

/// Role of a voter that has given up its leadership. It does not lead its epoch again.
struct Resigned {
    TimePoint election_deadline;
};

/// The state of a node's fetches from a leader: at most one is under way.
struct Fetching {
    bool under_way = false;
    TimePoint not_before;  ///< after a failure
};

/// Role of a voter that copies the log of the epoch's leader. It asks for pre-votes at the
/// deadline, which every answer of the leader moves.
struct Follower {
    TimePoint fetch_deadline;
    bool has_fetched = false;  ///< the leader has answered a fetch in this epoch
    Fetching fetching;
};

/// Role of a node that is not a voter. It copies the log, too; while it knows no leader it asks the
/// voters, one after the other.
struct Observer {
    BrokerId asked = kNoBroker;  ///< the leader, if it is known
    Fetching fetching;
};

using Role = std::variant<Unattached, Prospective, Candidate, Leader, Resigned, Follower, Observer>;

}  // namespace hw::replication
