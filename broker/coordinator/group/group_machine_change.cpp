// The part of GroupMachine for groups that change between the classic and the consumer protocol.
//
// The group of the other protocol is made when the change is decided, because more may be decided
// with it. Until the records are applied, the group has both; if these are refused, it goes again.

#include <chrono>
#include <expected>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/coordinator/classic/classic_answers.h"
#include "broker/coordinator/consumer/consumer_records.h"
#include "broker/coordinator/group/group_machine.h"
#include "broker/coordinator/group/group_records.h"
#include "broker/coordinator/group/protocol_change.h"
#include "protocol/base/assert.h"

namespace hw::broker {

using wire::ErrorCode;

namespace {

/// Memory of the largest group that changes. One batch must have room for it, and it is decoded in
/// the guard.
constexpr std::int64_t kMostChanged = std::int64_t{4} << 20;

/// Tells clients that wait in a group which has changed its protocol to join again.
void tell_to_rejoin(const ClassicWaiting& waiting, Decision& decision) {
    for (const auto& [member, call] : waiting.joins) {
        call->result = {.code = ErrorCode::rebalance_in_progress};
        call->result.member = member;
        decision.answers.push_back(call);
    }
    for (const SyncCall& call : waiting.syncs) {
        call->result = {.code = ErrorCode::rebalance_in_progress};
        decision.answers.push_back(call);
    }
}

}  // namespace

// --- To the consumer protocol

/// The records that make it a consumer group, or why it cannot become one.
std::expected<CoordinatorRecords, std::string> GroupMachine::upgrade_records(Groups::iterator group,
                                                                             Timestamp wall) const {
    const ClassicGroup& classic = *group->second.classic;
    const std::size_t size = classic.members().size();
    if (size == 0) {
        // Epochs go on where generations have ended.
        CoordinatorRecords records;
        if (classic.generation() > 0) {
            records.push_back(group_epoch_record(group->first, classic.generation(), 0));
        }
        return records;
    }
    if (!options_.migration.may_upgrade) {
        return std::unexpected("group.consumer.migration.policy does not let it change");
    }
    if (size > options_.consumer.max_size) {
        return std::unexpected(fmt::format("it has {} members, and group.consumer.max.size is {}",
                                           size, options_.consumer.max_size));
    }
    if (classic.bytes() > kMostChanged) {
        return std::unexpected(fmt::format("its members say {} bytes, and at most {} can change",
                                           classic.bytes(), kMostChanged));
    }
    auto records = topics_.image() == nullptr
                       ? std::nullopt
                       : to_consumer_group(group->first, classic, *topics_.image(), wall,
                                           options_.consumer.mutants);
    if (!records) {
        return std::unexpected("what its members say cannot be read as that of consumers");
    }
    return std::move(*records);
}

/// A member of the consumer protocol joins a group of the classic one.
ConsumerAnswer GroupMachine::upgrade(Groups::iterator group, const ConsumerHeartbeat& beat,
                                     const Moment& at, Decision& decision) {
    auto records = upgrade_records(group, at.wall);
    if (!records) {
        return {.code = ErrorCode::group_id_not_found,
                .message = fmt::format("Group {} is not a consumer group: its members use the "
                                       "classic protocol, and {}.",
                                       group->first, records.error())};
    }
    for (const auto& record : *records) {
        const auto applied = apply(record.key(), record.value());
        HW_ASSERT(applied.has_value());
    }
    see_configs(consumer(group));
    ConsumerAnswer answer = consumer(group).heartbeat(beat, topics_, at, decision);
    if (answer.code != ErrorCode::none) {
        group->second.consumer.reset();
        return answer;
    }
    records->insert(records->begin(), classic_tombstone(group->first));
    records->insert(records->end(), std::make_move_iterator(decision.records.begin()),
                    std::make_move_iterator(decision.records.end()));
    decision.records = std::move(*records);
    decision.then.push_back([group, now = at.now, waiting = group->second.classic->waiting()](
                                const wire::Refusal* refused, Decision& after) {
        if (refused != nullptr) {
            group->second.consumer.reset();
            return;
        }
        group->second.consumer->begin_sessions(now);
        tell_to_rejoin(waiting, after);
    });
    return answer;
}

// --- To the classic protocol

/// A member of the classic protocol joins a consumer group that has no members.
void GroupMachine::begin_classic(Groups::iterator group, ClassicJoin join, const Moment& at,
                                 Decision& decision) {
    const auto refuse_with = [&](ErrorCode code) {
        JoinAnswer answer{.code = code};
        answer.member = join.member;
        refuse(std::move(join.call), std::move(answer), decision);
    };
    if (!join.member.empty()) {
        return refuse_with(ErrorCode::unknown_member_id);
    }
    if (join.protocol_type.empty() || join.protocols.empty()) {
        return refuse_with(ErrorCode::inconsistent_group_protocol);
    }
    const ConsumerGroup& before = *group->second.consumer;
    // Generations go on where epochs have ended.
    const ClassicRecord empty{.protocol_type = std::string(join.protocol_type),
                              .generation = before.epoch(),
                              .protocol = {},
                              .leader = {},
                              .state_since = at.wall,
                              .members = {}};
    before.remove(decision.records);
    decision.records.push_back(classic_record(group->first, empty));
    decision.then.push_back([this, at, name = group->first, join = std::move(join)](
                                const wire::Refusal* refused, Decision& after) mutable {
        if (refused != nullptr) {
            refuse(std::move(join.call), {.code = not_stored(*refused)}, after);
            return;
        }
        // Between the records, the group was gone.
        groups_.find(name)->second.classic->join(std::move(join), at.now, at.wall, after);
    });
    settle_later(group, decision);
}

bool GroupMachine::must_downgrade(const Group& group) const {
    return group.consumer != nullptr && group.classic == nullptr && group.consumer->is_classic() &&
           options_.migration.may_downgrade && topics_.image() != nullptr &&
           group.consumer->members().size() <= options_.classic.max_size;
}

/// The group has only members of the classic protocol. These join again, and one of them assigns.
void GroupMachine::downgrade(Groups::iterator group, TimePoint now, Timestamp wall,
                             Decision& decision) {
    const ConsumerGroup& before = *group->second.consumer;
    const ClassicRecord record =
        to_classic_group(before, *topics_.image(), wall, options_.consumer.mutants);
    before.remove(decision.records);
    decision.records.push_back(classic_record(group->first, record));
    // What it has when the record is applied stays: the record has but one protocol of a member.
    classic(group).apply(record);
    decision.then.push_back([group, now](const wire::Refusal* refused, Decision&) {
        constexpr Duration kPause = std::chrono::seconds(1);
        constexpr Duration kLongPause = std::chrono::minutes(10);
        Group& changed = group->second;
        if (refused != nullptr) {
            const bool is_too_large = refused->code == ErrorCode::invalid_commit_offset_size;
            changed.classic.reset();
            changed.change_at = now + (is_too_large ? kLongPause : kPause);
            return;
        }
        changed.classic->begin_sessions(now);
    });
    settle_later(group, decision);
}

}  // namespace hw::broker
