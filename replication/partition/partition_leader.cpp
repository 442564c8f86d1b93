#include "replication/partition/partition_leader.h"

#include <algorithm>
#include <utility>

namespace hw::replication {

void PartitionLeader::on_leadership(const Leadership& leadership, LeaderEffects& effects) {
    progress_.clear();
    take(leadership.facts);
    rules_ = leadership.rules;
    epoch_start_offset_ = leadership.epoch_start_offset;
    acknowledge(leadership.ends);
    advance(effects);
}

void PartitionLeader::on_metadata(const PartitionFacts& facts, LeaderEffects& effects) {
    if (facts.leader_epoch != facts_.leader_epoch ||
        facts.partition_epoch <= facts_.partition_epoch) {
        return;
    }
    take(facts);
    advance(effects);
}

void PartitionLeader::on_rules(const LeaderRules& rules, LeaderEffects& effects) {
    rules_ = rules;
    acknowledge(ends_);
    advance(effects);
}

void PartitionLeader::on_log_ends(const LogEnds& ends, LeaderEffects& effects) {
    acknowledge(ends);
    advance(effects);
}

std::size_t PartitionLeader::isr_size_needed() const {
    return std::min(static_cast<std::size_t>(std::max(rules_.min_insync_replicas, 1)),
                    facts_.replicas.size());
}

void PartitionLeader::take(const PartitionFacts& facts) {
    facts_ = facts;
    std::map<BrokerId, Progress> kept;
    for (const BrokerId replica : facts_.replicas) {
        kept[replica] = progress_[replica];
    }
    progress_ = std::move(kept);
}

void PartitionLeader::acknowledge(const LogEnds& ends) {
    ends_ = ends;
    const bool by_log_end =
        rules_.durability == Durability::memory || mutants_.acknowledges_before_sync;
    progress_[self_].acknowledged_end = by_log_end ? ends.log_end_offset : ends.durable_end_offset;
}

void PartitionLeader::advance(LeaderEffects& effects) {
    if (!isr_is_large_enough() && !mutants_.ignores_min_isr) {
        return;
    }
    Offset minimum = progress_[self_].acknowledged_end;
    for (const BrokerId replica : maximal_isr()) {
        if (!mutants_.ignores_other_replicas) {
            minimum = std::min(minimum, progress_[replica].acknowledged_end);
        }
    }
    if (minimum > high_watermark_) {
        high_watermark_ = minimum;
        effects.high_watermark = minimum;
    }
}

}  // namespace hw::replication
