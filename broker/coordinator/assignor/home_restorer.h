#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "broker/coordinator/assignor/assignment_plan.h"

namespace hw::broker {

/// Gives partitions back to the members that had them at the beginning, by moves and exchanges of
/// two, as long as the assignment stays as balanced as it is, and as many partitions stay near.
class HomeRestorer {
public:
    /// Both must outlive this; the plan must change only through this.
    HomeRestorer(const AssignmentModel& model, AssignmentPlan& plan);

    /// Gives back until no more is possible.
    void run();

private:
    bool restore(std::uint32_t partition);
    /// A partition of the home of this one that its owner may get in exchange.
    [[nodiscard]] std::optional<std::uint32_t> exchange_for(std::uint32_t partition) const;
    /// How many more partitions are near if one of this class moves: 1, 0 or -1.
    [[nodiscard]] int gain(std::uint32_t partition_class, std::uint32_t from,
                           std::uint32_t to) const;
    void give(std::uint32_t partition, std::uint32_t member);

    const AssignmentModel& model_;
    AssignmentPlan& plan_;
    /// By member: its partitions that had another owner, or none, at the beginning, by class.
    std::vector<std::map<std::uint32_t, std::set<std::uint32_t>>> foreign_;
};

}  // namespace hw::broker
