#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "broker/coordinator/classic/classic_answers.h"
#include "broker/coordinator/group/group_machine.h"
#include "broker/coordinator/group/group_records.h"

namespace hw::broker {

using wire::ErrorCode;

// --- Members of the classic protocol

bool GroupMachine::has_room(std::string_view group, const ClassicJoin& join) const {
    const Group* const found = find(group);
    std::int64_t known = 0;
    if (found != nullptr && found->classic != nullptr) {
        known = found->classic->bytes_of(join.member);
    } else if (found != nullptr && found->consumer != nullptr) {
        known = found->consumer->bytes_of(join.member);
    }
    const std::int64_t grows = ClassicGroup::bytes_of(join) - known;
    // Members of a group that exists must always be able to rebalance it.
    return (known > 0 && grows <= 0) || has_room(grows + (found == nullptr ? kGroupMemory : 0));
}

void GroupMachine::join(std::string_view group, ClassicJoin join, const Image& image,
                        const Moment& at, Decision& decision) {
    topics_.see(image);
    if (!join.member.empty() && !groups_.contains(group)) {
        join.call->result.code = ErrorCode::unknown_member_id;
        join.call->result.member = join.member;
        decision.answers.push_back(std::move(join.call));
        return;
    }
    if (!has_room(group, join)) {
        join.call->result.code = ErrorCode::coordinator_not_available;
        join.call->result.member = join.member;
        decision.answers.push_back(std::move(join.call));
        return;
    }
    const auto found = this->at(group);
    ConsumerGroup* const consumer = found->second.consumer.get();
    if (consumer == nullptr) {
        classic(found).join(std::move(join), at.now, at.wall, decision);
        settle(found, decision);
    } else if (consumer->members().empty()) {
        begin_classic(found, std::move(join), at, decision);
    } else {
        consumer->join(std::move(join), topics_, at, decision);
        ask_worker_later(found, at.now, decision);
        settle_later(found, decision);
    }
}

void GroupMachine::sync(std::string_view group, ClassicSync sync, const Image& image,
                        const Moment& at, Decision& decision) {
    topics_.see(image);
    const auto found = groups_.find(group);
    if (found != groups_.end() && found->second.classic != nullptr) {
        found->second.classic->sync(std::move(sync), at.now, at.wall, decision);
    } else if (found != groups_.end() && found->second.consumer != nullptr) {
        found->second.consumer->sync(std::move(sync), topics_, at.now, decision);
    } else {
        sync.call->result.code = ErrorCode::unknown_member_id;
        decision.answers.push_back(std::move(sync.call));
        return;
    }
    settle(found, decision);
}

ErrorCode GroupMachine::heartbeat(std::string_view group, const ClassicBeat& beat,
                                  const Image& image, TimePoint now) {
    topics_.see(image);
    const auto found = groups_.find(group);
    ErrorCode code = ErrorCode::unknown_member_id;
    if (found != groups_.end() && found->second.classic != nullptr) {
        code = found->second.classic->heartbeat(beat.member, beat.instance, beat.generation, now);
        settle(found);
    } else if (found != groups_.end() && found->second.consumer != nullptr) {
        code = found->second.consumer->heartbeat(beat, topics_, now);
        settle(found);
    }
    return code;
}

void GroupMachine::leave(std::string_view group, std::span<const LeavingMember> members,
                         LeaveCall call, const Moment& at, Decision& decision) {
    const auto found = groups_.find(group);
    if (found != groups_.end() && found->second.classic != nullptr) {
        // They have left, also if it cannot be stored that the group is empty.
        call->result = found->second.classic->leave(members, at.now, at.wall, decision);
        settle(found, decision);
    } else if (found != groups_.end() && found->second.consumer != nullptr) {
        call->result = found->second.consumer->leave(members, at.wall, decision);
        decision.then.push_back([call](const wire::Refusal* refused, Decision&) {
            if (refused != nullptr) {
                std::ranges::replace(call->result, ErrorCode::none, not_stored(*refused));
            }
        });
        settle_later(found, decision);
    } else {
        call->result = std::vector(members.size(), ErrorCode::unknown_member_id);
    }
    decision.answers.push_back(std::move(call));
}

// --- Members of the consumer protocol

ConsumerAnswer GroupMachine::heartbeat(std::string_view group, const ConsumerHeartbeat& beat,
                                       const Image& image, const Moment& at, Decision& decision) {
    topics_.see(image);
    const auto known = groups_.find(group);
    const bool is_known = known != groups_.end() && known->second.consumer != nullptr;
    if (!is_known && beat.epoch != kJoinEpoch) {
        return {.code = ErrorCode::unknown_member_id,
                .message = fmt::format("Group {} has no member {}.", group, beat.member)};
    }
    if (!has_room(group, beat)) {
        return {.code = ErrorCode::coordinator_not_available,
                .message =
                    "The coordinator has no memory for a further member "
                    "(highwater.memory.limit)."};
    }
    const auto found = this->at(group);
    ConsumerAnswer answer;
    if (found->second.classic != nullptr) {
        answer = upgrade(found, beat, at, decision);
    } else {
        see_configs(consumer(found));
        answer = consumer(found).heartbeat(beat, topics_, at, decision);
    }
    ask_worker_later(found, at.now, decision);
    settle_later(found, decision);
    return answer;
}

/// Asks what heartbeats should not wait for, as soon as all is decided.
void GroupMachine::ask_worker_later(Groups::iterator group, TimePoint now, Decision& decision) {
    if (!options_.ask_worker) {
        return;
    }
    if (decision.then.empty()) {
        ask_worker(group, now);
        return;
    }
    decision.then.push_back([this, name = group->first, now](const wire::Refusal*, Decision&) {
        if (const auto again = groups_.find(name); again != groups_.end()) {
            ask_worker(again, now);
        }
    });
}

void GroupMachine::ask_worker(Groups::iterator group, TimePoint now) {
    ConsumerGroup* const consumer = group->second.consumer.get();
    if (consumer == nullptr) {
        return;
    }
    if (auto question = consumer->take_question(topics_, now)) {
        options_.ask_worker(group->first, std::move(*question));
    }
}

void GroupMachine::take(std::string_view group, const GroupAnswer& answer, Timestamp wall,
                        Decision& decision) {
    const auto found = groups_.find(group);
    if (found == groups_.end() || found->second.consumer == nullptr) {
        return;
    }
    ConsumerGroup& consumer = *found->second.consumer;
    if (const auto* const resolved = std::get_if<ResolvedPatterns>(&answer)) {
        consumer.take(*resolved, topics_, wall, decision);
    } else {
        consumer.take(std::get<ComputedTargets>(answer), wall, decision);
    }
}

bool GroupMachine::has_room(std::string_view group, const ConsumerHeartbeat& beat) const {
    const Group* const found = find(group);
    const std::int64_t grows = found != nullptr && found->consumer != nullptr
                                   ? found->consumer->growth_by(beat)
                                   : ConsumerGroup::memory_for(beat);
    // Members of a group that exists must always be able to go on.
    return grows == 0 || has_room(grows + (found == nullptr ? kGroupMemory : 0));
}

ErrorCode GroupMachine::check_fetch(std::string_view group, std::string_view member,
                                    std::int32_t epoch) const {
    const Group* const found = find(group);
    if (epoch < 0 || found == nullptr || found->consumer == nullptr) {
        return ErrorCode::none;
    }
    const auto known = found->consumer->members().find(member);
    if (known == found->consumer->members().end()) {
        return ErrorCode::unknown_member_id;
    }
    return known->second.position.epoch == epoch ? ErrorCode::none : ErrorCode::stale_member_epoch;
}

}  // namespace hw::broker
