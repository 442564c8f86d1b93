#include <algorithm>
#include <cstddef>
#include <numeric>

#include "broker/coordinator/assignor/assignor.h"

namespace hw::broker {
namespace {

/// The indexes of the members, static ones first.
std::vector<std::size_t> range_order(const std::vector<AssignorMember>& members) {
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t left, std::size_t right) {
        const AssignorMember& one = members[left];
        const AssignorMember& other = members[right];
        if (one.instance && other.instance) {
            return *one.instance < *other.instance;
        }
        return one.instance || other.instance ? one.instance.has_value() : one.id < other.id;
    });
    return order;
}

/// What is left of a topic to assign.
struct TopicRest {
    std::int32_t subscribers = 0;
    std::int32_t next = 0;  ///< partition

    /// The next range, which is one partition longer than later ones if the rest is uneven.
    std::vector<PartitionIndex> take(std::int32_t partitions) {
        const std::int32_t rest = partitions - next;
        const std::int32_t size = rest / subscribers + (rest % subscribers != 0 ? 1 : 0);
        std::vector<PartitionIndex> range;
        range.reserve(static_cast<std::size_t>(size));
        for (std::int32_t taken = 0; taken < size; ++taken) {
            range.emplace_back(next++);
        }
        --subscribers;
        return range;
    }
};

}  // namespace

std::vector<Assignment> assign_range(const AssignorInput& input) {
    std::vector<TopicRest> rests(input.topics.size());
    for (const AssignorMember& member : input.members) {
        for (std::size_t at = 0; member.topics && at < member.topics->size(); ++at) {
            ++rests[(*member.topics)[at]].subscribers;
        }
    }
    std::vector<Assignment> result(input.members.size());
    for (const std::size_t number : range_order(input.members)) {
        const AssignorMember& member = input.members[number];
        for (std::size_t at = 0; member.topics && at < member.topics->size(); ++at) {
            const std::uint32_t index = (*member.topics)[at];
            const AssignorTopic& topic = input.topics[index];
            auto range = rests[index].take(topic.partitions);
            if (!range.empty()) {
                result[number].push_back({topic.id, std::move(range)});
            }
        }
    }
    return result;
}

}  // namespace hw::broker
