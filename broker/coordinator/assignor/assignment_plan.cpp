#include "broker/coordinator/assignor/assignment_plan.h"

#include <algorithm>

namespace hw::broker {

AssignmentPlan::AssignmentPlan(const AssignmentModel& model, const AssignorInput& input)
    : model_(model),
      owners_(model.partition_count(), kNone),
      homes_(model.partition_count(), kNone),
      positions_(model.partition_count(), 0),
      partitions_(input.members.size()),
      by_load_(model.member_classes.size()) {
    for (std::uint32_t member = 0; member < input.members.size(); ++member) {
        keep_current(input, member);
        by_load_[model.class_of_member[member]].emplace(load(member), member);
    }
}

void AssignmentPlan::keep_current(const AssignorInput& input, std::uint32_t member) {
    const std::uint32_t member_class = model_.class_of_member[member];
    auto topic = input.topics.begin();
    for (const AssignedTopic& assigned : input.members[member].current) {
        topic = std::ranges::lower_bound(topic, input.topics.end(), assigned.topic, {},
                                         &AssignorTopic::id);
        if (topic == input.topics.end()) {
            return;
        }
        if (topic->id != assigned.topic) {
            continue;
        }
        const auto index = static_cast<std::size_t>(topic - input.topics.begin());
        for (const PartitionIndex partition : assigned.partitions) {
            if (partition.value() < 0 || partition.value() >= topic->partitions) {
                continue;
            }
            const std::uint32_t number =
                model_.first_partitions[index] + static_cast<std::uint32_t>(partition.value());
            if (owners_[number] == kNone &&
                model_.may_own(member_class, model_.class_of_partition[number])) {
                homes_[number] = member;
                add(number, member);
            }
        }
    }
}

void AssignmentPlan::add(std::uint32_t partition, std::uint32_t member) {
    owners_[partition] = member;
    positions_[partition] = static_cast<std::uint32_t>(partitions_[member].size());
    partitions_[member].push_back(partition);
}

void AssignmentPlan::take_from_owner(std::uint32_t partition) {
    const std::uint32_t owner = owners_[partition];
    auto& partitions = partitions_[owner];
    const std::uint32_t last = partitions.back();
    partitions[positions_[partition]] = last;
    positions_[last] = positions_[partition];
    partitions.pop_back();
}

void AssignmentPlan::give(std::uint32_t partition, std::uint32_t member) {
    const auto change = [&](std::uint32_t changed, auto edit) {
        auto& order = by_load_[model_.class_of_member[changed]];
        auto entry = order.extract({load(changed), changed});
        edit();
        entry.value().first = load(changed);
        order.insert(std::move(entry));
    };
    if (const std::uint32_t owner = owners_[partition]; owner != kNone) {
        change(owner, [&] { take_from_owner(partition); });
    }
    change(member, [&] { add(partition, member); });
}

std::vector<Assignment> AssignmentPlan::result(const std::vector<AssignorTopic>& topics) const {
    std::vector<Assignment> result(partitions_.size());
    for (std::uint32_t partition = 0, topic = 0; partition < owners_.size(); ++partition) {
        while (partition >= model_.first_partitions[topic + 1]) {
            ++topic;
        }
        if (owners_[partition] == kNone) {
            continue;
        }
        Assignment& assignment = result[owners_[partition]];
        if (assignment.empty() || assignment.back().topic != topics[topic].id) {
            assignment.push_back({.topic = topics[topic].id, .partitions = {}});
        }
        const std::uint32_t index = partition - model_.first_partitions[topic];
        assignment.back().partitions.emplace_back(static_cast<std::int32_t>(index));
    }
    return result;
}

}  // namespace hw::broker
