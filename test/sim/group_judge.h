#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/time.h"

namespace hw::sim {

/// A member of a group, as its coordinator knows it.
struct MemberName {
    std::string id;
    std::optional<std::string> instance;  ///< of a static member

    bool operator==(const MemberName&) const = default;
};

/// A SyncGroup that was answered with success.
struct MemberAssigned {
    MemberName member;
    std::int32_t generation = 0;
    std::vector<std::int32_t> partitions;
    TimePoint done;  ///< when the answer came
};

/// A commit of a member that was acknowledged.
struct MemberCommit {
    MemberName member;
    std::int32_t generation = 0;
    TimePoint sent;
};

/// Judges what the members of groups see. In one generation a partition has one owner (G1). Once a
/// member has got its part of a generation, no commit of an earlier one is taken (G2), and none of
/// an earlier process with the same instance id (G5).
///
/// Members report in any order. A group takes O(n log n) for n reports.
class GroupJudge {
public:
    /// The names of the groups, for reports.
    explicit GroupJudge(std::vector<std::string> names);

    void on_assigned(std::size_t group, MemberAssigned assigned);
    void on_commit(std::size_t group, MemberCommit commit);
    /// A SyncGroup was answered with something that is no assignment.
    void on_unreadable(std::size_t group, const MemberName& member);

    /// The first broken rule, as a sentence; nullopt if none is broken.
    [[nodiscard]] std::optional<std::string> judge() const;

    /// Generations of which some member has got its part.
    [[nodiscard]] std::uint64_t generations() const;
    [[nodiscard]] std::uint64_t commits() const;

private:
    struct Group {
        std::string name;
        std::vector<MemberAssigned> assigned;
        std::vector<MemberCommit> commits;
    };

    std::vector<Group> groups_;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
