#include "test/sim/team_topics.h"

#include <cstddef>

namespace hw::sim {

TeamTopics::TeamTopics(const Plan& plan, const GroupPlan& group) : plan_(plan), group_(group) {
    for (const auto& [number, unused] : group.registers) {
        names_.insert(plan.partitions[number.value()].topic);
    }
    for (std::size_t i = 0; i < plan.partitions.size(); ++i) {
        if (names_.contains(plan.partitions[i].topic)) {
            all_.insert(static_cast<std::int32_t>(i));
        }
    }
}

std::optional<std::int32_t> TeamTopics::find(std::string_view topic, PartitionIndex index) const {
    for (const std::int32_t number : all_) {
        if (partition(number).topic == topic && partition(number).index == index) {
            return number;
        }
    }
    return std::nullopt;
}

std::vector<PartitionIndex> TeamTopics::of_topic(std::string_view topic,
                                                 const Partitions& partitions) const {
    std::vector<PartitionIndex> indexes;
    for (const std::int32_t number : partitions) {
        if (partition(number).topic == topic) {
            indexes.push_back(partition(number).index);
        }
    }
    return indexes;
}

std::optional<RegisterNumber> TeamTopics::register_of(std::int32_t number) const {
    for (const auto& [of, reg] : group_.registers) {
        if (of == PartitionNumber(static_cast<std::uint32_t>(number))) {
            return reg;
        }
    }
    return std::nullopt;
}

}  // namespace hw::sim
