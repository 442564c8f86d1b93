#include "broker/runtime/system_clock.h"

#include <chrono>

namespace hw::broker {

TimePoint SystemClock::now() const {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    return TimePoint(std::chrono::duration_cast<Duration>(since_boot));
}

Timestamp SystemClock::wall_now() const {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return Timestamp(std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count());
}

}  // namespace hw::broker
