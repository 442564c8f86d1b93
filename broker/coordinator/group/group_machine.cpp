#include "broker/coordinator/group/group_machine.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "broker/coordinator/group/group_records.h"
#include "broker/coordinator/group/java_string.h"
#include "protocol/schema/group_record.h"

namespace hw::broker {

using schema::OffsetCommitKey;
using schema::OffsetCommitRecord;
using schema::OffsetCommitValue;
using wire::ErrorCode;

namespace {

/// Decoded records take at most this many times their bytes.
constexpr std::size_t kMemoryFactor = 32;
constexpr std::size_t kSlack = 64 * 1024;

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

/// Memory of an offset, beside its texts, about.
constexpr std::int64_t kOffsetMemory = 160;

std::int64_t memory_of(std::string_view topic, std::string_view metadata) {
    // The name of a topic is kept once for all of its partitions, but counted for each.
    return kOffsetMemory + static_cast<std::int64_t>(topic.size() + metadata.size());
}

/// As long as it has not been decided that it has members, a group needs no record.
bool is_worth_keeping(const Group& group) {
    return !group.offsets.empty() ||
           (group.classic != nullptr &&
            (group.classic->generation() > 0 || !group.classic->is_unused())) ||
           group.consumer != nullptr;
}

}  // namespace

GroupMachine::~GroupMachine() {
    if (options_.memory != nullptr) {
        for (const auto& [name, group] : groups_) {
            options_.memory->change(-group.counted_bytes);
        }
    }
}

bool GroupMachine::has_room(std::int64_t bytes) const {
    return options_.memory == nullptr || options_.memory->has_room(bytes);
}

void GroupMachine::count(Groups::iterator group) {
    // The name is kept here, in the closure that makes records, and among the deadlines.
    constexpr std::int64_t kNames = 3;
    Group& changed = group->second;
    const std::int64_t bytes =
        kGroupMemory + kNames * static_cast<std::int64_t>(group->first.size()) +
        changed.offset_bytes + (changed.classic == nullptr ? 0 : changed.classic->bytes()) +
        (changed.consumer == nullptr ? 0 : changed.consumer->bytes());
    if (options_.memory != nullptr && bytes != changed.counted_bytes) {
        options_.memory->change(bytes - changed.counted_bytes);
        changed.counted_bytes = bytes;
    }
}

Result<void> GroupMachine::apply(ByteView key, record::NullableBytes value) {
    const std::size_t size = key.size() + (value ? value->size() : 0);
    arena_.reset(size * kMemoryFactor + kSlack);
    HW_TRY(decoded, schema::decode_group_record(key, value, arena_));
    std::visit(
        Overloaded{[this](const OffsetCommitRecord& record) { apply(record); },
                   [this](const schema::GroupMetadataRecord& record) { apply(record); },
                   [this](const schema::LegacyOffsetCommitRecord& record) {
                       const auto& key = record.key;
                       OffsetCommitRecord same{.key = {key.group, key.topic, key.partition},
                                               .value = {}};
                       if (record.value) {
                           same.value = OffsetCommitValue{
                               .offset = record.value->offset,
                               .metadata = record.value->metadata,
                               .commit_timestamp = record.value->commit_timestamp};
                       }
                       apply(same);
                   },
                   [this](const schema::ConsumerGroupMetadataRecord& record) { apply(record); },
                   [this](const schema::ConsumerGroupTargetAssignmentMetadataRecord& record) {
                       apply(record);
                   },
                   [this](const schema::ConsumerGroupMemberMetadataRecord& record) {
                       apply_to_members(record);
                   },
                   [this](const schema::ConsumerGroupTargetAssignmentMemberRecord& record) {
                       apply_to_members(record);
                   },
                   [this](const schema::ConsumerGroupCurrentMemberAssignmentRecord& record) {
                       apply_to_members(record);
                   },
                   [this](const schema::ConsumerGroupRegularExpressionRecord& record) {
                       apply_to_members(record);
                   },
                   [](const auto&) {}},
        decoded.record);
    return {};
}

GroupMachine::Groups::iterator GroupMachine::at(std::string_view group) {
    const auto found = groups_.find(group);
    return found != groups_.end() ? found : groups_.emplace(group, Group()).first;
}

ClassicGroup& GroupMachine::classic(Groups::iterator group) {
    auto& classic = group->second.classic;
    if (classic == nullptr) {
        classic = std::make_unique<ClassicGroup>(options_.classic,
                                                 [name = group->first](const ClassicRecord& state) {
                                                     return classic_record(name, state);
                                                 });
    }
    return *classic;
}

ConsumerGroup& GroupMachine::consumer(Groups::iterator group) {
    auto& consumer = group->second.consumer;
    if (consumer == nullptr) {
        consumer = std::make_unique<ConsumerGroup>(options_.consumer, group->first);
    }
    return *consumer;
}

void GroupMachine::settle(Groups::iterator group, Decision& decision) {
    if (!decision.then.empty()) {
        settle_later(group, decision);
    }
    settle(group);
}

void GroupMachine::settle_later(Groups::iterator group, Decision& decision) {
    if (decision.then.empty()) {
        settle(group);
        return;
    }
    decision.then.push_back([this, name = group->first](const auto*, Decision&) {
        if (const auto again = groups_.find(name); again != groups_.end()) {
            settle(again);
        }
    });
}

void GroupMachine::settle(Groups::iterator group) {
    Group& changed = group->second;
    if (changed.consumer != nullptr && changed.consumer->is_unused()) {
        changed.consumer.reset();  // the first member was refused
    }
    const bool is_kept = is_worth_keeping(changed);
    TimePoint next = kNever;
    if (is_kept && changed.classic != nullptr) {
        next = changed.classic->next_deadline();
    } else if (is_kept && changed.consumer != nullptr) {
        next = changed.consumer->next_deadline();
        next = must_downgrade(changed) ? std::min(next, changed.change_at) : next;
    }
    if (next != changed.check_at) {
        deadlines_.erase({changed.check_at, group->first});
        changed.check_at = next;
        if (next != kNever) {
            deadlines_.emplace(next, group->first);
        }
    }
    if (is_kept) {
        count(group);
        return;
    }
    if (options_.memory != nullptr) {
        options_.memory->change(-changed.counted_bytes);
    }
    groups_.erase(group);
}

void GroupMachine::apply(const schema::GroupMetadataRecord& record) {
    if (record.value) {
        const auto group = at(record.key.group);
        classic(group).apply(classic_record_of(*record.value));
        count(group);
        return;
    }
    if (const auto group = groups_.find(record.key.group); group != groups_.end()) {
        group->second.classic.reset();
        // Otherwise it becomes a consumer group with this decision.
        if (group->second.consumer == nullptr) {
            settle(group);
        }
    }
}

void GroupMachine::apply(const schema::ConsumerGroupMetadataRecord& record) {
    if (record.value) {
        const auto group = at(record.key.group_id);
        consumer(group).apply(*record.value);
        count(group);
        return;
    }
    if (const auto group = groups_.find(record.key.group_id); group != groups_.end()) {
        group->second.consumer.reset();
        if (group->second.classic == nullptr) {
            settle(group);
        }
    }
}

void GroupMachine::apply(const schema::ConsumerGroupTargetAssignmentMetadataRecord& record) {
    if (record.value) {
        consumer(at(record.key.group_id)).apply(*record.value);
    }
}

/// A record of one member of a consumer group, or of one pattern.
template <class Record>
void GroupMachine::apply_to_members(const Record& record) {
    const auto group = record.value ? at(record.key.group_id) : groups_.find(record.key.group_id);
    if (record.value) {
        consumer(group).apply(record);
        count(group);
    } else if (group != groups_.end() && group->second.consumer != nullptr) {
        group->second.consumer->apply(record);
        count(group);
    }
}

void GroupMachine::apply(const OffsetCommitRecord& record) {
    if (!record.value) {
        remove_offset(record.key);
        return;
    }
    const auto group = at(record.key.group);
    GroupOffsets& offsets = group->second.offsets;
    auto topic = offsets.find(record.key.topic);
    if (topic == offsets.end()) {
        topic = offsets.emplace(record.key.topic, GroupOffsets::mapped_type()).first;
    }
    const auto [place, is_new] = topic->second.try_emplace(record.key.partition);
    std::int64_t& bytes = group->second.offset_bytes;
    bytes -= is_new ? 0 : memory_of(topic->first, place->second.text());
    place->second = committed_offset_of(*record.value);
    bytes += memory_of(topic->first, place->second.text());
    count(group);
}

void GroupMachine::remove_offset(const OffsetCommitKey& key) {
    const auto group = groups_.find(key.group);
    if (group == groups_.end()) {
        return;
    }
    GroupOffsets& offsets = group->second.offsets;
    const auto topic = offsets.find(key.topic);
    if (topic == offsets.end()) {
        return;
    }
    if (const auto found = topic->second.find(key.partition); found != topic->second.end()) {
        group->second.offset_bytes -= memory_of(topic->first, found->second.text());
        topic->second.erase(found);
    }
    if (topic->second.empty()) {
        offsets.erase(topic);
    }
    settle(group);
}

void GroupMachine::on_active(TimePoint now) {
    for (auto group = groups_.begin(); group != groups_.end();) {
        const auto next = std::next(group);
        if (group->second.classic != nullptr) {
            group->second.classic->begin_sessions(now);
        }
        if (group->second.consumer != nullptr) {
            see_configs(*group->second.consumer);
            group->second.consumer->begin_sessions(now);
        }
        settle(group);
        group = next;
    }
}

void GroupMachine::on_deadline(TimePoint now, Timestamp wall, Decision& decision) {
    std::vector<std::string> due;
    for (const auto& [time, group] : deadlines_) {
        if (time > now) {
            break;
        }
        due.push_back(group);
    }
    for (const std::string& name : due) {
        const auto group = groups_.find(name);
        if (must_downgrade(group->second) && group->second.change_at <= now) {
            if (decision.records.empty() && decision.then.empty()) {
                return downgrade(group, now, wall, decision);
            }
            continue;  // alone, in a later decision: its records may be many
        }
        if (group->second.classic != nullptr) {
            group->second.classic->on_deadline(now, wall, decision);
        } else if (group->second.consumer != nullptr) {
            group->second.consumer->on_deadline({now, wall}, decision);
        }
        settle(group, decision);
    }
}

void GroupMachine::end_calls(const wire::Refusal& reason) {
    for (auto& [name, group] : groups_) {
        if (group.classic != nullptr) {
            group.classic->end_calls(reason);
        }
    }
}

const Group* GroupMachine::find(std::string_view group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

ErrorCode GroupMachine::check(const OffsetCommit& commit) const {
    const Group* const group = find(commit.group);
    if (group != nullptr && group->classic != nullptr) {
        return group->classic->check_commit(commit.member, commit.instance, commit.generation);
    }
    if (group != nullptr && group->consumer != nullptr) {
        return check(commit, *group->consumer);
    }
    if (commit.generation < 0) {
        return ErrorCode::none;
    }
    return group == nullptr ? ErrorCode::group_id_not_found : ErrorCode::unknown_member_id;
}

/// All offsets or none: what the member has missed concerns the whole commit.
ErrorCode GroupMachine::check(const OffsetCommit& commit, const ConsumerGroup& group) {
    const ErrorCode code = group.check_commit(commit.member, commit.generation);
    const bool may = std::ranges::all_of(commit.offsets, [&](const OffsetToCommit& offset) {
        return group.may_commit(commit.member, commit.generation, offset.topic_id,
                                offset.partition);
    });
    return code != ErrorCode::none || may ? code : ErrorCode::stale_member_epoch;
}

CoordinatorRecords GroupMachine::commit(const OffsetCommit& commit, TimePoint now,
                                        OffsetCommitResult& result) {
    result.refusal = check(commit);
    if (result.refusal != ErrorCode::none) {
        return {};
    }
    if (const auto group = groups_.find(commit.group);
        group != groups_.end() && group->second.classic != nullptr) {
        group->second.classic->on_commit(commit.member, now);
        settle(group);
    }
    CoordinatorRecords records;
    records.reserve(commit.offsets.size());
    result.offsets.reserve(commit.offsets.size());
    std::int64_t added = 0;
    for (const OffsetToCommit& offset : commit.offsets) {
        const ErrorCode code = check(commit, offset, added);
        result.offsets.push_back(code);
        if (code == ErrorCode::none) {
            records.push_back(offset_record(commit, offset));
        }
    }
    return records;
}

/// \param added  memory of the new offsets of this commit so far
ErrorCode GroupMachine::check(const OffsetCommit& commit, const OffsetToCommit& offset,
                              std::int64_t& added) const {
    // Few texts are that long in bytes, so that their units need to be counted.
    if (offset.metadata.size() > options_.offset_metadata_max &&
        java_length(offset.metadata) > options_.offset_metadata_max) {
        return ErrorCode::offset_metadata_too_large;
    }
    const std::int64_t bytes = memory_of(offset.topic, offset.metadata);
    if (options_.memory == nullptr || options_.memory->is_roomy(added + bytes)) {
        added += bytes;  // more than that, if the partition is known
        return ErrorCode::none;
    }
    const Group* const group = find(commit.group);
    const auto topic =
        group == nullptr ? GroupOffsets::const_iterator() : group->offsets.find(offset.topic);
    const bool is_known = group != nullptr && topic != group->offsets.end() &&
                          topic->second.contains(offset.partition);
    return is_known || has_room(added + bytes) ? ErrorCode::none
                                               : ErrorCode::coordinator_not_available;
}

std::vector<FetchedOffset> GroupMachine::fetch(std::string_view group,
                                               std::span<const NamedPartition> partitions) const {
    const Group* const found = find(group);
    std::vector<FetchedOffset> offsets;
    offsets.reserve(partitions.size());
    for (const NamedPartition& asked : partitions) {
        FetchedOffset& answer = offsets.emplace_back();
        answer.partition = asked.partition;
        if (found == nullptr) {
            continue;
        }
        const auto topic = found->offsets.find(asked.topic);
        if (topic == found->offsets.end()) {
            continue;
        }
        if (const auto at = topic->second.find(asked.partition); at != topic->second.end()) {
            answer.committed = at->second;
        }
    }
    return offsets;
}

std::vector<FetchedOffset> GroupMachine::fetch_all(std::string_view group) const {
    std::vector<FetchedOffset> offsets;
    if (const Group* const found = find(group)) {
        for (const auto& [topic, partitions] : found->offsets) {
            for (const auto& [partition, committed] : partitions) {
                offsets.push_back({topic, partition, committed});
            }
        }
    }
    return offsets;
}

CoordinatorRecords GroupMachine::remove(std::string_view group,
                                        std::span<const NamedPartition> partitions,
                                        OffsetCommitResult& result) const {
    const Group* const found = find(group);
    if (found == nullptr) {
        result.refusal = ErrorCode::group_id_not_found;
        return {};
    }
    const ClassicGroup* const classic = found->classic.get();
    const bool is_classic = classic != nullptr && classic->state() != ClassicState::empty;
    if (is_classic && !classic->is_of_consumers()) {
        result.refusal = ErrorCode::non_empty_group;
        return {};
    }
    const auto subscribed = is_classic ? classic->subscribed_topics() : std::nullopt;
    const auto is_subscribed = [&](std::string_view topic) {
        if (found->consumer != nullptr) {
            return found->consumer->subscribes(topic);
        }
        return is_classic && (!subscribed || subscribed->contains(topic));
    };
    CoordinatorRecords records;
    for (const NamedPartition& named : partitions) {
        if (is_subscribed(named.topic)) {
            result.offsets.push_back(ErrorCode::group_subscribed_to_topic);
            continue;
        }
        result.offsets.push_back(ErrorCode::none);
        const auto topic = found->offsets.find(named.topic);
        if (topic != found->offsets.end() && topic->second.contains(named.partition)) {
            records.push_back(offset_tombstone(group, named));
        }
    }
    return records;
}

CoordinatorRecords GroupMachine::remove(std::string_view group, ErrorCode& refusal) const {
    const Group* const found = find(group);
    if (found == nullptr) {
        refusal = ErrorCode::group_id_not_found;
        return {};
    }
    const bool is_empty =
        found->consumer != nullptr
            ? found->consumer->members().empty()
            : found->classic == nullptr || found->classic->state() == ClassicState::empty;
    if (!is_empty) {
        refusal = ErrorCode::non_empty_group;
        return {};
    }
    CoordinatorRecords records;
    for (const auto& [topic, partitions] : found->offsets) {
        for (const auto& [partition, committed] : partitions) {
            records.push_back(offset_tombstone(group, {topic, partition}));
        }
    }
    if (found->classic != nullptr) {
        records.push_back(classic_tombstone(group));
    }
    if (found->consumer != nullptr) {
        found->consumer->remove(records);
    }
    return records;
}

}  // namespace hw::broker
