#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/follower_progress.h"
#include "replication/partition/isr_proposal.h"
#include "replication/partition/partition_facts.h"
#include "replication/partition/partition_options.h"

namespace hw::replication {

/// The settings that affect the high watermark and the ISR.
struct LeaderRules {
    Durability durability = Durability::disk;
    std::int32_t min_insync_replicas = 1;
    LagLimits lag = {};
    /// Any replica can be elected, not only a member of the ISR.
    bool may_elect_uncleanly = false;
};

/// Inputs to the core when this broker becomes leader.
struct Leadership {
    PartitionFacts facts;
    LeaderRules rules;
    /// Offset of the first batch of this epoch. Above the log end offset if a write is under way.
    Offset epoch_start_offset;
    LogEnds ends;
};

/// Deliberate bugs (mutation testing): a test turns one on to check that the tests find it.
struct LeaderMutants {
    bool acknowledges_before_sync = false;  ///< the log end counts in a `disk` topic, too
    bool ignores_min_isr = false;           ///< the watermark moves whatever the size of the ISR
    bool ignores_other_replicas = false;    ///< the watermark is the leader's own end
    bool forgets_epoch_start = false;       ///< the watermark always counts as current
    bool ignores_proposed_members = false;  ///< the watermark passes members not yet committed
    bool adds_before_watermark = false;     ///< a follower below the watermark joins the ISR
    bool adds_before_epoch_start = false;   ///< a follower below the epoch's start joins the ISR
    bool rolls_back_unknown = false;        ///< a proposal of unknown outcome counts as refused
};

/// Actions that the core asks for.
struct LeaderEffects {
    /// The new high watermark, if it has moved: records below it may be read, and requests that
    /// waited for it may be answered.
    std::optional<Offset> high_watermark;
    /// The ISR to ask the controller for. Its answer comes to on_isr_answer.
    std::optional<IsrProposal> proposal;
};

/// What a leader must know of the cluster to judge its followers.
struct ClusterView {
    std::span<const BrokerId> active;  ///< those that are unfenced and not shutting down, sorted
    /// When this broker's session with the controllers ends, if it is not extended. From then on
    /// they may have elected another leader, whom a member of the ISR follows that has not fetched
    /// for `session_timeout`.
    TimePoint session_end;
    Duration session_timeout;
};

/// Leader half of one partition, a core: the acknowledged end of each replica, the ISR, and the
/// high watermark.
///
/// The high watermark is the minimum of the acknowledged ends over the maximal ISR, which is the
/// committed ISR plus the members that were proposed to the controller, and over the replicas that
/// are caught up and about to join. It does not move while the committed ISR is smaller than
/// min(min.insync.replicas, replicas) (KIP-966), and never decreases. The leader's own acknowledged
/// end is its durable end in a `disk` topic, and its log end in a `memory` topic. A replica that
/// has not fetched in this epoch has acknowledged nothing (KIP-320).
///
/// The ISR changes only by proposals that the controller accepts, one at a time. A follower joins
/// when it has fetched in this epoch and has acknowledged the high watermark and the start of the
/// epoch; it leaves when it lags (LagLimits). If the controller refuses a new member, the leader
/// goes back to the committed ISR, but not while an earlier attempt might still be accepted: then
/// it first has the committed ISR confirmed, which makes that attempt outdated.
///
/// Does no I/O, reads no clock, takes no lock; called only inside the partition's guard.
class PartitionLeader {
public:
    /// `high_watermark` is the one known before, for example from the checkpoint; at least the log
    /// start offset.
    PartitionLeader(BrokerId self, Offset high_watermark, LeaderMutants mutants = {})
        : self_(self), high_watermark_(high_watermark), mutants_(mutants) {}

    /// This broker becomes the leader, in the epoch of `leadership`.
    void on_leadership(const Leadership& leadership, TimePoint now, LeaderEffects& effects);
    /// The ISR or the replicas have changed within the epoch. Facts with another leader epoch, or
    /// without a newer partition epoch, are ignored.
    void on_metadata(const PartitionFacts& facts, TimePoint now, LeaderEffects& effects);
    void on_rules(const LeaderRules& rules, TimePoint now, LeaderEffects& effects);
    /// The log end offset or the durable end offset has moved.
    void on_log_ends(const LogEnds& ends, TimePoint now, LeaderEffects& effects);
    /// Takes slow followers out of the ISR; called every few hundred milliseconds.
    void on_time(const ClusterView& view, TimePoint now, LeaderEffects& effects);

    /// Whether a fetch of this replica may be answered. Codes: UNKNOWN_LEADER_EPOCH (not a
    /// replica, as far as this broker knows), NOT_LEADER_OR_FOLLOWER (an older incarnation).
    [[nodiscard]] std::expected<void, wire::Refusal> check_follower(BrokerId broker,
                                                                    BrokerEpoch epoch) const;
    /// A fetch of a follower, which check_follower and the checks of epoch and range have passed.
    void on_fetch(const FollowerFetch& fetch, LeaderEffects& effects);
    /// The outcome of a proposal. Answers to older proposals are ignored.
    void on_isr_answer(const IsrAnswer& answer, TimePoint now, LeaderEffects& effects);

    [[nodiscard]] Offset high_watermark() const { return high_watermark_; }
    /// False until the high watermark has reached the start of the epoch. Before that, the previous
    /// leader may have shown a higher one, so an answer must not depend on it (KIP-207).
    [[nodiscard]] bool high_watermark_is_current() const {
        return high_watermark_ >= epoch_start_offset_ || mutants_.forgets_epoch_start;
    }
    /// Size of the committed ISR that is needed to accept acks=all and to move the high watermark.
    [[nodiscard]] std::size_t isr_size_needed() const;
    [[nodiscard]] bool isr_is_large_enough() const {
        return facts_.isr.size() >= isr_size_needed();
    }
    /// No other member of the ISR could lead in place of this broker.
    [[nodiscard]] bool is_isr_alone() const {
        return facts_.isr.empty() || (facts_.isr.size() == 1 && facts_.isr.front() == self_);
    }
    /// The replica that a consumer should read `from`, if the brokers of its rack are `rack`: the
    /// member of the ISR there that has the offset and the most records; -1: this broker, because
    /// it is in the rack, or nobody there is fit (KIP-392).
    [[nodiscard]] BrokerId preferred_replica(Offset from, std::span<const BrokerId> rack) const;
    /// The committed ISR, or a proposed member of it.
    [[nodiscard]] bool is_in_maximal_isr(BrokerId broker) const;
    [[nodiscard]] const PartitionFacts& facts() const { return facts_; }
    [[nodiscard]] LeaderEpoch epoch() const { return facts_.leader_epoch; }
    [[nodiscard]] Offset epoch_start_offset() const { return epoch_start_offset_; }
    /// What is known of each other replica.
    [[nodiscard]] const std::map<BrokerId, FollowerProgress>& followers() const {
        return followers_;
    }
    /// This broker has no session with the controllers, who can elect another member of the ISR, or
    /// one that was proposed to them. So its log may end before that of the partition's leader.
    [[nodiscard]] bool may_be_replaced(TimePoint now) const {
        return now >= session_end_ &&
               std::ranges::any_of(facts_.replicas, [this](BrokerId replica) {
                   return replica != self_ && may_be_elected(replica);
               });
    }
    /// The sentence for that.
    static constexpr std::string_view kMayBeReplaced =
        "this broker has lost the controllers, and another may lead by now";
    /// This broker leads for so short a time that a producer may send batches of which it has sent
    /// the first ones to the leader before, or too early to this one, and will send them again.
    [[nodiscard]] bool has_just_begun(TimePoint now) const { return now - began_ < kBegin; }
    /// Replicas that can be elected, and have not fetched for ClusterView::session_timeout, while
    /// this broker has no session. While there are any, another broker may lead, and this one must
    /// take no records.
    [[nodiscard]] const std::vector<BrokerId>& silent_members() const { return silent_; }
    [[nodiscard]] bool has_proposal() const { return pending_.has_value(); }
    /// The proposal that waits for the controller's answer; nullptr: none.
    [[nodiscard]] const IsrProposal* proposal() const {
        return pending_ ? &pending_->proposal : nullptr;
    }
    [[nodiscard]] const LeaderRules& rules() const { return rules_; }
    [[nodiscard]] const LogEnds& ends() const { return ends_; }
    /// The leader's own.
    [[nodiscard]] Offset acknowledged_end() const { return acknowledged_end_; }
    /// Whether the high watermark waits for the records of this follower.
    [[nodiscard]] bool holds_back(BrokerId broker, const FollowerProgress& progress,
                                  TimePoint now) const;

private:
    static constexpr Duration kBegin = std::chrono::seconds(1);

    void take(const PartitionFacts& facts, TimePoint now);
    void set_ends(const LogEnds& ends);
    /// In place of this broker.
    [[nodiscard]] bool may_be_elected(BrokerId replica) const {
        return rules_.may_elect_uncleanly || is_in_maximal_isr(replica);
    }
    void advance(TimePoint now, LeaderEffects& effects);

    [[nodiscard]] bool may_join(BrokerId broker, const FollowerProgress& progress) const;
    [[nodiscard]] std::vector<BrokerId> members_to_keep(TimePoint now) const;
    void propose(const std::vector<BrokerId>& isr, LeaderEffects& effects);
    void forbid_joins(const std::vector<BrokerId>& brokers);

    BrokerId self_;
    LeaderRules rules_;
    PartitionFacts facts_;
    LogEnds ends_;
    Offset acknowledged_end_;
    std::map<BrokerId, FollowerProgress> followers_;
    TimePoint began_;  ///< when this broker became the leader in its epoch
    TimePoint session_end_ = kNever;
    std::vector<BrokerId> silent_;
    std::optional<PendingProposal> pending_;
    Offset epoch_start_offset_;
    Offset high_watermark_;
    LeaderMutants mutants_;
};

}  // namespace hw::replication
