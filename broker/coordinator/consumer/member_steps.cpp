#include "broker/coordinator/consumer/member_steps.h"

#include <algorithm>
#include <utility>

namespace hw::broker {
namespace {

/// Adds a partition behind all others.
void add(OwnedPartitions& owned, TopicId topic, OwnedPartition partition) {
    if (owned.empty() || owned.back().topic != topic) {
        owned.push_back({topic, {}});
    }
    owned.back().partitions.push_back(partition);
}

/// Both ascending.
OwnedPartitions merged(const OwnedPartitions& left, const OwnedPartitions& right) {
    OwnedPartitions all;
    auto next = right.begin();
    for (const OwnedTopic& topic : left) {
        for (; next != right.end() && next->topic < topic.topic; ++next) {
            all.push_back(*next);
        }
        all.push_back(topic);
        if (next != right.end() && next->topic == topic.topic) {
            auto& partitions = all.back().partitions;
            partitions.insert(partitions.end(), next->partitions.begin(), next->partitions.end());
            std::ranges::sort(partitions, {}, &OwnedPartition::index);
            ++next;
        }
    }
    all.insert(all.end(), next, right.end());
    return all;
}

bool owns_any(const std::optional<Assignment>& owned, const OwnedPartitions& of) {
    if (!owned) {
        return true;  // it has not said anything new
    }
    return std::ranges::any_of(of, [&](const OwnedTopic& topic) {
        return std::ranges::any_of(topic.partitions, [&](const OwnedPartition& partition) {
            return contains(*owned, topic.topic, partition.index);
        });
    });
}

MemberPosition step_from(const MemberPosition& member, std::int32_t epoch,
                         const MemberTarget& target, const std::optional<Assignment>& owned,
                         const IsHeld& is_held) {
    MemberPosition next{.epoch = epoch, .previous_epoch = member.epoch};
    OwnedPartitions added;
    for (const OwnedTopic& topic : member.assigned) {
        for (const OwnedPartition& partition : topic.partitions) {
            const bool is_kept = contains(target.partitions, topic.topic, partition.index);
            add(is_kept ? next.assigned : next.revoking, topic.topic, partition);
        }
    }
    bool must_wait = false;
    for (const AssignedTopic& topic : target.partitions) {
        for (const PartitionIndex partition : topic.partitions) {
            if (find(next.assigned, topic.topic, partition) != nullptr) {
                continue;
            }
            if (is_held(topic.topic, partition)) {
                must_wait = true;
            } else {
                add(added, topic.topic, {partition, target.epoch});
            }
        }
    }
    if (!next.revoking.empty() && owns_any(owned, next.revoking)) {
        next.state = MemberState::revoking;
        return next;
    }
    next.revoking.clear();
    next.epoch = target.epoch;
    next.state = must_wait ? MemberState::waiting : MemberState::stable;
    next.assigned = merged(next.assigned, added);
    return next;
}

}  // namespace

MemberPosition next_step(const MemberPosition& member, const MemberTarget& target,
                         const std::optional<Assignment>& owned, const IsHeld& is_held) {
    switch (member.state) {
        case MemberState::stable:
            if (member.epoch == target.epoch) {
                return member;
            }
            return step_from(member, member.epoch, target, owned, is_held);
        case MemberState::revoking:
            if (owns_any(owned, member.revoking)) {
                return member;
            }
            return step_from(member, member.epoch + 1, target, owned, is_held);
        case MemberState::waiting: {
            MemberPosition next = step_from(member, member.epoch, target, owned, is_held);
            const bool has_moved = next.epoch != member.epoch || next.state != member.state ||
                                   next.assigned != member.assigned;
            return has_moved ? next : member;
        }
    }
    return member;
}

Assignment partitions_of(const OwnedPartitions& owned) {
    Assignment assignment;
    assignment.reserve(owned.size());
    for (const OwnedTopic& topic : owned) {
        AssignedTopic& assigned = assignment.emplace_back();
        assigned.topic = topic.topic;
        assigned.partitions.reserve(topic.partitions.size());
        for (const OwnedPartition& partition : topic.partitions) {
            assigned.partitions.push_back(partition.index);
        }
    }
    return assignment;
}

const OwnedPartition* find(const OwnedPartitions& owned, TopicId topic, PartitionIndex partition) {
    const auto at = std::ranges::lower_bound(owned, topic, {}, &OwnedTopic::topic);
    if (at == owned.end() || at->topic != topic) {
        return nullptr;
    }
    const auto found =
        std::ranges::lower_bound(at->partitions, partition, {}, &OwnedPartition::index);
    return found == at->partitions.end() || found->index != partition ? nullptr : &*found;
}

}  // namespace hw::broker
