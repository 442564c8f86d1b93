#include "broker/coordinator/assignor/rack_matcher.h"

#include <algorithm>
#include <iterator>

namespace hw::broker {

RackMatcher::RackMatcher(const AssignmentModel& model, AssignmentPlan& plan)
    : model_(model),
      plan_(plan),
      stock_(model.member_classes.size()),
      near_(model.partition_classes.size()) {
    for (const bool is_home : {true, false}) {
        for (std::uint32_t partition = 0; partition < model.partition_count(); ++partition) {
            if (plan.owner(partition) != kNone && plan.is_home(partition) == is_home) {
                stock_of(partition).push_back(partition);
            }
        }
    }
    note_neighbours();
}

void RackMatcher::note_neighbours() {
    std::vector<std::map<std::uint16_t, std::uint32_t>> by_audience(model_.audiences.size());
    for (std::size_t audience = 0; audience < model_.audiences.size(); ++audience) {
        for (const std::uint32_t member_class : model_.audiences[audience]) {
            const auto rack = model_.member_classes[member_class].rack;
            if (!rack) {
                continue;
            }
            const auto [entry, is_new] = by_audience[audience].try_emplace(
                *rack, static_cast<std::uint32_t>(neighbours_.size()));
            if (is_new) {
                neighbours_.emplace_back();
            }
            neighbours_[entry->second].push_back(member_class);
        }
    }
    for (std::size_t number = 0; number < near_.size(); ++number) {
        const PartitionClass& partition_class = model_.partition_classes[number];
        for (const std::uint16_t rack : partition_class.racks) {
            const auto& racks = by_audience[partition_class.audience];
            if (const auto found = racks.find(rack); found != racks.end()) {
                near_[number].push_back(found->second);
            }
        }
    }
}

bool RackMatcher::run() {
    bool has_moved = false;
    for (std::uint32_t start = 0; start < stock_.size(); ++start) {
        std::vector<std::uint32_t> far;
        for (const auto& [partition_class, partitions] : stock_[start]) {
            if (!near_[partition_class].empty() && !model_.is_near(start, partition_class)) {
                far.push_back(partition_class);
            }
        }
        forget_visits();
        for (const std::uint32_t partition_class : far) {
            while (!stock_[start][partition_class].empty() && improve(start, partition_class)) {
                has_moved = true;
                forget_visits();
            }
        }
    }
    return has_moved;
}

void RackMatcher::forget_visits() {
    visits_.clear();
    for (Visited& visited : visited_) {
        visited.member_classes.assign(stock_.size(), false);
        visited.neighbours.assign(neighbours_.size(), false);
    }
    relief_load_ = SIZE_MAX;
}

bool RackMatcher::improve(std::uint32_t start, std::uint32_t partition_class) {
    std::size_t at = visits_.size();
    visit_near(partition_class, kBegin, false);
    for (; at < visits_.size(); ++at) {
        if (const auto end = find_end(start, at)) {
            apply(start, partition_class, *end);
            return true;
        }
        visit_next(start, at);
    }
    return false;
}

std::optional<RackMatcher::End> RackMatcher::find_end(std::uint32_t start, std::size_t at) const {
    const Visit& visit = visits_[at];
    if (!visit.is_relieved && has_more(start, visit.member_class)) {
        return End{.visit = at};
    }
    for (const auto& [partition_class, partitions] : stock_[visit.member_class]) {
        if (!partitions.empty() && may_replace(visit.member_class, start, partition_class)) {
            return End{.visit = at, .left = partition_class};
        }
    }
    return std::nullopt;
}

void RackMatcher::visit_next(std::uint32_t start, std::size_t at) {
    const Visit from = visits_[at];
    for (const auto& [partition_class, partitions] : stock_[from.member_class]) {
        if (!partitions.empty() && model_.is_near(from.member_class, partition_class)) {
            visit_near(partition_class, at, from.is_relieved);
        }
    }
    if (!from.is_relieved) {
        visit_reliefs(start, at);
    }
}

void RackMatcher::visit_near(std::uint32_t partition_class, std::size_t from, bool is_relieved) {
    for (const std::uint32_t neighbours : near_[partition_class]) {
        auto& is_visited = visited_[is_relieved ? 1 : 0].neighbours;
        if (is_visited[neighbours]) {
            continue;
        }
        is_visited[neighbours] = true;
        for (const std::uint32_t member_class : neighbours_[neighbours]) {
            visit({.member_class = member_class,
                   .came = partition_class,
                   .from = from,
                   .is_relieved = is_relieved});
        }
    }
}

void RackMatcher::visit_reliefs(std::uint32_t start, std::size_t from) {
    const std::uint32_t receiver = visits_[from].member_class;
    const std::size_t load = plan_.load(plan_.least_loaded(receiver));
    if (load >= relief_load_) {
        return;
    }
    relief_load_ = load;
    for (std::uint32_t other = 0; other < stock_.size(); ++other) {
        if (other != start && has_more(other, receiver)) {
            visit({.member_class = other, .from = from, .is_relieved = true});
        }
    }
}

void RackMatcher::visit(const Visit& visit) {
    auto& is_visited = visited_[visit.is_relieved ? 1 : 0].member_classes;
    if (!is_visited[visit.member_class]) {
        is_visited[visit.member_class] = true;
        visits_.push_back(visit);
    }
}

bool RackMatcher::has_more(std::uint32_t member_class, std::uint32_t other) const {
    return plan_.load(plan_.most_loaded(member_class)) > plan_.load(plan_.least_loaded(other));
}

bool RackMatcher::may_replace(std::uint32_t from, std::uint32_t to,
                              std::uint32_t partition_class) const {
    return model_.may_own(to, partition_class) &&
           (model_.is_near(to, partition_class) || !model_.is_near(from, partition_class));
}

void RackMatcher::apply(std::uint32_t start, std::uint32_t partition_class, const End& end) {
    std::vector<Move> moves;
    const std::vector<Visit> chain = chain_to(end.visit);
    const std::uint32_t first = stock_[start].at(partition_class).back();
    const std::uint32_t first_owner = plan_.owner(first);
    std::uint32_t moving = first;
    for (std::size_t at = 0; at < chain.size(); ++at) {
        const std::uint32_t here = chain[at].member_class;
        const bool is_last = at + 1 == chain.size();
        const std::uint32_t next_class = is_last ? end.left : chain[at + 1].came;
        if (next_class == kNone) {
            moves.push_back({moving, plan_.least_loaded(here)});
            continue;
        }
        const std::uint32_t leaving = stock_[here].at(next_class).back();
        if (chain[at].came == kNone) {
            make_up(plan_.owner(leaving), moves);
        } else {
            moves.push_back({moving, plan_.owner(leaving)});
        }
        moving = leaving;
    }
    if (end.left == kNone) {
        make_up(first_owner, moves);
    } else {
        moves.push_back({moving, first_owner});
    }
    for (const Move& each : moves) {
        move(each);
    }
}

std::vector<RackMatcher::Visit> RackMatcher::chain_to(std::size_t at) const {
    std::vector<Visit> chain;
    for (; at != kBegin; at = visits_[at].from) {
        chain.push_back(visits_[at]);
    }
    std::ranges::reverse(chain);
    return chain;
}

void RackMatcher::make_up(std::uint32_t member, std::vector<Move>& moves) const {
    const std::uint32_t giver = plan_.most_loaded(model_.class_of_member[member]);
    if (giver != member) {
        moves.push_back({plan_.partitions(giver).back(), member});
    }
}

void RackMatcher::move(const Move& move) {
    auto& stock = stock_of(move.partition);
    // It is often the last.
    stock.erase(std::next(std::ranges::find(stock.rbegin(), stock.rend(), move.partition)).base());
    plan_.give(move.partition, move.member);
    stock_of(move.partition).push_back(move.partition);
}

std::vector<std::uint32_t>& RackMatcher::stock_of(std::uint32_t partition) {
    return stock_[model_.class_of_member[plan_.owner(partition)]]
                 [model_.class_of_partition[partition]];
}

}  // namespace hw::broker
