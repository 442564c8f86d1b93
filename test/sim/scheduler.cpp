#include "test/sim/scheduler.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hw::sim {

void Scheduler::ready(NodeTag node, Work work) {
    const auto held = held_.find(node);
    std::vector<Item>& into = held == held_.end() ? ready_ : held->second;
    into.push_back({node, next_id_++, std::move(work)});
}

void Scheduler::pause(NodeTag node) {
    std::vector<Item>& held = held_[node];
    for (Item& item : ready_) {
        if (item.node == node) {
            held.push_back(std::move(item));
        }
    }
    std::erase_if(ready_, [node](const Item& item) { return item.node == node; });
}

void Scheduler::resume(NodeTag node) {
    auto held = held_.extract(node);
    if (!held.empty()) {
        std::ranges::move(held.mapped(), std::back_inserter(ready_));
    }
}

Scheduler::ParkId Scheduler::park(NodeTag node, Work work, TimePoint deadline) {
    const ParkId id = next_id_++;
    parked_.emplace(id, Parked{node, std::move(work), deadline});
    if (deadline != kNever) {
        deadlines_.emplace(deadline, id);
    }
    return id;
}

void Scheduler::wake(ParkId id) {
    const auto found = parked_.find(id);
    if (found == parked_.end()) {
        return;
    }
    Parked parked = std::move(found->second);
    parked_.erase(found);
    deadlines_.erase({parked.deadline, id});
    ready(parked.node, std::move(parked.work));
}

void Scheduler::wake_due() {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
        wake(deadlines_.begin()->second);
    }
}

bool Scheduler::step() {
    wake_due();
    while (ready_.empty()) {
        if (deadlines_.empty()) {
            return false;
        }
        now_ = std::max(now_, deadlines_.begin()->first);
        wake_due();
    }
    const std::size_t chosen = random_.below(ready_.size());
    std::swap(ready_[chosen], ready_.back());
    Item item = std::move(ready_.back());
    ready_.pop_back();
    ++steps_;
    last_node_ = item.node;
    for (const std::uint64_t part : {item.id, std::uint64_t{item.node},
                                     static_cast<std::uint64_t>(now_.time_since_epoch().count())}) {
        trace_hash_ = (trace_hash_ ^ part) * 0x100'0000'01B3;
    }
    item.work();
    // Each step takes some time, so that time passes even if work never stops.
    now_ += std::chrono::nanoseconds(1 + random_.below(1000));
    return true;
}

bool Scheduler::run_until(const std::function<bool()>& done, TimePoint limit) {
    while (!done()) {
        if (now_ > limit || !step()) {
            return false;
        }
    }
    return true;
}

std::vector<Scheduler::Work> Scheduler::take_all_of(NodeTag node) {
    std::vector<Work> taken;
    for (Item& item : ready_) {
        if (item.node == node) {
            taken.push_back(std::move(item.work));
        }
    }
    std::erase_if(ready_, [node](const Item& item) { return item.node == node; });
    if (const auto held = held_.find(node); held != held_.end()) {
        for (Item& item : std::exchange(held->second, {})) {
            taken.push_back(std::move(item.work));
        }
    }
    for (auto entry = parked_.begin(); entry != parked_.end();) {
        if (entry->second.node == node) {
            deadlines_.erase({entry->second.deadline, entry->first});
            taken.push_back(std::move(entry->second.work));
            entry = parked_.erase(entry);
        } else {
            ++entry;
        }
    }
    return taken;
}

void Scheduler::drop(NodeTag node) {
    // Repeats, because destroying a coroutine can post its completion to its executor.
    while (!take_all_of(node).empty()) {
    }
}

}  // namespace hw::sim
