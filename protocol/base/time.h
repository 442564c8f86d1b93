#pragma once

#include <chrono>

namespace hw {

using Duration = std::chrono::nanoseconds;

/// The monotonic clock, as a type for std::chrono only. It has no now(): time comes from the Clock
/// port.
struct Monotonic {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Monotonic>;
    static constexpr bool is_steady = true;
};

using TimePoint = Monotonic::time_point;

/// The latest point in time; means "no deadline".
inline constexpr TimePoint kNever = TimePoint::max();

}  // namespace hw
