#pragma once

#include <optional>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "replication/raft/election_state.h"
#include "replication/raft/log_positions.h"
#include "replication/raft/raft_messages.h"
#include "replication/raft/roles.h"
#include "replication/raft/voter_set.h"

namespace hw::replication {

/// Bugs that a test can switch on, to check that the tests notice them. All are off by default.
struct RaftMutants {
    bool counts_before_durable = false;   ///< the leader counts its own log before it is durable
    bool commits_old_epoch = false;       ///< records of an old epoch count without one of its own
    bool votes_for_short_log = false;     ///< a vote does not ask whose log is longer
    bool votes_twice = false;             ///< a vote in the same epoch for another candidate
    bool forgets_vote = false;            ///< the vote is not written to stable storage
    bool reuses_epoch = false;            ///< a candidate stands in an epoch that it voted in
    bool fetches_before_durable = false;  ///< a follower fetches before its log is durable
    bool trusts_watermark_early = false;  ///< a follower commits before its log is checked
    bool takes_late_answers = false;      ///< a fetched answer counts after the log has changed
    bool grants_any_pre_vote = false;     ///< also against a leader that the node hears
    bool leads_without_majority = false;  ///< a leader that nobody hears does not resign
    bool answers_before_durable = false;  ///< the node answers before its vote is written
    bool truncates_committed = false;     ///< records below the watermark may be removed
};

/// Settings of the metadata quorum, as one node sees it.
struct RaftOptions {
    ReplicaKey self;
    VoterSet voters;
    /// controller.quorum.election.timeout.ms: an election that is not decided after one to two
    /// times this duration is repeated.
    Duration election_timeout = std::chrono::milliseconds(500);
    /// controller.quorum.fetch.timeout.ms: a follower that hears nothing from its leader for this
    /// duration asks for pre-votes; a leader that hears nothing from a majority for one and a half
    /// times this duration resigns.
    Duration fetch_timeout = std::chrono::milliseconds(1000);
    RaftMutants mutants = {};
};

/// Actions that the core asks for. The node starts them in the order of the fields, and those of
/// one call after those of earlier calls: nothing of `append`, `calls`, `fetch`, `high_watermark`
/// and `activate` may happen, and no answer may be sent, before every earlier `persist` is on
/// stable storage.
struct RaftEffects {
    /// This node leads this epoch no longer.
    std::optional<LeaderEpoch> resign;
    /// Write this state to stable storage.
    std::optional<ElectionState> persist;
    /// If this node still leads that epoch: add this record as a control batch, and call on_staged.
    std::optional<LeaderChange> append;
    /// Remove everything from this offset on, then call on_truncated.
    std::optional<Offset> truncate;
    /// Send these requests. Each ends with on_answer or on_no_answer.
    std::vector<RaftCall> calls;
    /// Send this Fetch. It ends with on_fetch_answer or on_fetch_failed.
    std::optional<RaftFetch> fetch;
    /// The new high watermark: all records below it are committed and may be applied and read.
    std::optional<Offset> high_watermark;
    /// This node leads this epoch, and the first record of the epoch is committed: it is active.
    std::optional<LeaderEpoch> activate;
    /// The leader asks to remove records from this offset on, although they are committed. They are
    /// kept: the leader has lost its log.
    std::optional<Offset> refused_truncation;
};

/// The verdict of a leader on a Fetch.
struct FetchVerdict {
    wire::ErrorCode error = wire::ErrorCode::none;
    std::optional<LogEnd> diverging;
};

/// The consensus of the metadata quorum (KRaft: KIP-595, KIP-996) without I/O: elections,
/// replication by fetching, and the high watermark. A record is committed when it and the first
/// record of the leader's epoch are on stable storage of a majority of the voters. The leader
/// counts itself by its durable end.
///
/// A core: no I/O, no clock. Used by one thread at a time; owned by the raft node. Each call that
/// takes effects may change next_deadline.
class RaftCore {
public:
    /// `persisted` and `log` are the state on stable storage at start.
    RaftCore(RaftOptions options, ElectionState persisted, LogPositions log, Random random);

    void start(TimePoint now, RaftEffects& effects);
    void on_time(TimePoint now, RaftEffects& effects);
    /// When on_time is due; kNever if there is no deadline.
    [[nodiscard]] TimePoint next_deadline() const;
    /// A leader gives up its leadership because the node stops. Does nothing otherwise.
    void resign(TimePoint now, RaftEffects& effects);

    // --- The own log

    /// Records of `epoch` were added to the log, which now ends at `end_offset`.
    void on_staged(LeaderEpoch epoch, Offset end_offset);
    /// All records below `end_offset` are on stable storage of this node.
    void on_durable(Offset end_offset, TimePoint now, RaftEffects& effects);
    /// The truncation has ended; the log now ends at `end_offset`, which is at most where it was to
    /// end.
    void on_truncated(Offset end_offset, TimePoint now, RaftEffects& effects);

    // --- Elections

    /// Requests of other voters. Errors in the answer: FENCED_LEADER_EPOCH, INCONSISTENT_VOTER_SET
    /// (not of a voter), INVALID_REQUEST (it contradicts what this node knows).
    [[nodiscard]] EpochAnswer on_vote(const VoteCall& call, TimePoint now, RaftEffects& effects);
    [[nodiscard]] EpochAnswer on_begin_epoch(const BeginEpochCall& call, TimePoint now,
                                             RaftEffects& effects);
    [[nodiscard]] EpochAnswer on_end_epoch(const EndEpochCall& call, TimePoint now,
                                           RaftEffects& effects);
    /// The answer to `call`.
    void on_answer(const RaftCall& call, const EpochAnswer& answer, TimePoint now,
                   RaftEffects& effects);
    /// `call` was not answered: its voter may have ended. Counts as a refused vote.
    void on_no_answer(const RaftCall& call, TimePoint now, RaftEffects& effects);

    // --- Replication

    /// A Fetch of `replica`, which may be any node. Errors: FENCED_LEADER_EPOCH,
    /// UNKNOWN_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER, OFFSET_OUT_OF_RANGE (below 0).
    [[nodiscard]] FetchVerdict on_fetch(BrokerId replica, const RaftFetch& call, TimePoint now,
                                        RaftEffects& effects);
    /// The same verdict without counting the Fetch again; for one that has waited.
    [[nodiscard]] FetchVerdict check_fetch(const RaftFetch& call) const;
    /// The answer to `call`. True if its records belong at the end of the log: the caller adds them
    /// and calls on_staged for each batch, or on_bad_records if they are damaged.
    [[nodiscard]] bool on_fetch_answer(const RaftFetch& call, const RaftFetchAnswer& answer,
                                       TimePoint now, RaftEffects& effects);
    void on_fetch_failed(const RaftFetch& call, FetchFailure failure, TimePoint now);
    void on_bad_records(TimePoint now);

    // --- State

    [[nodiscard]] LeaderEpoch epoch() const { return state_.epoch; }
    /// Leader of the current epoch; -1 if not known.
    [[nodiscard]] BrokerId leader() const { return state_.leader; }
    [[nodiscard]] bool leads() const { return std::holds_alternative<Leader>(role_); }
    /// True if this node leads and the first record of its epoch is committed. Then its high
    /// watermark covers everything that earlier leaders committed.
    [[nodiscard]] bool active() const {
        const Leader* leader = std::get_if<Leader>(&role_);
        return leader != nullptr && high_watermark_ > leader->epoch_start_offset;
    }
    [[nodiscard]] Offset high_watermark() const { return high_watermark_; }
    [[nodiscard]] const Role& role() const { return role_; }
    [[nodiscard]] const ElectionState& state() const { return state_; }
    [[nodiscard]] const LogPositions& log() const { return log_; }
    [[nodiscard]] const RaftOptions& options() const { return options_; }
    /// The number of the newest Fetch.
    [[nodiscard]] std::uint64_t fetches() const { return fetches_; }

private:
    /// Pause after a failed fetch, and after an empty answer without news.
    static constexpr Duration kFetchPause = std::chrono::milliseconds(20);
    /// A voter whose log is not settled cannot stand for election; it tries again after this time.
    static constexpr Duration kUnsettledPause = std::chrono::milliseconds(10);
    /// An observer that is silent for this long is forgotten.
    static constexpr Duration kObserverTimeout = std::chrono::minutes(5);
    static constexpr std::size_t kMaxObservers = 10'000;

    [[nodiscard]] bool is_voter() const { return options_.voters.contains(options_.self.id); }
    [[nodiscard]] bool is_other_voter(BrokerId id) const {
        return id != options_.self.id && options_.voters.contains(id);
    }
    [[nodiscard]] Duration random_part(Duration whole);
    [[nodiscard]] EpochAnswer answer(wire::ErrorCode error) const;
    /// False for an epoch that elections cannot have reached: it is damaged, or a lie. Nobody could
    /// be elected any more after the last epoch, 2^31 - 1.
    [[nodiscard]] bool is_plausible(LeaderEpoch epoch) const;

    void become_unattached(LeaderEpoch epoch, TimePoint now, RaftEffects& effects);
    /// Forgets the leader of the epoch, and waits for an election until `deadline`.
    void lose_leader(TimePoint deadline, RaftEffects& effects);
    void become_prospective(TimePoint now, RaftEffects& effects);
    void become_candidate(TimePoint now, RaftEffects& effects);
    void become_leader(TimePoint now, RaftEffects& effects);
    void become_resigned(TimePoint now, RaftEffects& effects);
    void become_follower(LeaderEpoch epoch, BrokerId leader, TimePoint now, RaftEffects& effects);
    void leave_role(RaftEffects& effects) const;

    [[nodiscard]] bool would_vote_for(const VoteCall& call) const;
    [[nodiscard]] bool learn(LeaderEpoch epoch, BrokerId leader, TimePoint now,
                             RaftEffects& effects);
    void count_vote(BrokerId from, const VoteCall& call, const EpochAnswer& answer, TimePoint now,
                    RaftEffects& effects);
    void call_other_voters(const std::variant<VoteCall, BeginEpochCall, EndEpochCall>& body,
                           RaftEffects& effects) const;
    void announce(Leader& leader, TimePoint now, RaftEffects& effects) const;
    [[nodiscard]] TimePoint quorum_deadline(const Leader& leader) const;
    void on_time_as_leader(TimePoint now, RaftEffects& effects);
    [[nodiscard]] std::vector<BrokerId> successors() const;

    void note_progress(BrokerId replica, Offset end_offset, TimePoint now, RaftEffects& effects);
    void advance_high_watermark(RaftEffects& effects);
    void fetch_next(TimePoint now, RaftEffects& effects);
    [[nodiscard]] Fetching* fetching();
    [[nodiscard]] bool is_current(const RaftFetch& call);
    void take_fetch_error(const RaftFetchAnswer& answer, TimePoint now, RaftEffects& effects);
    void take_divergence(const LogEnd& diverging, TimePoint now, RaftEffects& effects);
    void follow_high_watermark(RaftEffects& effects);
    void ask_next_voter(Observer& observer);

    RaftOptions options_;
    ElectionState state_;
    LogPositions log_;
    Random random_;
    Role role_;
    Offset high_watermark_{0};
    std::uint64_t fetches_ = 0;
    Offset leader_high_watermark_{0};  ///< the newest one that a leader told
};

}  // namespace hw::replication
