#include "replication/raft/raft_core.h"

#include <functional>
#include <utility>
#include <vector>

#include "protocol/base/assert.h"

namespace hw::replication {

RaftCore::RaftCore(RaftOptions options, ElectionState persisted, LogEnd log, Random random)
    : options_(std::move(options)), state_(persisted), log_(log), random_(random) {
    HW_ASSERT(options_.voters.size() == 1);
    HW_ASSERT(options_.voters.contains(options_.self.id));
}

void RaftCore::start(TimePoint now, RaftEffects& effects) {
    // If the log has a newer epoch than quorum-state, the leader of that epoch is not known. In any
    // case this node stands for election in a new epoch, even if it was the leader before: records
    // of the old epoch may not have reached stable storage.
    if (log_.epoch > state_.epoch) {
        state_ = {.epoch = log_.epoch, .leader = kNoBroker, .voted = {}};
    }
    Unattached unattached;
    const bool alone = options_.voters.size() == 1;
    const auto spread = static_cast<std::uint64_t>(options_.election_timeout.count());
    unattached.election_deadline =
        alone ? now : now + options_.election_timeout + Duration(random_.below(spread + 1));
    role_ = unattached;
    on_time(now, effects);
}

void RaftCore::on_time(TimePoint now, RaftEffects& effects) {
    const auto* unattached = std::get_if<Unattached>(&role_);
    if (unattached != nullptr && now >= unattached->election_deadline) {
        become_candidate(effects);
    }
}

TimePoint RaftCore::next_deadline() const {
    const auto* unattached = std::get_if<Unattached>(&role_);
    return unattached == nullptr ? kNever : unattached->election_deadline;
}

void RaftCore::become_candidate(RaftEffects& effects) {
    state_ = {.epoch = state_.epoch + 1, .leader = kNoBroker, .voted = options_.self};
    role_ = Candidate{};
    effects.persist = state_;
}

void RaftCore::on_persisted(RaftEffects& effects) {
    if (auto* candidate = std::get_if<Candidate>(&role_)) {
        candidate->granted.insert(options_.self.id);
        if (candidate->granted.size() >= options_.voters.majority()) {
            become_leader(effects);
        }
        return;
    }
    auto* leader = std::get_if<Leader>(&role_);
    if (leader == nullptr || leader->epoch_start_offset != kNoOffset) {
        return;
    }
    leader->epoch_start_offset = log_.end_offset;
    LeaderChange change{.epoch = state_.epoch,
                        .leader = options_.self.id,
                        .voters = {},
                        .granting_voters = leader->granted};
    for (const Voter& voter : options_.voters.voters()) {
        change.voters.insert(voter.key.id);
    }
    effects.append = std::move(change);
}

void RaftCore::become_leader(RaftEffects& effects) {
    Leader leader;
    leader.granted = std::get<Candidate>(role_).granted;
    for (const Voter& voter : options_.voters.voters()) {
        leader.progress.emplace(voter.key.id, VoterProgress{});
    }
    role_ = std::move(leader);
    state_.leader = options_.self.id;
    effects.persist = state_;
}

void RaftCore::on_appended(LogEnd end) {
    HW_ASSERT(end.end_offset >= log_.end_offset);
    HW_ASSERT(end.epoch >= log_.epoch);
    log_ = end;
}

void RaftCore::on_durable(Offset end_offset, RaftEffects& effects) {
    HW_ASSERT(end_offset <= log_.end_offset);
    auto* leader = std::get_if<Leader>(&role_);
    if (leader == nullptr) {
        return;
    }
    VoterProgress& own = leader->progress.at(options_.self.id);
    own.durable_end_offset = std::max(own.durable_end_offset, end_offset);
    advance_high_watermark(*leader, effects);
}

void RaftCore::advance_high_watermark(const Leader& leader, RaftEffects& effects) {
    std::vector<Offset> ends;
    for (const auto& [id, progress] : leader.progress) {
        ends.push_back(progress.durable_end_offset);
    }
    std::ranges::sort(ends, std::greater<>());
    const Offset majority_end = ends[options_.voters.majority() - 1];
    // Records of earlier epochs are committed only together with one of this epoch (Raft 5.4.2).
    const bool epoch_committed =
        leader.epoch_start_offset != kNoOffset && majority_end > leader.epoch_start_offset;
    if (!epoch_committed || majority_end <= high_watermark_) {
        return;
    }
    const bool first = high_watermark_ <= leader.epoch_start_offset;
    high_watermark_ = majority_end;
    effects.high_watermark = majority_end;
    if (first) {
        effects.activate = state_.epoch;
    }
}

}  // namespace hw::replication
