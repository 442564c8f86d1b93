#include "tools/perf/group_member.h"

#include <algorithm>
#include <utility>

#include "tools/client/group_coordinator.h"

namespace hw::perf {

using wire::ErrorCode;

bool PartitionOwners::take(std::uint32_t member, PartitionIndex partition) {
    std::uint32_t& owner = owners_[static_cast<std::size_t>(partition.value())];
    const std::uint32_t before = std::exchange(owner, member);
    owned_ += before == kNobody ? 1 : 0;
    return before != kNobody && before != member;
}

void PartitionOwners::release(std::uint32_t member, PartitionIndex partition) {
    std::uint32_t& owner = owners_[static_cast<std::size_t>(partition.value())];
    if (owner == member) {
        owner = kNobody;
        --owned_;
    }
}

void GroupMember::crash() {
    give_up_all();
    state_ = State::ended;
    due_ = kNever;
}

void GroupMember::leave(SteadyTime now) {
    state_ = State::leaving;
    schedule_step(now);
}

Result<RequestFrame> GroupMember::next_request(SteadyTime now) {
    if (due_is_heartbeat_ && now - due_ > interval_ / 10) {
        ++group_->tally.late;
    }
    sent_at_ = now;
    open_is_heartbeat_ = false;
    open_leaves_ = state_ == State::leaving;
    auto frame = open_leaves_ ? make_farewell() : make_request();
    is_open_ = true;
    return frame;
}

Result<void> GroupMember::on_answer(ByteView answer, SteadyTime now) {
    is_open_ = false;
    if (open_is_heartbeat_) {
        ++group_->tally.heartbeats;
        group_->tally.latency.add(now - sent_at_);
    }
    if (open_leaves_) {
        crash();
    }
    if (state_ == State::ended) {
        return {};
    }
    HW_TRY_VOID(take_answer(answer, now));
    if (state_ == State::leaving) {
        schedule_step(now);
    }
    return {};
}

Result<bool> GroupMember::own(std::vector<PartitionIndex> next) {
    std::ranges::sort(next);
    for (const PartitionIndex partition : next) {
        if (!group_->owners.has(partition)) {
            return fail(ErrorKind::corrupt,
                        "group '{}': assigned partition {}, but topic '{}' has {}", group_->name,
                        partition, plan().topic, plan().partitions);
        }
    }
    if (next == owned_) {
        return false;
    }
    for (const PartitionIndex partition : owned_) {
        if (!std::ranges::binary_search(next, partition)) {
            group_->owners.release(index_, partition);
        }
    }
    for (const PartitionIndex partition : next) {
        group_->tally.overlaps += group_->owners.take(index_, partition) ? 1 : 0;
    }
    owned_ = std::move(next);
    return true;
}

void GroupMember::give_up_all() {
    for (const PartitionIndex partition : owned_) {
        group_->owners.release(index_, partition);
    }
    owned_.clear();
    is_settled_ = false;
}

void GroupMember::on_removed() {
    give_up_all();
    ++group_->tally.removed;
    epoch_ = 0;
}

void GroupMember::schedule_heartbeat(SteadyTime from, client::Milliseconds interval) {
    due_is_heartbeat_ = true;
    interval_ = interval;
    due_ = from + interval;
}

void GroupMember::schedule_step(SteadyTime time) {
    due_is_heartbeat_ = false;
    due_ = time;
}

void GroupMember::retry_later(ErrorCode code, SteadyTime now) {
    ++group_->tally.refused[code];
    schedule_step(now + kRetryPause);
}

Error GroupMember::refusal(ErrorCode code, std::string_view message) const {
    return client::group_error(code, group_->name, message);
}

void GroupMember::set_epoch(std::int32_t epoch, SteadyTime now) {
    if (epoch != epoch_ && epoch_ > 0) {
        note_told(now);
    }
    epoch_ = epoch;
}

void GroupMember::note_told(SteadyTime now) {
    group_->told_at = group_->told_at.value_or(now);
}

}  // namespace hw::perf
