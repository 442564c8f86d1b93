#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "test/sim/plan.h"

namespace hw::sim {

/// Numbers of partitions: their indexes in Plan::partitions.
using Partitions = std::set<std::int32_t>;

/// The topics to which the members of a group subscribe: those for which it commits offsets. Turns
/// the names of their partitions into numbers, and back.
class TeamTopics {
public:
    /// Both outlive it.
    TeamTopics(const Plan& plan, const GroupPlan& group);

    [[nodiscard]] const std::set<std::string>& names() const { return names_; }
    /// All partitions of the topics.
    [[nodiscard]] const Partitions& all() const { return all_; }
    [[nodiscard]] const PartitionPlan& partition(std::int32_t number) const {
        return plan_.partitions[static_cast<std::size_t>(number)];
    }
    /// nullopt: the group has no such partition.
    [[nodiscard]] std::optional<std::int32_t> find(std::string_view topic,
                                                   PartitionIndex index) const;
    /// The partitions of one of the topics.
    [[nodiscard]] std::vector<PartitionIndex> of_topic(std::string_view topic,
                                                       const Partitions& partitions) const;
    /// The register of what the group commits for a partition; nullopt: it commits nothing for it.
    [[nodiscard]] std::optional<RegisterNumber> register_of(std::int32_t number) const;

private:
    const Plan& plan_;
    const GroupPlan& group_;
    std::set<std::string> names_;
    Partitions all_;
};

}  // namespace hw::sim
