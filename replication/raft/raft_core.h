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

struct RaftOptions {
    ReplicaKey self;
    VoterSet voters;
    /// controller.quorum.election.timeout.ms: an election starts this long, or up to twice as long,
    /// after a leader was last heard of.
    Duration election_timeout = std::chrono::milliseconds(500);
};

/// Where a log ends: the offset after its last record, and that record's epoch.
struct LogEnd {
    Offset end_offset{0};
    LeaderEpoch epoch{0};

    bool operator==(const LogEnd&) const = default;
};

/// The first record of an epoch, written by its leader.
struct LeaderChange {
    LeaderEpoch epoch;
    BrokerId leader;
    std::set<BrokerId> voters;
    std::set<BrokerId> granting_voters;
};

/// What the core wants done. Field order is execution order: a field's work is on its way, and
/// where the comment says so it has ended, before the next field's begins.
struct RaftEffects {
    /// Put on stable storage, then call on_persisted; nothing below belongs to this step.
    std::optional<ElectionState> persist;
    /// Append as a control batch of that epoch, then call on_appended.
    std::optional<LeaderChange> append;
    /// All records below are committed, and may be applied and shown.
    std::optional<Offset> high_watermark;
    /// This node leads that epoch and its first record is committed: it may serve.
    std::optional<LeaderEpoch> activate;
};

/// The consensus of the metadata quorum as KRaft has it (KIP-595), without its I/O: who leads which
/// epoch, and what is committed. A record is committed when it is on stable storage of a majority
/// of the voters and the epoch's first record is, too; a leader counts itself by its durable end.
///
/// Pure: no I/O, no clock. Entered by one thread at a time; owned by the raft node.
/// Quorums of one voter, which is this node, are what it decides so far.
class RaftCore {
public:
    /// `persisted` and `log` are what stable storage holds at start.
    RaftCore(RaftOptions options, ElectionState persisted, LogEnd log, Random random);

    void start(TimePoint now, RaftEffects& effects);
    /// The newest `persist` is on stable storage.
    void on_persisted(RaftEffects& effects);
    /// The log ends there now; the records are not durable yet.
    void on_appended(LogEnd end);
    /// Everything below `end_offset` is on this node's stable storage.
    void on_durable(Offset end_offset, RaftEffects& effects);
    void on_time(TimePoint now, RaftEffects& effects);
    /// When on_time is due; kNever when nothing waits for time.
    [[nodiscard]] TimePoint next_deadline() const;

    [[nodiscard]] LeaderEpoch epoch() const { return state_.epoch; }
    /// Of the epoch, once known; -1 before.
    [[nodiscard]] BrokerId leader() const { return state_.leader; }
    [[nodiscard]] bool leads() const { return std::holds_alternative<Leader>(role_); }
    /// Leads, and its first record is committed: what it knows as committed is all there is.
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
