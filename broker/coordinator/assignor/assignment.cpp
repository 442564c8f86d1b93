#include "broker/coordinator/assignor/assignment.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hw::broker {
namespace {

using Partitions = std::vector<PartitionIndex>;

const Partitions kNoPartitions;

/// Calls `combine` with the partitions of each topic of `left` and with those of the same topic in
/// `right`. It gives back which of the former are in the result.
template <class Combine>
Assignment combined(const Assignment& left, const Assignment& right, Combine combine) {
    Assignment result;
    auto other = right.begin();
    for (const AssignedTopic& topic : left) {
        while (other != right.end() && other->topic < topic.topic) {
            ++other;
        }
        const bool is_in_both = other != right.end() && other->topic == topic.topic;
        Partitions partitions =
            combine(topic.partitions, is_in_both ? other->partitions : kNoPartitions);
        if (!partitions.empty()) {
            result.push_back({topic.topic, std::move(partitions)});
        }
    }
    return result;
}

}  // namespace

bool contains(const Assignment& assignment, TopicId topic, PartitionIndex partition) {
    const auto found = std::ranges::lower_bound(assignment, topic, {}, &AssignedTopic::topic);
    return found != assignment.end() && found->topic == topic &&
           std::ranges::binary_search(found->partitions, partition);
}

std::size_t size_of(const Assignment& assignment) {
    std::size_t size = 0;
    for (const AssignedTopic& topic : assignment) {
        size += topic.partitions.size();
    }
    return size;
}

Assignment intersection(const Assignment& left, const Assignment& right) {
    return combined(left, right, [](const Partitions& mine, const Partitions& others) {
        Partitions both;
        std::ranges::set_intersection(mine, others, std::back_inserter(both));
        return both;
    });
}

Assignment united(const Assignment& left, const Assignment& right) {
    Assignment result;
    auto other = right.begin();
    for (const AssignedTopic& topic : left) {
        for (; other != right.end() && other->topic < topic.topic; ++other) {
            result.push_back(*other);
        }
        if (other == right.end() || other->topic != topic.topic) {
            result.push_back(topic);
            continue;
        }
        Partitions both;
        std::ranges::set_union(topic.partitions, other->partitions, std::back_inserter(both));
        result.push_back({topic.topic, std::move(both)});
        ++other;
    }
    result.insert(result.end(), other, right.end());
    return result;
}

Assignment difference(const Assignment& left, const Assignment& right) {
    return combined(left, right, [](const Partitions& mine, const Partitions& others) {
        Partitions rest;
        std::ranges::set_difference(mine, others, std::back_inserter(rest));
        return rest;
    });
}

}  // namespace hw::broker
