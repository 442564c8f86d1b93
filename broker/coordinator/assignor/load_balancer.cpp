#include "broker/coordinator/assignor/load_balancer.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::broker {

LoadBalancer::LoadBalancer(const AssignmentModel& model, AssignmentPlan& plan)
    : model_(model),
      plan_(plan),
      parts_(model.class_of_member.size(), 0),
      distances_(model.class_of_member.size(), kNone),
      audience_distances_(model.audiences.size(), kNone),
      class_distances_(model.member_classes.size(), kNone),
      partitions_left_(model.class_of_member.size(), 0),
      next_class_(model.audiences.size(), 0),
      next_member_(model.member_classes.size(), 0) {}

void LoadBalancer::run() {
    Members all(parts_.size());
    std::iota(all.begin(), all.end(), 0U);
    std::vector<Members> waiting{std::move(all)};
    std::uint32_t parts = 0;
    while (!waiting.empty()) {
        const Members members = std::move(waiting.back());
        waiting.pop_back();
        part_ = ++parts;
        for (const std::uint32_t member : members) {
            parts_[member] = part_;
        }
        Members closed = level(members);
        if (closed.empty()) {
            continue;
        }
        Members others;
        std::ranges::set_difference(members, closed, std::back_inserter(others));
        HW_ASSERT(!others.empty());
        waiting.push_back(std::move(closed));
        waiting.push_back(std::move(others));
    }
}

LoadBalancer::Members LoadBalancer::level(const Members& members) {
    if (members.size() < 2) {
        return {};
    }
    std::size_t sum = 0;
    for (const std::uint32_t member : members) {
        sum += plan_.load(member);
    }
    const std::size_t average = sum / members.size();
    // First those that must give to those that must get. So the fewest partitions move.
    close(members, {.above = average + 1, .below = average});
    close(members, {.above = average, .below = average});
    close(members, {.above = average + 1, .below = average + 1});
    const auto is_above = [&](std::uint32_t member) { return plan_.load(member) > average + 1; };
    const auto is_below = [&](std::uint32_t member) { return plan_.load(member) < average; };
    if (std::ranges::none_of(members, is_above)) {
        if (std::ranges::none_of(members, is_below)) {
            return {};
        }
        search(members, {.above = average, .below = average});
    }
    Members closed;
    std::ranges::copy_if(members, std::back_inserter(closed),
                         [&](std::uint32_t member) { return is_reached(member); });
    return closed;
}

void LoadBalancer::close(const Members& members, const Gap& gap) {
    while (search(members, gap)) {
        for (const std::uint32_t member : members) {
            while (plan_.load(member) > gap.above && move_one(member, gap)) {
            }
        }
    }
}

bool LoadBalancer::search(const Members& members, const Gap& gap) {
    std::ranges::fill(audience_distances_, kNone);
    std::ranges::fill(class_distances_, kNone);
    std::ranges::fill(next_class_, 0);
    std::ranges::fill(next_member_, 0);
    Members reached;
    for (const std::uint32_t member : members) {
        const bool is_source = plan_.load(member) > gap.above;
        distances_[member] = is_source ? 0 : kNone;
        partitions_left_[member] = plan_.load(member);
        if (is_source) {
            reached.push_back(member);
        }
    }
    const auto is_below = [&](std::uint32_t member) { return plan_.load(member) < gap.below; };
    while (!reached.empty()) {
        Members next;
        for (const std::uint32_t member : reached) {
            reach_from(member, next);
        }
        if (std::ranges::any_of(next, is_below)) {
            return true;
        }
        reached = std::move(next);
    }
    return false;
}

void LoadBalancer::reach_from(std::uint32_t member, Members& reached) {
    const std::uint32_t distance = distances_[member];
    for (const std::uint32_t partition : plan_.partitions(member)) {
        const std::uint32_t audience =
            model_.partition_classes[model_.class_of_partition[partition]].audience;
        if (audience_distances_[audience] != kNone) {
            continue;
        }
        audience_distances_[audience] = distance;
        for (const std::uint32_t member_class : model_.audiences[audience]) {
            reach_members(member_class, distance, reached);
        }
    }
}

void LoadBalancer::reach_members(std::uint32_t member_class, std::uint32_t distance,
                                 Members& reached) {
    if (class_distances_[member_class] != kNone) {
        return;
    }
    class_distances_[member_class] = distance;
    for (const std::uint32_t member : model_.member_classes[member_class].members) {
        if (parts_[member] == part_ && distances_[member] == kNone) {
            distances_[member] = distance + 1;
            reached.push_back(member);
        }
    }
}

bool LoadBalancer::move_one(std::uint32_t source, const Gap& gap) {
    std::vector<Step> path;
    while (true) {
        const std::uint32_t member = path.empty() ? source : path.back().member;
        if (!path.empty() && plan_.load(member) < gap.below) {
            break;
        }
        const Step step = next_step(member);
        if (step.member != kNone) {
            path.push_back(step);
            continue;
        }
        distances_[member] = kNone;
        if (path.empty()) {
            return false;
        }
        path.pop_back();
    }
    for (const Step& step : path) {
        plan_.give(step.partition, step.member);
    }
    return true;
}

LoadBalancer::Step LoadBalancer::next_step(std::uint32_t member) {
    // It may have given some since the search.
    std::size_t& left = partitions_left_[member];
    for (left = std::min(left, plan_.load(member)); left > 0; --left) {
        const std::uint32_t partition = plan_.partitions(member)[left - 1];
        const std::uint32_t audience =
            model_.partition_classes[model_.class_of_partition[partition]].audience;
        if (audience_distances_[audience] != distances_[member]) {
            continue;
        }
        const std::uint32_t next = next_in_audience(audience, distances_[member]);
        if (next != kNone) {
            return {.partition = partition, .member = next};
        }
    }
    return {.partition = kNone, .member = kNone};
}

std::uint32_t LoadBalancer::next_in_audience(std::uint32_t audience, std::uint32_t distance) {
    const auto& classes = model_.audiences[audience];
    for (std::size_t& next = next_class_[audience]; next < classes.size(); ++next) {
        if (class_distances_[classes[next]] != distance) {
            continue;
        }
        const std::uint32_t member = next_in_class(classes[next], distance);
        if (member != kNone) {
            return member;
        }
    }
    return kNone;
}

std::uint32_t LoadBalancer::next_in_class(std::uint32_t member_class, std::uint32_t distance) {
    const auto& members = model_.member_classes[member_class].members;
    for (std::size_t& next = next_member_[member_class]; next < members.size(); ++next) {
        if (parts_[members[next]] == part_ && distances_[members[next]] == distance + 1) {
            return members[next];
        }
    }
    return kNone;
}

}  // namespace hw::broker
