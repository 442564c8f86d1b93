#include <algorithm>
#include <cstdint>

#include "replication/raft/raft_core.h"

namespace hw::replication {

using wire::ErrorCode;

namespace {

/// Epochs that a voter can have missed while it was down: one election a second for half a year.
constexpr std::int64_t kMaxEpochStep = 1 << 24;

}  // namespace

bool RaftCore::is_plausible(LeaderEpoch epoch) const {
    return std::int64_t{epoch.value()} - state_.epoch.value() <= kMaxEpochStep;
}

EpochAnswer RaftCore::answer(ErrorCode error) const {
    return {.error = error, .epoch = state_.epoch, .leader = state_.leader, .vote_granted = false};
}

EpochAnswer RaftCore::on_vote(const VoteCall& call, TimePoint now, RaftEffects& effects) {
    if (!is_voter() || !is_other_voter(call.candidate)) {
        return answer(ErrorCode::inconsistent_voter_set);
    }
    if (!is_plausible(call.epoch)) {
        return answer(ErrorCode::invalid_request);
    }
    if (call.epoch < state_.epoch) {
        return answer(ErrorCode::fenced_leader_epoch);
    }
    // A candidate leads no epoch yet in which records could be.
    const bool is_contradictory =
        call.log.end_offset > Offset(0) &&
        (call.kind == VoteKind::vote ? call.log.epoch >= call.epoch : call.log.epoch > call.epoch);
    if (is_contradictory) {
        return answer(ErrorCode::invalid_request);
    }
    if (call.epoch > state_.epoch) {
        become_unattached(call.epoch, now, effects);
    }
    EpochAnswer verdict = answer(ErrorCode::none);
    verdict.vote_granted = would_vote_for(call);
    if (verdict.vote_granted && call.kind == VoteKind::vote) {
        const ReplicaKey voted{.id = call.candidate, .directory = {}};
        if (state_.voted != voted) {
            state_.voted = voted;
            if (!options_.mutants.forgets_vote) {
                effects.persist = state_;
            }
        }
        role_ =
            Unattached{now + options_.election_timeout + random_part(options_.election_timeout)};
    }
    return verdict;
}

bool RaftCore::would_vote_for(const VoteCall& call) const {
    const bool has_all = call.log >= log_.end() || options_.mutants.votes_for_short_log;
    const bool is_free =
        std::holds_alternative<Unattached>(role_) || std::holds_alternative<Prospective>(role_);
    if (call.kind == VoteKind::pre_vote) {
        const auto* follower = std::get_if<Follower>(&role_);
        const bool hears_leader = leads() || (follower != nullptr && follower->has_fetched);
        return (has_all && !hears_leader) || options_.mutants.grants_any_pre_vote;
    }
    if (!is_free || state_.leader != kNoBroker) {
        return false;
    }
    if (state_.voted.id == kNoBroker || options_.mutants.votes_twice) {
        return has_all;
    }
    return state_.voted.id == call.candidate;
}

EpochAnswer RaftCore::on_begin_epoch(const BeginEpochCall& call, TimePoint now,
                                     RaftEffects& effects) {
    if (!is_voter() || !is_other_voter(call.leader)) {
        return answer(ErrorCode::inconsistent_voter_set);
    }
    if (!is_plausible(call.epoch)) {
        return answer(ErrorCode::invalid_request);
    }
    if (call.epoch < state_.epoch) {
        return answer(ErrorCode::fenced_leader_epoch);
    }
    const bool is_same = call.epoch == state_.epoch && state_.leader == call.leader;
    if (is_same && std::holds_alternative<Follower>(role_)) {
        return answer(ErrorCode::none);
    }
    const bool contradicts = call.epoch == state_.epoch && (state_.leader != kNoBroker && !is_same);
    if (contradicts || (call.epoch == state_.epoch && std::holds_alternative<Resigned>(role_))) {
        return answer(ErrorCode::invalid_request);
    }
    become_follower(call.epoch, call.leader, now, effects);
    return answer(ErrorCode::none);
}

EpochAnswer RaftCore::on_end_epoch(const EndEpochCall& call, TimePoint now, RaftEffects& effects) {
    if (!is_voter() || !is_other_voter(call.leader)) {
        return answer(ErrorCode::inconsistent_voter_set);
    }
    if (!is_plausible(call.epoch)) {
        return answer(ErrorCode::invalid_request);
    }
    if (call.epoch < state_.epoch) {
        return answer(ErrorCode::fenced_leader_epoch);
    }
    if (call.epoch > state_.epoch) {
        become_unattached(call.epoch, now, effects);
    }
    if (state_.leader != kNoBroker && state_.leader != call.leader) {
        return answer(ErrorCode::invalid_request);
    }
    const bool is_free = std::holds_alternative<Unattached>(role_) ||
                         std::holds_alternative<Prospective>(role_) ||
                         std::holds_alternative<Follower>(role_);
    if (!is_free) {
        return answer(ErrorCode::none);
    }
    const auto place = std::ranges::find(call.successors, options_.self.id);
    // The first successor stands at once. Each of the others gives those before it some time.
    const auto before = std::min<std::ptrdiff_t>(
        place - call.successors.begin(), static_cast<std::ptrdiff_t>(options_.voters.size()));
    const Duration pause = options_.election_timeout / 2 * before;
    lose_leader(before == 0 ? now : now + pause + random_part(options_.election_timeout), effects);
    if (before == 0) {
        become_prospective(now, effects);
    }
    return answer(ErrorCode::none);
}

void RaftCore::on_answer(const RaftCall& call, const EpochAnswer& answer, TimePoint now,
                         RaftEffects& effects) {
    if (learn(answer.epoch, answer.leader, now, effects)) {
        return;
    }
    if (const auto* vote = std::get_if<VoteCall>(&call.body)) {
        count_vote(call.to, *vote, answer, now, effects);
    }
}

void RaftCore::on_no_answer(const RaftCall& call, TimePoint now, RaftEffects& effects) {
    if (const auto* vote = std::get_if<VoteCall>(&call.body)) {
        count_vote(call.to, *vote, answer(ErrorCode::none), now, effects);
    }
}

/// Takes what another node says of epoch and leader. True if this node has changed its role.
bool RaftCore::learn(LeaderEpoch epoch, BrokerId leader, TimePoint now, RaftEffects& effects) {
    const bool names_leader = is_other_voter(leader);
    if (!is_plausible(epoch)) {
        return false;
    }
    if (epoch > state_.epoch) {
        if (names_leader) {
            become_follower(epoch, leader, now, effects);
        } else {
            become_unattached(epoch, now, effects);
        }
        return true;
    }
    const bool is_free =
        std::holds_alternative<Unattached>(role_) || std::holds_alternative<Prospective>(role_) ||
        std::holds_alternative<Candidate>(role_) || std::holds_alternative<Observer>(role_);
    if (epoch == state_.epoch && names_leader && state_.leader == kNoBroker && is_free) {
        become_follower(epoch, leader, now, effects);
        return true;
    }
    return false;
}

void RaftCore::count_vote(BrokerId from, const VoteCall& call, const EpochAnswer& answer,
                          TimePoint now, RaftEffects& effects) {
    auto* prospective = std::get_if<Prospective>(&role_);
    auto* candidate = std::get_if<Candidate>(&role_);
    const bool is_awaited =
        call.epoch == state_.epoch &&
        (call.kind == VoteKind::pre_vote ? prospective != nullptr : candidate != nullptr);
    if (!is_awaited) {
        return;
    }
    Votes& votes = prospective != nullptr ? prospective->votes : candidate->votes;
    const bool is_granted = answer.vote_granted && answer.error == ErrorCode::none;
    (is_granted ? votes.granted : votes.refused).insert(from);
    if (votes.granted.size() >= options_.voters.majority()) {
        if (prospective != nullptr) {
            become_candidate(now, effects);
        } else {
            become_leader(now, effects);
        }
        return;
    }
    const bool is_lost = options_.voters.size() - votes.refused.size() < options_.voters.majority();
    if (is_lost) {
        TimePoint& deadline =
            prospective != nullptr ? prospective->election_deadline : candidate->election_deadline;
        deadline =
            std::min(deadline, now + kFetchPause + random_part(options_.election_timeout / 4));
    }
}

void RaftCore::call_other_voters(const std::variant<VoteCall, BeginEpochCall, EndEpochCall>& body,
                                 RaftEffects& effects) const {
    for (const Voter& voter : options_.voters.voters()) {
        if (voter.key.id != options_.self.id) {
            effects.calls.push_back({voter.key.id, body});
        }
    }
}

}  // namespace hw::replication
