#pragma once

#include <chrono>

namespace hw {

using Duration = std::chrono::nanoseconds;

/// The monotonic clock as a type only: a point in time comes from the Clock port, never from here.
struct Monotonic {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Monotonic>;
    static constexpr bool is_steady = true;
};

using TimePoint = Monotonic::time_point;

/// Later than everything: "no deadline".
inline constexpr TimePoint kNever = TimePoint::max();

}  // namespace hw
