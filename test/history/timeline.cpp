#include "test/history/timeline.h"

#include <algorithm>
#include <utility>

namespace hw::history {

namespace {

constexpr Time kBeforeAll{std::numeric_limits<std::int64_t>::min()};

}  // namespace

void Losses::sort() {
    std::ranges::sort(losses_, {}, &Interval::at);
    Time latest = kBeforeAll;
    for (Interval& loss : losses_) {
        latest = std::max(latest, loss.until);
        loss.until = latest;
    }
}

Time Losses::horizon(Time done) const {
    const auto after = std::ranges::upper_bound(losses_, done, {}, &Interval::at);
    return after == losses_.begin() ? kBeforeAll : std::prev(after)->until;
}

std::vector<Time> Losses::horizons() const {
    std::vector<Time> times;
    for (const Interval& loss : losses_) {
        times.push_back(loss.until);
    }
    const auto repeated = std::ranges::unique(times);
    times.erase(repeated.begin(), repeated.end());
    return times;
}

void LogStarts::sort() {
    std::ranges::sort(moves_, {}, &Move::at);
    Offset highest{0};
    for (Move& move : moves_) {
        highest = std::max(highest, move.offset);
        move.offset = highest;
    }
}

Offset LogStarts::at(Time time) const {
    const auto after = std::ranges::upper_bound(moves_, time, {}, &Move::at);
    return after == moves_.begin() ? Offset(0) : std::prev(after)->offset;
}

HighestProof::HighestProof(const Losses& losses, std::vector<Proof> proofs)
    : losses_(losses),
      horizons_(losses.horizons()),
      proofs_(std::move(proofs)),
      highest_(horizons_.size() + 1) {
    std::ranges::sort(proofs_, {}, &Proof::done);
}

const Proof* HighestProof::before(Time invoked, Time done) {
    for (; next_ < proofs_.size() && proofs_[next_].done < invoked; ++next_) {
        const Proof& proof = proofs_[next_];
        const auto era = std::ranges::lower_bound(horizons_, proof.invoked) - horizons_.begin();
        const Proof*& highest = highest_[static_cast<std::size_t>(era)];
        if (highest == nullptr || highest->offset < proof.offset) {
            highest = &proof;
        }
    }
    const auto lost = std::ranges::upper_bound(horizons_, losses_.horizon(done));
    const Proof* result = nullptr;
    for (auto era = static_cast<std::size_t>(lost - horizons_.begin()); era < highest_.size();
         ++era) {
        const Proof* const highest = highest_[era];
        if (highest != nullptr && (result == nullptr || result->offset < highest->offset)) {
            result = highest;
        }
    }
    return result;
}

}  // namespace hw::history
