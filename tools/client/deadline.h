#pragma once

#include <algorithm>
#include <chrono>

namespace hw::client {

using Milliseconds = std::chrono::milliseconds;

/// A point in time after which a call gives up.
class Deadline {
public:
    explicit Deadline(Milliseconds from_now) : end_(Clock::now() + from_now) {}

    /// Zero once it has passed.
    [[nodiscard]] Milliseconds left() const {
        const auto left = std::chrono::ceil<Milliseconds>(end_ - Clock::now());
        return std::max(left, Milliseconds{0});
    }
    [[nodiscard]] bool has_passed() const { return left() == Milliseconds{0}; }
    /// The earlier of this one and one that is `from_now` ahead.
    [[nodiscard]] Deadline within(Milliseconds from_now) const {
        return Deadline(std::min(left(), from_now));
    }

private:
    using Clock = std::chrono::steady_clock;

    Clock::time_point end_;
};

}  // namespace hw::client
