#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "broker/coordinator/assignor/assignment_plan.h"

namespace hw::broker {

/// Brings partitions near: to a member in the rack of one of their replicas. Expects an assignment
/// that is balanced, and keeps it so.
///
/// It looks for chains of moves that begin with a partition which is not near and goes to where it
/// is. There another partition leaves, for a place where it is near, too, and so on (augmenting
/// paths of a matching). A chain ends in one of two ways: the last partition replaces the first one
/// without a loss; or the last receiver keeps one partition more, and a member where the chain
/// began had one more than it. In the middle, once, the same may happen with any other member: it
/// gives away the one that it has more, and the chain goes on from there (a relief). Members of a
/// class are equal in all of this, so classes are searched, breadth first.
class RackMatcher {
public:
    /// Both must outlive this; the plan must change only through this.
    RackMatcher(const AssignmentModel& model, AssignmentPlan& plan);

    /// Brings as many partitions near as such chains can. False if there was no chain.
    bool run();

private:
    static constexpr std::uint32_t kNone = AssignmentModel::kNone;
    static constexpr std::size_t kBegin = SIZE_MAX;

    /// A class of members on the way of a chain.
    struct Visit {
        std::uint32_t member_class = 0;
        std::uint32_t came = kNone;  ///< class of the partition that comes here; kNone: a relief
        std::size_t from = kBegin;   ///< index of the visit before
        bool is_relieved = false;    ///< this is a relief, or comes after one
    };
    struct End {
        std::size_t visit = 0;
        std::uint32_t left = kNone;  ///< class of the partition that replaces the first; or kNone
    };
    struct Move {
        std::uint32_t partition = 0;
        std::uint32_t member = 0;
    };
    /// What has been visited, before or after a relief.
    struct Visited {
        std::vector<bool> member_classes;
        std::vector<bool> neighbours;
    };

    void note_neighbours();
    void forget_visits();
    /// Brings one more partition of this class near, which members of `start` have. A failed search
    /// stays noted: the next one from `start` leaves out what led nowhere.
    bool improve(std::uint32_t start, std::uint32_t partition_class);
    [[nodiscard]] std::optional<End> find_end(std::uint32_t start, std::size_t at) const;
    void visit_next(std::uint32_t start, std::size_t at);
    void visit_near(std::uint32_t partition_class, std::size_t from, bool is_relieved);
    void visit_reliefs(std::uint32_t start, std::size_t from);
    void visit(const Visit& visit);
    /// A member of the first class has more partitions than one of the second.
    [[nodiscard]] bool has_more(std::uint32_t member_class, std::uint32_t other) const;
    /// Partitions of this class may go from `from` to `to`, and no fewer are near.
    [[nodiscard]] bool may_replace(std::uint32_t from, std::uint32_t to,
                                   std::uint32_t partition_class) const;

    void apply(std::uint32_t start, std::uint32_t partition_class, const End& end);
    [[nodiscard]] std::vector<Visit> chain_to(std::size_t at) const;
    /// Makes up for a partition that `member` gives away: the most loaded member of its class gives
    /// it one.
    void make_up(std::uint32_t member, std::vector<Move>& moves) const;
    void move(const Move& move);
    std::vector<std::uint32_t>& stock_of(std::uint32_t partition);

    const AssignmentModel& model_;
    AssignmentPlan& plan_;
    /// By member class: the partitions by their class. Those at home come first and leave last.
    std::vector<std::map<std::uint32_t, std::vector<std::uint32_t>>> stock_;
    /// Member classes of one audience in one rack; by partition class, which of these are near.
    std::vector<std::vector<std::uint32_t>> neighbours_;
    std::vector<std::vector<std::uint32_t>> near_;

    std::vector<Visit> visits_;
    std::array<Visited, 2> visited_;  ///< before, after a relief
    /// Members with more partitions than this are visited as a relief.
    std::size_t relief_load_ = SIZE_MAX;
};

}  // namespace hw::broker
