#pragma once

#include <algorithm>
#include <chrono>

#include "protocol/base/time.h"

namespace hw::broker {

/// A time span of the configuration to wait for. It may be longer than Duration holds; then it is a
/// year.
inline Duration duration_of(std::chrono::milliseconds span) {
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);
    return std::min(span, kLongest);
}

}  // namespace hw::broker
