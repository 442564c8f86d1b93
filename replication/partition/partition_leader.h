#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "protocol/base/ids.h"
#include "replication/partition/partition_options.h"

namespace hw::replication {

/// The state of a partition in the metadata, at one partition epoch.
struct PartitionFacts {
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    PartitionEpoch partition_epoch{-1};  ///< rises with each change of the partition
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
};

/// The end offsets of the leader's own log.
struct LogEnds {
    Offset log_end_offset;
    Offset durable_end_offset;  ///< end of the records on stable storage; <= log_end_offset
};

/// The topic's settings that affect the high watermark.
struct LeaderRules {
    Durability durability = Durability::disk;
    std::int32_t min_insync_replicas = 1;
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
};

/// Actions that the core asks for.
struct LeaderEffects {
    /// The new high watermark, if it has moved: records below it may be read, and requests that
    /// waited for it may be answered.
    std::optional<Offset> high_watermark;
};

/// Leader half of one partition, a core: the acknowledged end of each replica, and the high
/// watermark.
///
/// The high watermark is the minimum of the acknowledged ends over the maximal ISR. It does not
/// move while the committed ISR is smaller than min(min.insync.replicas, replicas) (KIP-966), and
/// never decreases. The leader's own acknowledged end is its durable end in a `disk` topic, and its
/// log end in a `memory` topic. A replica that has not fetched in this epoch has acknowledged
/// nothing (KIP-320).
///
/// Does no I/O, reads no clock, takes no lock; called only inside the partition's guard.
class PartitionLeader {
public:
    /// `high_watermark` is the one known before, for example from the checkpoint; at least the log
    /// start offset.
    PartitionLeader(BrokerId self, Offset high_watermark, LeaderMutants mutants = {})
        : self_(self), high_watermark_(high_watermark), mutants_(mutants) {}

    /// This broker becomes the leader, in the epoch of `leadership`.
    void on_leadership(const Leadership& leadership, LeaderEffects& effects);
    /// The ISR or the replicas have changed within the epoch. Facts with another leader epoch, or
    /// without a newer partition epoch, are ignored.
    void on_metadata(const PartitionFacts& facts, LeaderEffects& effects);
    void on_rules(const LeaderRules& rules, LeaderEffects& effects);
    /// The log end offset or the durable end offset has moved.
    void on_log_ends(const LogEnds& ends, LeaderEffects& effects);

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
    [[nodiscard]] const PartitionFacts& facts() const { return facts_; }
    [[nodiscard]] LeaderEpoch epoch() const { return facts_.leader_epoch; }
    [[nodiscard]] Offset epoch_start_offset() const { return epoch_start_offset_; }

private:
    struct Progress {
        Offset acknowledged_end = kNoOffset;  ///< -1: nothing acknowledged in this epoch
    };

    /// The committed ISR plus the members proposed to the controller. Nothing is proposed so far.
    [[nodiscard]] const std::vector<BrokerId>& maximal_isr() const { return facts_.isr; }
    void take(const PartitionFacts& facts);
    void acknowledge(const LogEnds& ends);
    void advance(LeaderEffects& effects);

    BrokerId self_;
    LeaderRules rules_;
    PartitionFacts facts_;
    LogEnds ends_;
    std::map<BrokerId, Progress> progress_;  ///< one entry per replica, including this broker
    Offset epoch_start_offset_;
    Offset high_watermark_;
    LeaderMutants mutants_;
};

}  // namespace hw::replication
