#include "test/unit/seam/history.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "test/unit/seam/explorer.h"

namespace hw::broker {
namespace {

std::string_view to_string(What what) {
    switch (what) {
        case What::enters:
            return "enters work";
        case What::accepted:
            return "has entered work";
        case What::refused:
            return "is refused work";
        case What::begins:
            return "begins work";
        case What::ends:
            return "ends work";
        case What::destroyed:
            return "destroys the object; work so far:";
    }
    return "";
}

}  // namespace

WorkNumber History::enters() {
    entered_.push_back({.thread = model::Explorer::active().thread()});
    const WorkNumber work = entered_.size() - 1;
    add(What::enters, work);
    return work;
}

void History::accepted(WorkNumber work) {
    add(What::accepted, work);
    entered_[work].accepted = true;
}

void History::refused(WorkNumber work) {
    add(What::refused, work);
    entered_[work].refused = true;
    const auto open = std::ranges::count_if(
        entered_, [](const Work& other) { return !other.refused && other.ended == 0; });
    require(static_cast<std::size_t>(open) >= max_queued_, "refused though there is room");
}

void History::begins(WorkNumber work) {
    const bool alone = count(What::begins) == count(What::ends);
    add(What::begins, work);
    ++entered_[work].begun;
    require(alone, "work begins while other work is inside");
    require(count(What::destroyed) == 0, "work begins in a destroyed object");
    require(!overtakes(work), "work overtakes earlier work of its thread");
}

void History::ends(WorkNumber work) {
    add(What::ends, work);
    ++entered_[work].ended;
}

void History::destroyed() {
    add(What::destroyed, entered_.size());
    require(count(What::begins) == count(What::ends), "destroyed while work is inside");
}

void History::require(bool holds, std::string_view breach) {
    if (!holds && breach_.empty()) {
        breach_ = breach;
    }
}

void History::finish() {
    for (const Work& work : entered_) {
        require(work.accepted != work.refused, "work neither accepted nor refused");
        require(!work.accepted || work.begun > 0, "accepted work is lost");
        require(work.begun <= 1, "work runs twice");
        require(!work.refused || work.begun == 0, "refused work runs");
    }
    require(count(What::destroyed) == 1, "the object is not destroyed exactly once");
}

std::size_t History::count(What what) const {
    return static_cast<std::size_t>(std::ranges::count(events_, what, &Event::what));
}

std::string History::breach() const {
    if (breach_.empty()) {
        return {};
    }
    std::string text = breach_ + ":";
    for (const Event& event : events_) {
        fmt::format_to(std::back_inserter(text), "\n  thread {}: {} {}", event.thread,
                       to_string(event.what), event.work);
    }
    return text;
}

void History::add(What what, WorkNumber work) {
    events_.push_back({what, model::Explorer::active().thread(), work});
}

bool History::overtakes(WorkNumber work) const {
    for (WorkNumber earlier = 0; earlier < work; ++earlier) {
        const Work& other = entered_[earlier];
        if (other.thread == entered_[work].thread && !other.refused && other.begun == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace hw::broker
