#include "replication/raft/raft_core.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::replication {

RaftCore::RaftCore(RaftOptions options, ElectionState persisted, LogPositions log, Random random)
    : options_(std::move(options)), state_(persisted), log_(std::move(log)), random_(random) {
    HW_ASSERT(options_.voters.size() > 0);
}

void RaftCore::start(TimePoint now, RaftEffects& effects) {
    // If the log has a newer epoch than quorum-state, the leader of that epoch is not known. A node
    // that led its epoch before leads it no longer: records of it may not have become durable.
    if (log_.end().epoch > state_.epoch) {
        state_ = {.epoch = log_.end().epoch, .leader = kNoBroker, .voted = {}};
    }
    if (is_other_voter(state_.leader)) {
        become_follower(state_.epoch, state_.leader, now, effects);
        return;
    }
    state_.leader = kNoBroker;
    if (!is_voter()) {
        role_ = Observer{};
        fetch_next(now, effects);
        return;
    }
    const bool is_alone = options_.voters.size() == 1;
    role_ = Unattached{is_alone ? now : now + random_part(options_.election_timeout)};
    on_time(now, effects);
}

void RaftCore::on_time(TimePoint now, RaftEffects& effects) {
    if (now < next_deadline()) {
        return;
    }
    if (std::holds_alternative<Leader>(role_)) {
        on_time_as_leader(now, effects);
    } else if (std::holds_alternative<Resigned>(role_)) {
        lose_leader(now + random_part(options_.election_timeout), effects);
    } else if (std::holds_alternative<Observer>(role_)) {
        fetch_next(now, effects);
    } else if (const auto* follower = std::get_if<Follower>(&role_)) {
        if (now < follower->fetch_deadline) {
            fetch_next(now, effects);
        } else {
            become_prospective(now, effects);
        }
    } else if (std::holds_alternative<Prospective>(role_) && state_.leader != kNoBroker) {
        // The others would not vote, because they hear the leader: so this node tries again, too.
        become_follower(state_.epoch, state_.leader, now, effects);
    } else {
        become_prospective(now, effects);
    }
}

TimePoint RaftCore::next_deadline() const {
    const auto when_fetching = [this](const Fetching& fetching) {
        return fetching.under_way || !log_.is_settled() ? kNever : fetching.not_before;
    };
    if (const auto* leader = std::get_if<Leader>(&role_)) {
        return std::min(quorum_deadline(*leader), leader->announce_deadline);
    }
    if (const auto* follower = std::get_if<Follower>(&role_)) {
        return std::min(follower->fetch_deadline, when_fetching(follower->fetching));
    }
    if (const auto* observer = std::get_if<Observer>(&role_)) {
        return when_fetching(observer->fetching);
    }
    if (const auto* unattached = std::get_if<Unattached>(&role_)) {
        return unattached->election_deadline;
    }
    if (const auto* prospective = std::get_if<Prospective>(&role_)) {
        return prospective->election_deadline;
    }
    if (const auto* candidate = std::get_if<Candidate>(&role_)) {
        return candidate->election_deadline;
    }
    return std::get<Resigned>(role_).election_deadline;
}

void RaftCore::resign(TimePoint now, RaftEffects& effects) {
    if (leads() && options_.voters.size() > 1) {
        become_resigned(now, effects);
    }
}

// --- Roles

Duration RaftCore::random_part(Duration whole) {
    return Duration(
        static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(whole.count()) + 1)));
}

void RaftCore::leave_role(RaftEffects& effects) const {
    if (leads()) {
        effects.resign = state_.epoch;
    }
}

void RaftCore::become_unattached(LeaderEpoch epoch, TimePoint now, RaftEffects& effects) {
    leave_role(effects);
    state_ = {.epoch = epoch, .leader = kNoBroker, .voted = {}};
    effects.persist = state_;
    leader_high_watermark_ = Offset(0);
    if (is_voter()) {
        role_ =
            Unattached{now + options_.election_timeout + random_part(options_.election_timeout)};
    } else {
        role_ = Observer{};
        fetch_next(now, effects);
    }
}

void RaftCore::lose_leader(TimePoint deadline, RaftEffects& effects) {
    leave_role(effects);
    state_.leader = kNoBroker;
    leader_high_watermark_ = Offset(0);
    role_ = Unattached{deadline};
}

void RaftCore::become_prospective(TimePoint now, RaftEffects& effects) {
    const bool is_last_epoch = state_.epoch.value() == std::numeric_limits<std::int32_t>::max();
    if (!log_.is_settled() || is_last_epoch) {
        role_ = Unattached{now + (is_last_epoch ? options_.fetch_timeout : kUnsettledPause)};
        return;
    }
    leader_high_watermark_ = Offset(0);
    const Duration patience = options_.election_timeout + random_part(options_.election_timeout);
    role_ = Prospective{.votes = {.granted = {options_.self.id}, .refused = {}},
                        .election_deadline = now + patience};
    if (options_.voters.majority() == 1) {
        become_candidate(now, effects);
        return;
    }
    call_other_voters(VoteCall{.kind = VoteKind::pre_vote,
                               .epoch = state_.epoch,
                               .candidate = options_.self.id,
                               .log = log_.end()},
                      effects);
}

void RaftCore::become_candidate(TimePoint now, RaftEffects& effects) {
    const bool reuses = options_.mutants.reuses_epoch && state_.voted.id == options_.self.id;
    state_ = {
        .epoch = state_.epoch + (reuses ? 0 : 1), .leader = kNoBroker, .voted = options_.self};
    effects.persist = state_;
    const Duration patience = options_.election_timeout + random_part(options_.election_timeout);
    role_ = Candidate{.votes = {.granted = {options_.self.id}, .refused = {}},
                      .election_deadline = now + patience};
    if (options_.voters.majority() == 1) {
        become_leader(now, effects);
        return;
    }
    call_other_voters(VoteCall{.kind = VoteKind::vote,
                               .epoch = state_.epoch,
                               .candidate = options_.self.id,
                               .log = log_.end()},
                      effects);
}

void RaftCore::become_leader(TimePoint now, RaftEffects& effects) {
    Leader leader{.epoch_start_offset = log_.end().end_offset,
                  .granted = std::get<Candidate>(role_).votes.granted,
                  .voters = {},
                  .observers = {},
                  .announce_deadline = now};
    LeaderChange change{.epoch = state_.epoch,
                        .leader = options_.self.id,
                        .voters = {},
                        .granting_voters = leader.granted};
    for (const Voter& voter : options_.voters.voters()) {
        change.voters.insert(voter.key.id);
        if (voter.key.id != options_.self.id) {
            leader.voters.emplace(voter.key.id, ReplicaProgress{.last_contact = now});
        }
    }
    state_.leader = options_.self.id;
    effects.persist = state_;
    effects.append = std::move(change);
    announce(leader, now, effects);
    role_ = std::move(leader);
}

void RaftCore::become_resigned(TimePoint now, RaftEffects& effects) {
    call_other_voters(
        EndEpochCall{.epoch = state_.epoch, .leader = options_.self.id, .successors = successors()},
        effects);
    leave_role(effects);
    state_.leader = kNoBroker;
    role_ = Resigned{now + options_.election_timeout + random_part(options_.election_timeout)};
}

void RaftCore::become_follower(LeaderEpoch epoch, BrokerId leader, TimePoint now,
                               RaftEffects& effects) {
    leave_role(effects);
    const ReplicaKey voted = epoch == state_.epoch ? state_.voted : ReplicaKey();
    const ElectionState next{.epoch = epoch, .leader = leader, .voted = voted};
    if (next != state_) {
        state_ = next;
        effects.persist = state_;
    }
    leader_high_watermark_ = Offset(0);
    if (is_voter()) {
        role_ = Follower{.fetch_deadline = now + options_.fetch_timeout,
                         .has_fetched = false,
                         .fetching = {.under_way = false, .not_before = now}};
    } else {
        role_ = Observer{.asked = leader, .fetching = {.under_way = false, .not_before = now}};
    }
    fetch_next(now, effects);
}

// --- The leader's duties

void RaftCore::announce(Leader& leader, TimePoint now, RaftEffects& effects) const {
    const Duration pause = options_.fetch_timeout / 2;
    for (const auto& [id, progress] : leader.voters) {
        if (progress.end_offset == kNoOffset || now - progress.last_contact >= pause) {
            effects.calls.push_back({id, BeginEpochCall{state_.epoch, options_.self.id}});
        }
    }
    leader.announce_deadline = leader.voters.empty() ? kNever : now + pause;
}

TimePoint RaftCore::quorum_deadline(const Leader& leader) const {
    // This node is one of the majority.
    const std::size_t others = options_.voters.majority() - 1;
    if (others == 0 || options_.mutants.leads_without_majority) {
        return kNever;
    }
    std::vector<TimePoint> contacts;
    for (const auto& [id, progress] : leader.voters) {
        contacts.push_back(progress.last_contact);
    }
    std::ranges::sort(contacts, std::greater<>());
    return contacts[others - 1] + options_.fetch_timeout * 3 / 2;
}

void RaftCore::on_time_as_leader(TimePoint now, RaftEffects& effects) {
    auto& leader = std::get<Leader>(role_);
    if (now >= quorum_deadline(leader)) {
        become_resigned(now, effects);
    } else {
        announce(leader, now, effects);
    }
}

std::vector<BrokerId> RaftCore::successors() const {
    std::vector<std::pair<Offset, BrokerId>> ends;
    for (const auto& [id, progress] : std::get<Leader>(role_).voters) {
        ends.emplace_back(progress.end_offset, id);
    }
    std::ranges::sort(ends, std::greater<>());
    std::vector<BrokerId> ids;
    for (const auto& [end_offset, id] : ends) {
        ids.push_back(id);
    }
    return ids;
}

// --- The own log and the high watermark

void RaftCore::on_staged(LeaderEpoch epoch, Offset end_offset) {
    log_.add(epoch, end_offset);
}

void RaftCore::on_durable(Offset end_offset, TimePoint now, RaftEffects& effects) {
    log_.set_durable(end_offset);
    if (leads()) {
        advance_high_watermark(effects);
        return;
    }
    follow_high_watermark(effects);
    fetch_next(now, effects);
}

void RaftCore::on_truncated(Offset end_offset, TimePoint now, RaftEffects& effects) {
    log_.end_truncation(end_offset);
    fetch_next(now, effects);
}

void RaftCore::advance_high_watermark(RaftEffects& effects) {
    const auto& leader = std::get<Leader>(role_);
    std::vector<Offset> ends{options_.mutants.counts_before_durable ? log_.end().end_offset
                                                                    : log_.durable_end_offset()};
    for (const auto& [id, progress] : leader.voters) {
        ends.push_back(progress.end_offset);
    }
    std::ranges::sort(ends, std::greater<>());
    const Offset majority_end = ends[options_.voters.majority() - 1];
    // Records of earlier epochs are committed only together with one of this epoch (Raft 5.4.2).
    const bool is_of_epoch =
        majority_end > leader.epoch_start_offset || options_.mutants.commits_old_epoch;
    if (!is_of_epoch || majority_end <= high_watermark_) {
        return;
    }
    const bool is_first =
        high_watermark_ <= leader.epoch_start_offset && majority_end > leader.epoch_start_offset;
    high_watermark_ = majority_end;
    effects.high_watermark = majority_end;
    if (is_first) {
        effects.activate = state_.epoch;
    }
}

void RaftCore::follow_high_watermark(RaftEffects& effects) {
    const Offset end = std::min(leader_high_watermark_, log_.durable_end_offset());
    if (end > high_watermark_) {
        high_watermark_ = end;
        effects.high_watermark = end;
    }
}

}  // namespace hw::replication
