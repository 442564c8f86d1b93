#pragma once

#include <cstddef>
#include <vector>

#include "protocol/base/ids.h"

namespace hw::broker {

struct AssignedTopic {
    TopicId topic;
    std::vector<PartitionIndex> partitions;  ///< ascending, each once, at least one

    bool operator==(const AssignedTopic&) const = default;
};

/// A set of partitions, for example those of a member of a group. Ascending by topic, each topic
/// once. All functions here expect sets of this form and give such sets back; their cost is linear
/// unless they say otherwise.
using Assignment = std::vector<AssignedTopic>;

/// Costs the logarithm of the size.
[[nodiscard]] bool contains(const Assignment& assignment, TopicId topic, PartitionIndex partition);

/// The number of partitions.
[[nodiscard]] std::size_t size_of(const Assignment& assignment);

/// The partitions that are in both.
[[nodiscard]] Assignment intersection(const Assignment& left, const Assignment& right);

/// The partitions that are in either.
[[nodiscard]] Assignment united(const Assignment& left, const Assignment& right);

/// The partitions of `left` that are not in `right`.
[[nodiscard]] Assignment difference(const Assignment& left, const Assignment& right);

}  // namespace hw::broker
