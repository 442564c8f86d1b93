#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "broker/coordinator/assignor/assignment_plan.h"

namespace hw::broker {

/// Makes the members' numbers of partitions (loads) as equal as their subscriptions permit: no
/// partition can be moved any more, directly or through other members, from a member to one that
/// has at least two fewer. (This is known as an optimal semi-matching: the sum of the squares of
/// the loads is minimal.) Moves nothing if that is so already.
///
/// A set of members is levelled to its average load: members above it give to members below it,
/// over paths that a breadth-first search finds for all of them at once (as in Dinic's algorithm
/// for maximum flows). If that does not even out all loads, a subset of members cannot give
/// anything to the others, and has no smaller loads than they have; both parts are then levelled
/// alone.
class LoadBalancer {
public:
    /// Both must outlive this.
    LoadBalancer(const AssignmentModel& model, AssignmentPlan& plan);

    void run();

private:
    using Members = std::vector<std::uint32_t>;
    static constexpr std::uint32_t kNone = AssignmentModel::kNone;

    /// Members with a load above the first number give to members with a load below the second one.
    struct Gap {
        std::size_t above = 0;
        std::size_t below = 0;
    };
    struct Step {
        std::uint32_t partition = 0;
        std::uint32_t member = 0;  ///< its next owner
    };

    /// Levels these members. Gives back those that cannot give to the others, if a part remains to
    /// be levelled alone; else nothing.
    Members level(const Members& members);
    /// Moves as many partitions as possible. Afterwards no path is left, and `is_reached` tells to
    /// which members one of those above the gap could give.
    void close(const Members& members, const Gap& gap);
    /// Finds how far all are from those above the gap. False if no member below it can be reached.
    bool search(const Members& members, const Gap& gap);
    void reach_from(std::uint32_t member, Members& reached);
    void reach_members(std::uint32_t member_class, std::uint32_t distance, Members& reached);
    [[nodiscard]] bool is_reached(std::uint32_t member) const {
        return distances_[member] != kNone;
    }
    /// Moves one partition from this member to one below the gap. False if there is no path any
    /// more.
    bool move_one(std::uint32_t source, const Gap& gap);
    /// The next step of a path from `member`, not tried before; member kNone if there is none.
    Step next_step(std::uint32_t member);
    std::uint32_t next_in_audience(std::uint32_t audience, std::uint32_t distance);
    std::uint32_t next_in_class(std::uint32_t member_class, std::uint32_t distance);

    const AssignmentModel& model_;
    AssignmentPlan& plan_;
    std::vector<std::uint32_t> parts_;  ///< by member: the set that is levelled
    std::uint32_t part_ = 0;            ///< the one that is levelled now
    /// In steps from those above the gap; kNone: not reached, or a dead end.
    std::vector<std::uint32_t> distances_;  ///< by member
    std::vector<std::uint32_t> audience_distances_;
    std::vector<std::uint32_t> class_distances_;
    /// What is still to be tried of: the partitions of a member, from the back; the classes of an
    /// audience; the members of a class.
    std::vector<std::size_t> partitions_left_;
    std::vector<std::size_t> next_class_;
    std::vector<std::size_t> next_member_;
};

}  // namespace hw::broker
