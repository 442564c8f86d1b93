#include "broker/coordinator/consumer/consumer_group.h"

#include <algorithm>
#include <map>
#include <utility>

#include "broker/coordinator/consumer/consumer_records.h"
#include "broker/coordinator/consumer/member_steps.h"

namespace hw::broker {

using wire::ErrorCode;

namespace {

/// Memory of a member beside its texts, about; of a name or a partition in a list.
constexpr std::int64_t kMemberMemory = 700;
constexpr std::int64_t kNameMemory = 40;
constexpr std::int64_t kTopicMemory = 56;
constexpr std::int64_t kOwnedMemory = 8;
constexpr std::int64_t kTargetMemory = 4;

std::int64_t size_of(const std::optional<std::string>& text) {
    return text ? static_cast<std::int64_t>(text->size()) : 0;
}

std::int64_t memory_of(const std::vector<std::string>& names) {
    std::int64_t bytes = 0;
    for (const std::string& name : names) {
        bytes += kNameMemory + static_cast<std::int64_t>(name.size());
    }
    return bytes;
}

std::int64_t memory_of(const std::optional<ClassicPart>& classic) {
    std::int64_t bytes = 0;
    if (classic) {
        for (const ClassicProtocol& protocol : classic->protocols) {
            bytes += 2 * kNameMemory +
                     static_cast<std::int64_t>(protocol.name.size() + protocol.metadata.size());
        }
    }
    return bytes;
}

/// What a member says when it joins, or when it changes its subscription.
std::int64_t memory_of_subscription(const MemberDescription& description) {
    return memory_of(description.topics) + size_of(description.pattern) +
           memory_of(description.classic);
}

std::int64_t memory_of_subscription(const ConsumerHeartbeat& beat) {
    return (beat.topics ? memory_of(*beat.topics) : 0) +
           static_cast<std::int64_t>(beat.pattern.value_or("").size()) + memory_of(beat.classic);
}

std::int64_t memory_of(const MemberDescription& description, std::string_view id) {
    return kMemberMemory + 3 * static_cast<std::int64_t>(id.size()) +
           static_cast<std::int64_t>(description.client_id.size()) +
           static_cast<std::int64_t>(description.client_host.size()) +
           size_of(description.instance) + size_of(description.rack) +
           size_of(description.assignor) + memory_of_subscription(description);
}

std::int64_t memory_of(const OwnedPartitions& owned) {
    std::int64_t bytes = 0;
    for (const OwnedTopic& topic : owned) {
        bytes += kTopicMemory + kOwnedMemory * static_cast<std::int64_t>(topic.partitions.size());
    }
    return bytes;
}

std::int64_t memory_of(const Assignment& target) {
    std::int64_t bytes = 0;
    for (const AssignedTopic& topic : target) {
        bytes += kTopicMemory + kTargetMemory * static_cast<std::int64_t>(topic.partitions.size());
    }
    return bytes;
}

}  // namespace

// --- Records

void ConsumerGroup::apply(const schema::ConsumerGroupMetadataValue& value) {
    epoch_ = value.epoch;
    hash_ = value.metadata_hash;
}

/// A log that was compacted may have what a member has before the record of the member.
ConsumerGroup::Members::iterator ConsumerGroup::member_at(std::string_view id) {
    const auto known = members_.find(id);
    if (known != members_.end()) {
        return known;
    }
    const auto added = members_.emplace(std::string(id), ConsumerMember()).first;
    count(added->second.description, added->first, 1);
    settled_ += is_settled(added->second) ? 1 : 0;
    return added;
}

void ConsumerGroup::erase(Members::iterator member) {
    const ConsumerMember& gone = member->second;
    count(gone.description, member->first, -1);
    count(gone.position, -1);
    bytes_ -= memory_of(gone.target);
    settled_ -= is_settled(gone) ? 1 : 0;
    members_.erase(member);
}

void ConsumerGroup::apply(const schema::ConsumerGroupMemberMetadataRecord& record) {
    if (record.value) {
        const auto member = member_at(record.key.member_id);
        count(member->second.description, member->first, -1);
        member->second.description = description_of(*record.value);
        count(member->second.description, member->first, 1);
    } else if (const auto member = members_.find(record.key.member_id); member != members_.end()) {
        erase(member);
    }
}

void ConsumerGroup::apply(const schema::ConsumerGroupTargetAssignmentMetadataValue& value) {
    target_epoch_ = value.assignment_epoch;
    target_time_ = value.assignment_timestamp;
    count_settled();
}

void ConsumerGroup::apply(const schema::ConsumerGroupTargetAssignmentMemberRecord& record) {
    const std::string_view id = record.key.member_id;
    const auto member = record.value ? member_at(id) : members_.find(id);
    if (member != members_.end()) {
        Assignment& target = member->second.target;
        bytes_ -= memory_of(target);
        target = record.value ? target_of(*record.value) : Assignment();
        bytes_ += memory_of(target);
    }
}

void ConsumerGroup::apply(const schema::ConsumerGroupCurrentMemberAssignmentRecord& record) {
    const std::string_view id = record.key.member_id;
    const auto found = record.value ? member_at(id) : members_.find(id);
    if (found == members_.end()) {
        return;
    }
    ConsumerMember& member = found->second;
    settled_ -= is_settled(member) ? 1 : 0;
    count(member.position, -1);
    member.position = record.value ? position_of(*record.value) : MemberPosition();
    member.revoking_end = kNever;
    count(member.position, 1);
    settled_ += is_settled(member) ? 1 : 0;
}

void ConsumerGroup::count(const MemberDescription& description, const std::string& id, int by) {
    const auto add = [by](auto& counts, const std::string& name) {
        const auto counted = counts.try_emplace(name, 0).first;
        counted->second += by;
        if (counted->second == 0) {
            counts.erase(counted);
        }
    };
    for (const std::string& topic : description.topics) {
        add(topics_, topic);
    }
    if (description.pattern) {
        add(pattern_users_, *description.pattern);
    }
    if (description.instance) {
        if (by > 0) {
            static_members_[*description.instance] = id;
        } else if (const auto known = static_members_.find(*description.instance);
                   known != static_members_.end() && known->second == id) {
            static_members_.erase(known);
        }
    }
    if (description.classic) {
        classic_members_ += static_cast<std::size_t>(by);
        for (const ClassicProtocol& protocol : description.classic->protocols) {
            add(classic_protocols_, protocol.name);
        }
    }
    bytes_ += by * memory_of(description, id);
}

void ConsumerGroup::count(const MemberPosition& position, int by) {
    count(position.assigned, by);
    if (!rules_.mutants.forgets_revoking) {
        count(position.revoking, by);
    }
}

void ConsumerGroup::count(const OwnedPartitions& owned, int by) {
    for (const OwnedTopic& topic : owned) {
        auto& holders = held_[topic.topic];
        for (const OwnedPartition& partition : topic.partitions) {
            const auto index = static_cast<std::size_t>(partition.index.value());
            if (index >= holders.size()) {
                holders.resize(index + 1);
            }
            holders[index] += by;
        }
        if (by < 0 && std::ranges::all_of(holders, [](std::int32_t count) { return count == 0; })) {
            held_.erase(topic.topic);
        }
    }
    bytes_ += by * memory_of(owned);
}

void ConsumerGroup::count(const std::vector<std::string>& names, int by) {
    bytes_ += by * memory_of(names);
}

void ConsumerGroup::count_settled() {
    settled_ = static_cast<std::size_t>(std::ranges::count_if(
        members_, [this](const auto& member) { return is_settled(member.second); }));
}

bool ConsumerGroup::is_held(TopicId topic, PartitionIndex partition) const {
    if (rules_.mutants.gives_held_partitions) {
        return false;
    }
    const auto holders = held_.find(topic);
    const auto index = static_cast<std::size_t>(partition.value());
    return holders != held_.end() && index < holders->second.size() && holders->second[index] > 0;
}

void ConsumerGroup::remove(CoordinatorRecords& records) const {
    for (const auto& [id, member] : members_) {
        add_tombstones(name_, id, records);
    }
    for (const auto& [pattern, topics] : patterns_) {
        records.push_back(pattern_tombstone(name_, pattern));
    }
    records.push_back(target_epoch_tombstone(name_));
    records.push_back(group_epoch_tombstone(name_));
}

std::int64_t ConsumerGroup::bytes_of(std::string_view member) const {
    const auto known = members_.find(member);
    return known == members_.end() ? 0 : memory_of(known->second.description, member);
}

std::int64_t ConsumerGroup::memory_for(const ConsumerHeartbeat& beat) {
    constexpr std::int64_t kPositionMemory = 200;
    return kMemberMemory + kPositionMemory +
           static_cast<std::int64_t>(beat.client_id.size() + beat.client_host.size() +
                                     beat.instance.value_or("").size() +
                                     beat.rack.value_or("").size()) +
           memory_of_subscription(beat);
}

std::int64_t ConsumerGroup::growth_by(const ConsumerHeartbeat& beat) const {
    const auto known = members_.find(beat.member);
    if (known == members_.end()) {
        return memory_for(beat);
    }
    const std::int64_t before = memory_of_subscription(known->second.description);
    return std::max(std::int64_t{0}, memory_of_subscription(beat) - before);
}

// --- Commits

ErrorCode ConsumerGroup::check_commit(std::string_view member, std::int32_t epoch) const {
    if (epoch < 0 && members_.empty()) {
        return ErrorCode::none;  // of an admin client, or of a consumer that assigns by itself
    }
    const auto found = members_.find(member);
    if (found == members_.end()) {
        return ErrorCode::unknown_member_id;
    }
    if (found->second.description.classic && epoch != found->second.position.epoch) {
        return ErrorCode::illegal_generation;
    }
    const bool is_stale = epoch < 0 || epoch > found->second.position.epoch;
    return is_stale ? ErrorCode::stale_member_epoch : ErrorCode::none;
}

bool ConsumerGroup::may_commit(std::string_view member, std::int32_t epoch, TopicId topic,
                               PartitionIndex partition) const {
    const auto found = members_.find(member);
    if (found == members_.end()) {
        return epoch < 0 && members_.empty();
    }
    const MemberPosition& position = found->second.position;
    if (epoch == position.epoch || rules_.mutants.takes_old_epochs) {
        return true;
    }
    const OwnedPartition* owned = find(position.assigned, topic, partition);
    if (owned == nullptr) {
        owned = find(position.revoking, topic, partition);
    }
    return owned != nullptr && owned->since <= epoch;
}

// --- Time

void ConsumerGroup::begin_sessions(TimePoint now) {
    for (auto& [id, member] : members_) {
        begin_session(id, now);
    }
}

void ConsumerGroup::begin_session(std::string_view member, TimePoint now) {
    const auto found = members_.find(member);
    if (found == members_.end()) {
        return;
    }
    ConsumerMember& one = found->second;
    const auto& classic = one.description.classic;
    one.session_end = now + (classic ? classic->session_timeout : times_.session_timeout);
    if (one.position.state != MemberState::revoking) {
        one.revoking_end = kNever;
    } else if (one.revoking_end == kNever) {
        one.revoking_end = now + one.description.rebalance_timeout;
    }
    if (!classic) {
        one.rejoin_end = kNever;
    }
    check_at_ = std::min({check_at_, one.session_end, one.revoking_end, one.rejoin_end});
}

void ConsumerGroup::on_deadline(const Moment& at, Decision& decision) {
    const TimePoint now = at.now;
    if (now < check_at_) {
        return;
    }
    std::vector<std::string> gone;
    check_at_ = kNever;
    for (const auto& [id, member] : members_) {
        const TimePoint end =
            rules_.mutants.keeps_silent_members
                ? member.revoking_end
                : std::min({member.session_end, member.revoking_end, member.rejoin_end});
        if (end <= now) {
            gone.push_back(id);
        } else {
            check_at_ = std::min(check_at_, end);
        }
    }
    if (gone.empty()) {
        return;
    }
    remove_members(gone, at.wall, decision);
    decision.then.push_back([this, now](const wire::Refusal* refused, Decision&) {
        if (refused != nullptr) {
            constexpr Duration kPause = std::chrono::seconds(1);
            check_at_ = std::min(check_at_, now + kPause);
        }
    });
}

/// The others get their partitions with the next target.
void ConsumerGroup::remove_members(const std::vector<std::string>& ids, Timestamp wall,
                                   Decision& decision) {
    std::map<std::string_view, int> lost;
    for (const std::string& id : ids) {
        add_tombstones(name_, id, decision.records);
        if (const auto& pattern = members_.find(id)->second.description.pattern) {
            ++lost[*pattern];
        }
    }
    forget_patterns(lost, decision);
    const std::int64_t hash = ids.size() < members_.size() ? hash_ : 0;
    decision.records.push_back(group_epoch_record(name_, epoch_ + 1, hash));
    decision.then.push_back([this, wall](const wire::Refusal* not_stored, Decision&) {
        if (not_stored == nullptr) {
            hash_position_ = kNoOffset;  // the hash is still that with the topics of these members
            empty_since_ = members_.empty() ? wall : kNoTimestamp;
        }
    });
}

// --- What it is

ConsumerState ConsumerGroup::state() const {
    if (members_.empty()) {
        return ConsumerState::empty;
    }
    if (epoch_ > target_epoch_) {
        return ConsumerState::assigning;
    }
    return settled_ < members_.size() ? ConsumerState::reconciling : ConsumerState::stable;
}

std::string ConsumerGroup::assignor_with(const Change* change) const {
    std::map<std::string_view, int> votes;
    const auto vote = [&](const MemberDescription& description) {
        if (description.assignor) {
            ++votes[*description.assignor];
        }
    };
    for (const auto& [id, member] : members_) {
        const bool is_replaced = change != nullptr && (id == change->id || id == change->replaced);
        if (!is_replaced) {
            vote(member.description);
        }
    }
    if (change != nullptr) {
        vote(change->member.description);
    }
    const auto most = std::ranges::max_element(
        votes, [](const auto& left, const auto& right) { return left.second < right.second; });
    const bool is_offered =
        most != votes.end() &&
        std::ranges::find(rules_.assignors, most->first) != rules_.assignors.end();
    return is_offered ? std::string(most->first) : rules_.assignors.front();
}

std::string ConsumerGroup::assignor() const {
    return assignor_with(nullptr);
}

}  // namespace hw::broker
