// How the leader changes the ISR.

#include <algorithm>
#include <iterator>
#include <utility>

#include "replication/partition/partition_leader.h"

namespace hw::replication {

bool PartitionLeader::is_in_maximal_isr(BrokerId broker) const {
    if (facts_.is_in_sync(broker)) {
        return true;
    }
    return pending_ && !mutants_.ignores_proposed_members &&
           std::ranges::find(pending_->added, broker) != pending_->added.end();
}

void PartitionLeader::on_time(const ClusterView& view, TimePoint now, LeaderEffects& effects) {
    session_end_ = view.session_end;
    const bool is_cut_off = now >= session_end_;
    silent_.clear();
    for (auto& [broker, progress] : followers_) {
        progress.measure(ends_.log_end_offset, rules_.lag, now);
        if (!std::ranges::binary_search(view.active, broker)) {
            progress.forbid_join();
        }
        if (is_cut_off && may_be_elected(broker) && progress.is_silent(now, view.session_timeout)) {
            silent_.push_back(broker);
        }
    }
    // A replica that no longer counts as caught up stops holding back the watermark.
    advance(now, effects);
    // One that is cut off hears nobody, and must not call the others lost: it may still be heard.
    if (pending_ || is_cut_off) {
        return;
    }
    const std::vector<BrokerId> isr = members_to_keep(now);
    if (isr.size() < facts_.isr.size()) {
        propose(isr, effects);
    }
}

std::vector<BrokerId> PartitionLeader::members_to_keep(TimePoint now) const {
    std::vector<BrokerId> kept;
    std::vector<std::pair<Offset, BrokerId>> far_behind;
    for (const BrokerId member : facts_.isr) {
        const auto found = followers_.find(member);
        if (found == followers_.end()) {
            kept.push_back(member);
            continue;
        }
        const FollowerProgress& progress = found->second;
        if (!progress.is_caught_up(ends_.log_end_offset, rules_.lag, now)) {
            continue;
        }
        kept.push_back(member);
        if (progress.is_far_behind(now)) {
            far_behind.emplace_back(progress.acknowledged_end(), member);
        }
    }
    // Records alone never make the ISR too small for writes.
    std::ranges::sort(far_behind);
    for (const auto& [end, member] : far_behind) {
        if (kept.size() > isr_size_needed()) {
            std::erase(kept, member);
        }
    }
    return kept;
}

bool PartitionLeader::may_join(BrokerId broker, const FollowerProgress& progress) const {
    const Offset end = progress.acknowledged_end();
    return !facts_.is_in_sync(broker) && progress.may_join_isr() &&
           (end >= high_watermark_ || mutants_.adds_before_watermark) &&
           (end >= epoch_start_offset_ || mutants_.adds_before_epoch_start) &&
           progress.is_near(ends_.log_end_offset, rules_.lag);
}

void PartitionLeader::propose(const std::vector<BrokerId>& isr, LeaderEffects& effects) {
    IsrProposal proposal{facts_.leader_epoch, facts_.partition_epoch, {}};
    if (!pending_) {
        pending_.emplace();
    }
    for (const BrokerId member : isr) {
        const auto found = followers_.find(member);
        const BrokerEpoch epoch =
            found == followers_.end() ? BrokerEpoch(-1) : found->second.broker_epoch();
        proposal.isr.push_back({member, epoch});
        if (!is_in_maximal_isr(member)) {
            pending_->added.push_back(member);
        }
    }
    pending_->proposal = proposal;
    effects.proposal = std::move(proposal);
}

void PartitionLeader::forbid_joins(const std::vector<BrokerId>& brokers) {
    for (const BrokerId broker : brokers) {
        if (const auto found = followers_.find(broker); found != followers_.end()) {
            found->second.forbid_join();
        }
    }
}

void PartitionLeader::on_isr_answer(const IsrAnswer& answer, TimePoint now,
                                    LeaderEffects& effects) {
    if (!pending_ || answer.proposal.leader_epoch != facts_.leader_epoch ||
        answer.proposal.partition_epoch != facts_.partition_epoch ||
        answer.proposal.isr != pending_->proposal.isr) {
        return;
    }
    switch (answer.outcome) {
        case IsrOutcome::accepted: {
            PartitionFacts facts = answer.facts;
            facts.replicas = facts_.replicas;
            on_metadata(facts, now, effects);
            return;
        }
        case IsrOutcome::outdated:
            // The metadata that ended the proposal will come, and until then both ISRs count.
            return;
        case IsrOutcome::unknown:
            pending_->may_be_accepted = true;
            effects.proposal = pending_->proposal;
            break;
        case IsrOutcome::refused:
            if (pending_->may_be_accepted && !pending_->added.empty()) {
                propose(facts_.isr, effects);
                return;
            }
            forbid_joins(pending_->added);
            pending_.reset();
            advance(now, effects);
            return;
    }
    if (mutants_.rolls_back_unknown) {
        pending_.reset();
        effects.proposal.reset();
        advance(now, effects);
    }
}

}  // namespace hw::replication
