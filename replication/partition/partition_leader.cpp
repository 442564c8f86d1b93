#include "replication/partition/partition_leader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::replication {

using wire::ErrorCode;

void PartitionLeader::on_leadership(const Leadership& leadership, TimePoint now,
                                    LeaderEffects& effects) {
    followers_.clear();
    began_ = now;
    session_end_ = kNever;
    silent_.clear();
    take(leadership.facts, now);
    rules_ = leadership.rules;
    epoch_start_offset_ = leadership.epoch_start_offset;
    set_ends(leadership.ends);
    advance(now, effects);
}

void PartitionLeader::on_metadata(const PartitionFacts& facts, TimePoint now,
                                  LeaderEffects& effects) {
    if (facts.leader_epoch != facts_.leader_epoch ||
        facts.partition_epoch <= facts_.partition_epoch) {
        return;
    }
    take(facts, now);
    advance(now, effects);
}

void PartitionLeader::on_rules(const LeaderRules& rules, TimePoint now, LeaderEffects& effects) {
    rules_ = rules;
    set_ends(ends_);
    advance(now, effects);
}

void PartitionLeader::on_log_ends(const LogEnds& ends, TimePoint now, LeaderEffects& effects) {
    set_ends(ends);
    advance(now, effects);
}

std::expected<void, wire::Refusal> PartitionLeader::check_follower(BrokerId broker,
                                                                   BrokerEpoch epoch) const {
    const auto found = followers_.find(broker);
    if (found == followers_.end()) {
        return std::unexpected(wire::Refusal{
            ErrorCode::unknown_leader_epoch,
            fmt::format("broker {} is no replica of this partition, as far as its leader knows",
                        broker)});
    }
    if (epoch < found->second.broker_epoch()) {
        return std::unexpected(wire::Refusal{
            ErrorCode::not_leader_or_follower,
            fmt::format("broker {} has fetched with broker epoch {} since; this is an old request, "
                        "with epoch {}",
                        broker, found->second.broker_epoch(), epoch)});
    }
    return {};
}

void PartitionLeader::on_fetch(const FollowerFetch& fetch, LeaderEffects& effects) {
    const auto found = followers_.find(fetch.broker);
    if (found == followers_.end()) {
        return;
    }
    FollowerProgress& progress = found->second;
    const BrokerEpoch known = progress.broker_epoch();
    if (known != BrokerEpoch(-1) && fetch.broker_epoch != known) {
        progress.begin(facts_.is_in_sync(fetch.broker), fetch.at);
    }
    progress.on_fetch(fetch, ends_.log_end_offset, rules_.lag);
    std::erase(silent_, fetch.broker);
    if (!pending_ && may_join(fetch.broker, progress)) {
        std::vector<BrokerId> isr = facts_.isr;
        isr.push_back(fetch.broker);
        propose(isr, effects);
    }
    advance(fetch.at, effects);
}

std::size_t PartitionLeader::isr_size_needed() const {
    return std::min(static_cast<std::size_t>(std::max(rules_.min_insync_replicas, 1)),
                    facts_.replicas.size());
}

BrokerId PartitionLeader::preferred_replica(Offset from, std::span<const BrokerId> rack) const {
    const auto is_there = [rack](BrokerId broker) {
        return std::ranges::find(rack, broker) != rack.end();
    };
    BrokerId best = kNoBroker;
    if (is_there(self_)) {
        return best;
    }
    Offset best_end = kNoOffset;
    for (const auto& [broker, progress] : followers_) {
        if (is_there(broker) && facts_.is_in_sync(broker) && progress.reaches(from) &&
            progress.acknowledged_end() > best_end) {
            best = broker;
            best_end = progress.acknowledged_end();
        }
    }
    return best;
}

void PartitionLeader::take(const PartitionFacts& facts, TimePoint now) {
    // A member that the controller has removed, or has not taken, is perhaps fenced.
    std::vector<BrokerId> left = facts_.isr;
    if (pending_) {
        left.insert(left.end(), pending_->added.begin(), pending_->added.end());
    }
    std::erase_if(left, [&facts](BrokerId broker) { return facts.is_in_sync(broker); });
    forbid_joins(left);
    for (const BrokerId broker : facts.isr) {
        const auto known = followers_.find(broker);
        if (known != followers_.end() && !facts_.is_in_sync(broker)) {
            known->second.on_joined(now);
        }
    }
    facts_ = facts;
    pending_.reset();
    std::map<BrokerId, FollowerProgress> kept;
    for (const BrokerId replica : facts_.replicas) {
        if (replica == self_) {
            continue;
        }
        const auto known = followers_.find(replica);
        if (known != followers_.end()) {
            kept.insert(*known);
        } else {
            kept[replica].begin(facts_.is_in_sync(replica), now);
        }
    }
    followers_ = std::move(kept);
    std::erase_if(silent_, [this](BrokerId broker) { return !may_be_elected(broker); });
}

void PartitionLeader::set_ends(const LogEnds& ends) {
    ends_ = ends;
    const bool by_log_end =
        rules_.durability == Durability::memory || mutants_.acknowledges_before_sync;
    acknowledged_end_ = by_log_end ? ends.log_end_offset : ends.durable_end_offset;
}

bool PartitionLeader::holds_back(BrokerId broker, const FollowerProgress& progress,
                                 TimePoint now) const {
    if (mutants_.ignores_other_replicas) {
        return false;
    }
    // A caught-up replica will join in a moment. If the watermark went on without it, it would
    // always be below the watermark, and could never join.
    return is_in_maximal_isr(broker) ||
           (progress.may_join_isr() && progress.is_near(ends_.log_end_offset, rules_.lag) &&
            progress.is_caught_up(ends_.log_end_offset, rules_.lag, now));
}

void PartitionLeader::advance(TimePoint now, LeaderEffects& effects) {
    if (!isr_is_large_enough() && !mutants_.ignores_min_isr) {
        return;
    }
    Offset minimum = acknowledged_end_;
    for (const auto& [broker, progress] : followers_) {
        if (holds_back(broker, progress, now)) {
            minimum = std::min(minimum, progress.acknowledged_end());
        }
    }
    if (minimum > high_watermark_) {
        high_watermark_ = minimum;
        effects.high_watermark = minimum;
    }
}

}  // namespace hw::replication
