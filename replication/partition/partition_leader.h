#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "protocol/base/ids.h"
#include "replication/partition/partition_options.h"

namespace hw::replication {

/// What the metadata says of a partition, in one version of it.
struct PartitionFacts {
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    PartitionEpoch partition_epoch{-1};  ///< rises with each change of the partition
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
};

/// Where the leader's own log ends.
struct LogEnds {
    Offset log_end_offset;
    Offset durable_end_offset;  ///< of what is on stable storage; at most the log's end
};

/// The topic's settings that decide about the high watermark.
struct LeaderRules {
    Durability durability = Durability::disk;
    std::int32_t min_insync_replicas = 1;
};

/// What a leadership begins with.
struct Leadership {
    PartitionFacts facts;
    LeaderRules rules;
    /// Of the next batch; above the log's end when a write is under way.
    Offset epoch_start_offset;
    LogEnds ends;
};

/// Rules that a test build may break to see that the tests notice; nothing is broken by default.
struct LeaderMutants {
    bool acknowledges_before_sync = false;  ///< the log end counts in a `disk` topic, too
    bool ignores_min_isr = false;           ///< the watermark moves whatever the size of the ISR
    bool ignores_other_replicas = false;    ///< the watermark is the leader's own end
    bool forgets_epoch_start = false;       ///< the watermark is current from the first moment on
};

/// What the core wants done.
struct LeaderEffects {
    /// Everything below may be read, and answers that waited for it be given.
    std::optional<Offset> high_watermark;
};

/// Leader half of one partition: how far each replica has acknowledged, and the high watermark.
///
/// The watermark is the minimum of the acknowledged ends over the maximal ISR and stands still
/// while the committed ISR is smaller than min(min.insync.replicas, replicas) (KIP-966); it never
/// falls. The leader itself acknowledges by its durable end in a `disk` topic, by its log end in a
/// `memory` topic. A replica that was not heard of in this epoch has acknowledged nothing
/// (KIP-320).
///
/// Does no I/O, reads no clock, takes no lock; called only inside the partition's guard.
class PartitionLeader {
public:
    /// `high_watermark`: what is known from before, at least the start of the log.
    PartitionLeader(BrokerId self, Offset high_watermark, LeaderMutants mutants = {})
        : self_(self), high_watermark_(high_watermark), mutants_(mutants) {}

    /// This broker leads in that epoch.
    void on_leadership(const Leadership& leadership, LeaderEffects& effects);
    /// The ISR or the replicas changed within the epoch. An older version changes nothing.
    void on_metadata(const PartitionFacts& facts, LeaderEffects& effects);
    void on_rules(const LeaderRules& rules, LeaderEffects& effects);
    /// The log has grown, or more of it is durable.
    void on_log_ends(const LogEnds& ends, LeaderEffects& effects);

    [[nodiscard]] Offset high_watermark() const { return high_watermark_; }
    /// False until the watermark has reached the start of the epoch: the leader before may have
    /// shown more, so nothing may be answered that follows from the watermark (KIP-207).
    [[nodiscard]] bool high_watermark_is_current() const {
        return high_watermark_ >= epoch_start_offset_ || mutants_.forgets_epoch_start;
    }
    /// What the committed ISR must have for acks=all to be accepted and the watermark to move.
    [[nodiscard]] std::size_t isr_size_needed() const;
    [[nodiscard]] bool isr_is_large_enough() const {
        return facts_.isr.size() >= isr_size_needed();
    }
    [[nodiscard]] const PartitionFacts& facts() const { return facts_; }
    [[nodiscard]] LeaderEpoch epoch() const { return facts_.leader_epoch; }
    [[nodiscard]] Offset epoch_start_offset() const { return epoch_start_offset_; }

private:
    struct Progress {
        Offset acknowledged_end = kNoOffset;  ///< none in this epoch: before every offset
    };

    /// Committed, and what is proposed to the controller: nothing is proposed so far.
    [[nodiscard]] const std::vector<BrokerId>& maximal_isr() const { return facts_.isr; }
    void take(const PartitionFacts& facts);
    void acknowledge(const LogEnds& ends);
    void advance(LeaderEffects& effects);

    BrokerId self_;
    LeaderRules rules_;
    PartitionFacts facts_;
    LogEnds ends_;
    std::map<BrokerId, Progress> progress_;  ///< of each replica, the own one included
    Offset epoch_start_offset_;
    Offset high_watermark_;
    LeaderMutants mutants_;
};

}  // namespace hw::replication
