#include <utility>
#include <variant>

#include <fmt/format.h>

#include "broker/coordinator/group/group_machine.h"
#include "broker/coordinator/group/group_records.h"

namespace hw::broker {

using wire::ErrorCode;

// --- Members of classic groups

bool GroupMachine::has_room(std::string_view group, const ClassicJoin& join) const {
    const Group* const found = find(group);
    const std::int64_t known =
        found == nullptr || found->classic == nullptr ? 0 : found->classic->bytes_of(join.member);
    const std::int64_t grows = ClassicGroup::bytes_of(join) - known;
    // Members of a group that exists must always be able to rebalance it.
    return (known > 0 && grows <= 0) || has_room(grows + (found == nullptr ? kGroupMemory : 0));
}

void GroupMachine::join(std::string_view group, ClassicJoin join, TimePoint now, Timestamp wall,
                        Decision& decision) {
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
    const auto found = at(group);
    if (ConsumerGroup* const consumer = found->second.consumer.get()) {
        if (!consumer->members().empty()) {
            join.call->result.code = ErrorCode::inconsistent_group_protocol;
            join.call->result.member = join.member;
            decision.answers.push_back(std::move(join.call));
            return;
        }
        consumer->remove(decision.records);
    }
    classic(found).join(std::move(join), now, wall, decision);
    settle(found, decision);
}

void GroupMachine::sync(std::string_view group, ClassicSync sync, TimePoint now, Timestamp wall,
                        Decision& decision) {
    const auto found = groups_.find(group);
    if (found == groups_.end() || found->second.classic == nullptr) {
        sync.call->result.code = ErrorCode::unknown_member_id;
        decision.answers.push_back(std::move(sync.call));
        return;
    }
    found->second.classic->sync(std::move(sync), now, wall, decision);
    settle(found, decision);
}

ErrorCode GroupMachine::heartbeat(std::string_view group, std::string_view member,
                                  std::optional<std::string_view> instance, std::int32_t generation,
                                  TimePoint now) {
    const auto found = groups_.find(group);
    if (found == groups_.end() || found->second.classic == nullptr) {
        return ErrorCode::unknown_member_id;
    }
    const ErrorCode code = found->second.classic->heartbeat(member, instance, generation, now);
    settle(found);
    return code;
}

std::vector<ErrorCode> GroupMachine::leave(std::string_view group,
                                           std::span<const LeavingMember> members, TimePoint now,
                                           Timestamp wall, Decision& decision) {
    const auto found = groups_.find(group);
    if (found == groups_.end() || found->second.classic == nullptr) {
        return std::vector(members.size(), ErrorCode::unknown_member_id);
    }
    auto codes = found->second.classic->leave(members, now, wall, decision);
    settle(found, decision);
    return codes;
}

// --- Members of consumer groups

ConsumerAnswer GroupMachine::heartbeat(
    std::string_view group, const ConsumerHeartbeat& beat,
    const std::shared_ptr<const controller::MetadataImage>& image, const Moment& at,
    Decision& decision) {
    topics_.see(image);
    const auto known = groups_.find(group);
    const bool is_known = known != groups_.end() && known->second.consumer != nullptr;
    if (!is_known && beat.epoch != kJoinEpoch) {
        return {.code = ErrorCode::unknown_member_id,
                .message = fmt::format("Group {} has no member {}.", group, beat.member)};
    }
    if (!is_known && known != groups_.end() && known->second.classic != nullptr &&
        !known->second.classic->is_unused()) {
        return {.code = ErrorCode::group_id_not_found,
                .message = fmt::format("Group {} is not a consumer group: its members use the "
                                       "classic protocol.",
                                       group)};
    }
    if (!has_room(group, beat)) {
        return {.code = ErrorCode::coordinator_not_available,
                .message =
                    "The coordinator has no memory for a further member "
                    "(highwater.memory.limit)."};
    }
    const auto found = this->at(group);
    if (found->second.classic != nullptr) {
        decision.records.push_back(classic_tombstone(group));
    }
    ConsumerAnswer answer = consumer(found).heartbeat(beat, topics_, at, decision);
    if (options_.ask_worker) {
        decision.then.push_back(
            [this, name = found->first, now = at.now](const wire::Refusal*, Decision&) {
                const auto again = groups_.find(name);
                if (again == groups_.end() || again->second.consumer == nullptr) {
                    return;
                }
                if (auto question = again->second.consumer->take_question(topics_, now)) {
                    options_.ask_worker(name, std::move(*question));
                }
            });
    }
    settle_later(found, decision);
    return answer;
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
    const bool is_member = found != nullptr && found->consumer != nullptr &&
                           found->consumer->members().contains(beat.member);
    // Members of a group that exists must always be able to go on.
    return is_member ||
           has_room(ConsumerGroup::memory_for(beat) + (found == nullptr ? kGroupMemory : 0));
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
