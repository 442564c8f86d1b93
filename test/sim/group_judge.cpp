#include "test/sim/group_judge.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hw::sim {
namespace {

using Broken = std::optional<std::string>;

/// Members with an instance keep their part under another id.
const std::string& owner(const MemberName& member) {
    return member.instance ? *member.instance : member.id;
}

Broken check_owners(const std::string& group, const std::vector<MemberAssigned>& all) {
    std::map<std::pair<std::int32_t, std::int32_t>, const MemberAssigned*> owners;
    for (const MemberAssigned& one : all) {
        for (const std::int32_t partition : one.partitions) {
            const auto [place, is_first] = owners.try_emplace({one.generation, partition}, &one);
            const MemberAssigned& other = *place->second;
            if (!is_first && owner(other.member) != owner(one.member)) {
                return fmt::format("{}: in generation {} partition {} belongs to {} and to {}",
                                   group, one.generation, partition, owner(other.member),
                                   owner(one.member));
            }
        }
    }
    return std::nullopt;
}

/// \param all  by `done`
Broken check_generations(const std::string& group, const std::vector<MemberAssigned>& all,
                         const std::vector<MemberCommit>& commits) {
    // The highest generation up to each answer.
    std::vector<std::int32_t> highest;
    for (const MemberAssigned& one : all) {
        highest.push_back(std::max(highest.empty() ? 0 : highest.back(), one.generation));
    }
    for (const MemberCommit& commit : commits) {
        const auto later = std::ranges::lower_bound(all, commit.sent, {}, &MemberAssigned::done);
        if (later == all.begin()) {
            continue;
        }
        const auto before = static_cast<std::size_t>(later - all.begin()) - 1;
        if (highest[before] > commit.generation) {
            return fmt::format(
                "{}: a commit of {} in generation {} was taken although it was sent "
                "after generation {} had begun",
                group, commit.member.id, commit.generation, highest[before]);
        }
    }
    return std::nullopt;
}

/// \param all  by `done`
Broken check_instances(const std::string& group, const std::vector<MemberAssigned>& all,
                       const std::vector<MemberCommit>& commits) {
    // The ids of each instance, with the time from which they were in force.
    std::map<std::string, std::vector<std::pair<TimePoint, std::string>>> ids;
    std::set<std::string> known;
    for (const MemberAssigned& one : all) {
        if (one.member.instance && known.insert(one.member.id).second) {
            ids[*one.member.instance].emplace_back(one.done, one.member.id);
        }
    }
    for (const MemberCommit& commit : commits) {
        if (!commit.member.instance) {
            continue;
        }
        const auto& of_instance = ids[*commit.member.instance];
        const auto own = std::ranges::find(of_instance, commit.member.id,
                                           &std::pair<TimePoint, std::string>::second);
        const auto newer = own == of_instance.end() ? own : std::next(own);
        if (newer != of_instance.end() && newer->first < commit.sent) {
            return fmt::format(
                "{}: a commit of {} was taken although it was sent after {} had "
                "taken over its instance {}",
                group, commit.member.id, newer->second, *commit.member.instance);
        }
    }
    return std::nullopt;
}

}  // namespace

GroupJudge::GroupJudge(std::vector<std::string> names) {
    for (std::string& name : names) {
        groups_.push_back({std::move(name), {}, {}});
    }
}

void GroupJudge::on_assigned(std::size_t group, MemberAssigned assigned) {
    groups_[group].assigned.push_back(std::move(assigned));
}

void GroupJudge::on_commit(std::size_t group, MemberCommit commit) {
    groups_[group].commits.push_back(std::move(commit));
}

void GroupJudge::on_unreadable(std::size_t group, const MemberName& member) {
    if (!broken_) {
        broken_ = fmt::format("{}: the assignment of {} cannot be read, or names other topics",
                              groups_[group].name, member.id);
    }
}

std::optional<std::string> GroupJudge::judge() const {
    if (broken_) {
        return broken_;
    }
    for (const Group& group : groups_) {
        std::vector<MemberAssigned> all = group.assigned;
        std::ranges::sort(
            all, {}, [](const MemberAssigned& one) { return std::pair(one.done, one.generation); });
        auto broken = check_owners(group.name, all);
        if (!broken) {
            broken = check_generations(group.name, all, group.commits);
        }
        if (!broken) {
            broken = check_instances(group.name, all, group.commits);
        }
        if (broken) {
            return broken;
        }
    }
    return std::nullopt;
}

std::uint64_t GroupJudge::generations() const {
    std::uint64_t count = 0;
    for (const Group& group : groups_) {
        std::set<std::int32_t> generations;
        for (const MemberAssigned& one : group.assigned) {
            generations.insert(one.generation);
        }
        count += generations.size();
    }
    return count;
}

std::uint64_t GroupJudge::commits() const {
    std::uint64_t count = 0;
    for (const Group& group : groups_) {
        count += group.commits.size();
    }
    return count;
}

}  // namespace hw::sim
