#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "broker/coordinator/assignor/assignment_model.h"
#include "broker/coordinator/assignor/assignor.h"

namespace hw::broker {

/// Which member has which partition while an assignment is made. Members, partitions and classes
/// are numbered as in the model. Owned by one call of an assignor.
class AssignmentPlan {
public:
    static constexpr std::uint32_t kNone = AssignmentModel::kNone;

    /// Begins with what the members have in `input` and may keep. `model` must outlive this.
    AssignmentPlan(const AssignmentModel& model, const AssignorInput& input);

    /// kNone if the partition is not assigned.
    [[nodiscard]] std::uint32_t owner(std::uint32_t partition) const { return owners_[partition]; }
    /// The member that had the partition at the beginning, else kNone.
    [[nodiscard]] std::uint32_t home(std::uint32_t partition) const { return homes_[partition]; }
    [[nodiscard]] bool is_home(std::uint32_t partition) const {
        return owners_[partition] == homes_[partition];
    }
    /// The partitions of a member, roughly in the order in which it got them: those that it had at
    /// the beginning come before most of the others.
    [[nodiscard]] const std::vector<std::uint32_t>& partitions(std::uint32_t member) const {
        return partitions_[member];
    }
    [[nodiscard]] std::size_t load(std::uint32_t member) const {
        return partitions_[member].size();
    }
    /// The member of the class with the fewest partitions, and the one with the most; among equals
    /// the first one and the last one.
    [[nodiscard]] std::uint32_t least_loaded(std::uint32_t member_class) const {
        return by_load_[member_class].begin()->second;
    }
    [[nodiscard]] std::uint32_t most_loaded(std::uint32_t member_class) const {
        return by_load_[member_class].rbegin()->second;
    }

    /// Takes the partition from its owner, if it has one.
    void give(std::uint32_t partition, std::uint32_t member);

    [[nodiscard]] std::vector<Assignment> result(const std::vector<AssignorTopic>& topics) const;

private:
    void keep_current(const AssignorInput& input, std::uint32_t member);
    void take_from_owner(std::uint32_t partition);
    void add(std::uint32_t partition, std::uint32_t member);

    const AssignmentModel& model_;
    std::vector<std::uint32_t> owners_;     ///< by partition
    std::vector<std::uint32_t> homes_;      ///< by partition
    std::vector<std::uint32_t> positions_;  ///< by partition: its place among those of its owner
    std::vector<std::vector<std::uint32_t>> partitions_;                    ///< by member
    std::vector<std::set<std::pair<std::size_t, std::uint32_t>>> by_load_;  ///< by member class
};

}  // namespace hw::broker
