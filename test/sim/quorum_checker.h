#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "replication/raft/raft_core.h"
#include "test/sim/machine.h"

namespace hw::sim {

/// How often a run reached rare branches of the metadata quorum.
struct QuorumMarks {
    std::uint64_t elections = 0;
    std::uint64_t truncations = 0;               ///< of records that the leader does not have
    std::uint64_t uncommitted_resignations = 0;  ///< by a leader with records not yet committed
};

/// Checks the metadata quorum from inside, after each step of a node:
/// - one leader per epoch, once; one vote per node and epoch, on stable storage before it counts;
/// - nobody votes in a pre-vote against a leader that it hears; a leader without a majority
/// resigns;
/// - a committed record is durable at a majority, is the same on all nodes, is in the log of every
///   later leader, and is never removed.
/// Keeps the first broken rule.
class QuorumChecker {
public:
    /// Both outlive it.
    QuorumChecker(const Scheduler& scheduler, const std::vector<std::unique_ptr<Machine>>& machines)
        : scheduler_(scheduler), machines_(machines) {}

    /// Call after each step of the machine's node.
    void after_step(const Machine& machine);

    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }
    [[nodiscard]] const QuorumMarks& marks() const { return marks_; }
    /// The highest high watermark of a controller so far.
    [[nodiscard]] Offset committed_end() const { return committed_end_; }

private:
    /// How long after its deadline a leader without a majority may still lead.
    static constexpr Duration kResignGrace = std::chrono::seconds(1);

    /// A batch of the log. The checksum does not cover offsets and epoch.
    struct BatchId {
        Offset end_offset;
        LeaderEpoch epoch;
        std::uint32_t crc = 0;

        bool operator==(const BatchId&) const = default;
    };
    /// What was seen of one controller.
    struct Seen {
        /// Of quorum-state. A lead that is not on disk may be taken again in another life.
        bool is_persisting = false;
        std::uint64_t life = 0;
        Offset end_offset{0};
        Offset durable_end{0};  ///< outlives the process
        Offset kept{0};  ///< outlives the process: committed, as this node knows, and durable
        Offset high_watermark{0};
        Offset compared{0};  ///< up to here its log equals the committed records
        Offset tried{0};     ///< up to here it was to be compared, but a read may have failed
        std::optional<LeaderEpoch> leads;
        /// Since when it has heard a leader, or led, without a break.
        std::optional<TimePoint> hears_leader_since;
        LeaderEpoch epoch = kNoLeaderEpoch;
        BrokerId voted = kNoBroker;  ///< in that epoch
        LeaderEpoch prospective_epoch = kNoLeaderEpoch;
        TimePoint prospective_since;            ///< first time in that epoch
        std::set<BrokerId> counted;             ///< votes that it has counted in its epoch
        std::optional<TimePoint> silent_since;  ///< on its own clock, as last_step
        TimePoint last_step;
    };

    using Core = replication::RaftCore;

    void begin_life(const Machine& machine, const Core& core, Seen& seen);
    void check_log(const Machine& machine, const Core& core, Seen& seen);
    void check_roles(const Machine& machine, const Core& core, Seen& seen);
    void check_leader(const Machine& machine, const Core& core, Seen& seen);
    void check_votes(const Machine& machine, const Core& core, Seen& seen);
    void check_counted(const Machine& machine, LeaderEpoch epoch, const std::set<BrokerId>& granted,
                       Seen& seen);
    void note_vote(BrokerId voter, LeaderEpoch epoch, BrokerId candidate);
    void check_pre_votes(const Machine& machine, const Core& core, const Seen& seen);
    void check_majority(const Machine& machine, const Core& core, const replication::Leader& role,
                        Seen& seen);
    void check_watermark(const Machine& machine, const Core& core, Seen& seen);
    void compare(const Machine& machine, const replication::RaftNode& raft, Offset end_offset,
                 Seen& seen);
    template <class... Args>
    void fail_rule(fmt::format_string<Args...> text, Args&&... args) {
        if (!broken_) {
            broken_ = fmt::format(text, std::forward<Args>(args)...);
        }
    }

    const Scheduler& scheduler_;
    const std::vector<std::unique_ptr<Machine>>& machines_;
    std::map<NodeTag, Seen> seen_;
    std::map<LeaderEpoch, BrokerId> leaders_;
    std::map<std::pair<BrokerId, LeaderEpoch>, BrokerId> votes_;  ///< that were counted
    std::map<Offset, BatchId> committed_;                         ///< by base offset
    Offset committed_end_{0};
    QuorumMarks marks_;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
