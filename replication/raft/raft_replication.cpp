#include <algorithm>

#include "replication/raft/raft_core.h"

namespace hw::replication {

using wire::ErrorCode;

// --- As the leader

FetchVerdict RaftCore::on_fetch(BrokerId replica, const RaftFetch& call, TimePoint now,
                                RaftEffects& effects) {
    const FetchVerdict verdict = check_fetch(call);
    if (verdict.error != ErrorCode::none || replica == options_.self.id) {
        return verdict;
    }
    note_progress(replica, verdict.diverging ? kNoOffset : call.offset, now, effects);
    return verdict;
}

FetchVerdict RaftCore::check_fetch(const RaftFetch& call) const {
    if (call.epoch < state_.epoch) {
        return {.error = ErrorCode::fenced_leader_epoch, .diverging = {}};
    }
    if (call.epoch > state_.epoch) {
        return {.error = ErrorCode::unknown_leader_epoch, .diverging = {}};
    }
    if (!leads()) {
        return {.error = ErrorCode::not_leader_or_follower, .diverging = {}};
    }
    if (call.offset < Offset(0)) {
        return {.error = ErrorCode::offset_out_of_range, .diverging = {}};
    }
    if (call.offset == Offset(0) && call.last_epoch <= LeaderEpoch(0)) {
        return {};  // an empty log
    }
    const LogEnd shared = log_.end_of(call.last_epoch);
    if (shared.epoch != call.last_epoch || shared.end_offset < call.offset) {
        return {.error = ErrorCode::none, .diverging = shared};
    }
    return {};
}

/// `end_offset` is -1 if the replica's log differs from that of the leader.
void RaftCore::note_progress(BrokerId replica, Offset end_offset, TimePoint now,
                             RaftEffects& effects) {
    auto& leader = std::get<Leader>(role_);
    const auto voter = leader.voters.find(replica);
    const bool is_voter = voter != leader.voters.end();
    if (!is_voter) {
        std::erase_if(leader.observers, [&](const auto& entry) {
            return now - entry.second.last_contact > kObserverTimeout;
        });
        if (replica < BrokerId(0) ||
            (!leader.observers.contains(replica) && leader.observers.size() >= kMaxObservers)) {
            return;
        }
    }
    ReplicaProgress& progress = is_voter ? voter->second : leader.observers[replica];
    const Offset leader_end = log_.end().end_offset;
    if (end_offset >= leader_end) {
        progress.last_caught_up = now;
    } else if (end_offset != kNoOffset && end_offset >= progress.leader_end_offset &&
               progress.end_offset != kNoOffset) {
        progress.last_caught_up = progress.last_contact;
    }
    progress.last_contact = now;
    progress.leader_end_offset = leader_end;
    if (end_offset == kNoOffset) {
        return;
    }
    progress.end_offset = end_offset;
    if (is_voter) {
        advance_high_watermark(effects);
    }
}

// --- As a follower or observer

Fetching* RaftCore::fetching() {
    if (auto* follower = std::get_if<Follower>(&role_)) {
        return &follower->fetching;
    }
    auto* observer = std::get_if<Observer>(&role_);
    return observer == nullptr ? nullptr : &observer->fetching;
}

void RaftCore::fetch_next(TimePoint now, RaftEffects& effects) {
    Fetching* fetching = this->fetching();
    if (fetching == nullptr || fetching->under_way || now < fetching->not_before ||
        (!log_.is_settled() && !options_.mutants.fetches_before_durable)) {
        return;
    }
    auto* observer = std::get_if<Observer>(&role_);
    if (observer != nullptr && observer->asked == kNoBroker) {
        ask_next_voter(*observer);
    }
    fetching->under_way = true;
    effects.fetch = RaftFetch{.to = observer == nullptr ? state_.leader : observer->asked,
                              .epoch = state_.epoch,
                              .offset = log_.end().end_offset,
                              .last_epoch = log_.end().epoch,
                              .high_watermark = high_watermark_,
                              .number = ++fetches_};
}

void RaftCore::ask_next_voter(Observer& observer) {
    const std::vector<Voter>& voters = options_.voters.voters();
    const auto next = std::ranges::find_if(
        voters, [&](const Voter& voter) { return voter.key.id > observer.asked; });
    observer.asked = next == voters.end() ? voters.front().key.id : next->key.id;
}

/// True if the role and the log that `call` was made for are still the present ones.
bool RaftCore::is_current(const RaftFetch& call) {
    const Fetching* fetching = this->fetching();
    const LogEnd end{.epoch = call.last_epoch, .end_offset = call.offset};
    const bool is_newest = (call.number == fetches_ && end == log_.end()) ||
                           (options_.mutants.takes_late_answers && log_.is_settled());
    if (fetching == nullptr || !fetching->under_way || call.epoch != state_.epoch || !is_newest) {
        return false;
    }
    const auto* observer = std::get_if<Observer>(&role_);
    return call.to == (observer == nullptr ? state_.leader : observer->asked);
}

bool RaftCore::on_fetch_answer(const RaftFetch& call, const RaftFetchAnswer& answer, TimePoint now,
                               RaftEffects& effects) {
    const bool was_current = is_current(call);
    if (was_current) {
        fetching()->under_way = false;
    }
    if (learn(answer.epoch, answer.leader, now, effects) || !was_current) {
        return false;
    }
    const bool is_of_leader = answer.epoch == state_.epoch && answer.leader == call.to;
    if (answer.error != ErrorCode::none || !is_of_leader) {
        take_fetch_error(answer, now, effects);
        return false;
    }
    if (auto* follower = std::get_if<Follower>(&role_)) {
        follower->fetch_deadline = now + options_.fetch_timeout;
        follower->has_fetched = true;
    }
    if (options_.mutants.trusts_watermark_early) {
        leader_high_watermark_ = answer.high_watermark;
        follow_high_watermark(effects);
    }
    if (answer.diverging) {
        take_divergence(*answer.diverging, now, effects);
        return false;
    }
    leader_high_watermark_ = answer.high_watermark;
    if (answer.has_records) {
        return true;
    }
    follow_high_watermark(effects);
    const bool has_news = effects.high_watermark.has_value();
    fetching()->not_before = has_news ? now : now + kFetchPause;
    fetch_next(now, effects);
    return false;
}

void RaftCore::take_fetch_error(const RaftFetchAnswer& answer, TimePoint now,
                                RaftEffects& effects) {
    const bool has_resigned = answer.error == ErrorCode::not_leader_or_follower &&
                              answer.epoch == state_.epoch && answer.leader == kNoBroker;
    if (std::holds_alternative<Follower>(role_) && has_resigned) {
        lose_leader(now + random_part(options_.election_timeout), effects);
        return;
    }
    fetching()->not_before = now + kFetchPause;
    if (auto* observer = std::get_if<Observer>(&role_)) {
        state_.leader = kNoBroker;
        ask_next_voter(*observer);
    }
}

void RaftCore::take_divergence(const LogEnd& diverging, TimePoint now, RaftEffects& effects) {
    const Offset offset = log_.truncation_offset(diverging);
    const bool may_remove = offset >= high_watermark_ || options_.mutants.truncates_committed;
    if (may_remove && offset < log_.end().end_offset) {
        log_.begin_truncation(offset);
        effects.truncate = offset;
        return;
    }
    if (offset < high_watermark_) {
        effects.refused_truncation = offset;
    }
    fetching()->not_before = now + options_.fetch_timeout / 2;
}

void RaftCore::on_fetch_failed(const RaftFetch& call, FetchFailure failure, TimePoint now) {
    if (!is_current(call)) {
        return;
    }
    fetching()->under_way = false;
    fetching()->not_before = now + kFetchPause;
    if (auto* observer = std::get_if<Observer>(&role_)) {
        state_.leader = kNoBroker;
        ask_next_voter(*observer);
    } else if (failure == FetchFailure::refused) {
        // All followers notice this at the same time. If all stood at once, none would win.
        role_ = Unattached{now + random_part(options_.election_timeout / 5)};
    }
}

void RaftCore::on_bad_records(TimePoint now) {
    if (Fetching* fetching = this->fetching()) {
        fetching->not_before = now + options_.fetch_timeout / 2;
    }
}

}  // namespace hw::replication
