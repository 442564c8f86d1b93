#pragma once

#include <cstddef>
#include <optional>
#include <set>

#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "replication/raft/election_state.h"
#include "replication/raft/roles.h"
#include "replication/raft/voter_set.h"

namespace hw::replication {

/// Settings of the metadata quorum, as one voter sees it.
struct RaftOptions {
    ReplicaKey self;
    VoterSet voters;
    /// controller.quorum.election.timeout.ms: an election starts after a random time of one to two
    /// times this duration; with a single voter it starts at once.
    Duration election_timeout = std::chrono::milliseconds(500);
};

/// The end of a log: the offset after its last record, and the epoch of that record.
struct LogEnd {
    Offset end_offset{0};
    LeaderEpoch epoch{0};

    bool operator==(const LogEnd&) const = default;
};

/// Contents of the LeaderChange record: the first record of an epoch, written by its leader.
struct LeaderChange {
    LeaderEpoch epoch;
    BrokerId leader;
    std::set<BrokerId> voters;
    std::set<BrokerId> granting_voters;
};

/// Actions that the core asks for. The node starts them in the order of the fields.
struct RaftEffects {
    /// Write this state to stable storage, then call on_persisted. If it is set, the other fields
    /// are not.
    std::optional<ElectionState> persist;
    /// Append this record as a control batch, then call on_appended.
    std::optional<LeaderChange> append;
    /// The new high watermark: all records below it are committed and may be applied and read.
    std::optional<Offset> high_watermark;
    /// This node leads this epoch, and the first record of the epoch is committed: it is active.
    std::optional<LeaderEpoch> activate;
};

/// The consensus of the metadata quorum (KRaft, KIP-595) without I/O: elections and the high
/// watermark. A record is committed when it and the first record of the leader's epoch are on
/// stable storage of a majority of the voters. The leader counts itself by its durable end.
///
/// A core: no I/O, no clock. Used by one thread at a time; owned by the raft node. So far the
/// quorum must have exactly one voter, which is this node.
class RaftCore {
public:
    /// `persisted` and `log` are the state on stable storage at start.
    RaftCore(RaftOptions options, ElectionState persisted, LogEnd log, Random random);

    void start(TimePoint now, RaftEffects& effects);
    /// The newest `persist` is on stable storage.
    void on_persisted(RaftEffects& effects);
    /// The log now ends at `end`; the new records are not durable yet.
    void on_appended(LogEnd end);
    /// All records below `end_offset` are on stable storage of this node.
    void on_durable(Offset end_offset, RaftEffects& effects);
    void on_time(TimePoint now, RaftEffects& effects);
    /// When on_time is due; kNever if there is no deadline.
    [[nodiscard]] TimePoint next_deadline() const;

    [[nodiscard]] LeaderEpoch epoch() const { return state_.epoch; }
    /// Leader of the current epoch; -1 if not known.
    [[nodiscard]] BrokerId leader() const { return state_.leader; }
    [[nodiscard]] bool leads() const { return std::holds_alternative<Leader>(role_); }
    /// True if this node leads and the first record of its epoch is committed. Then its high
    /// watermark covers everything that earlier leaders committed.
    [[nodiscard]] bool active() const {
        const Leader* leader = std::get_if<Leader>(&role_);
        return leader != nullptr && leader->epoch_start_offset != kNoOffset &&
               high_watermark_ > leader->epoch_start_offset;
    }
    [[nodiscard]] Offset high_watermark() const { return high_watermark_; }
    [[nodiscard]] const Role& role() const { return role_; }

private:
    void become_candidate(RaftEffects& effects);
    void become_leader(RaftEffects& effects);
    void advance_high_watermark(const Leader& leader, RaftEffects& effects);

    RaftOptions options_;
    ElectionState state_;
    LogEnd log_;
    Random random_;
    Role role_;
    Offset high_watermark_{0};
};

}  // namespace hw::replication
