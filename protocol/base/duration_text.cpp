#include "protocol/base/duration_text.h"

#include <cstdint>

#include <fmt/format.h>

namespace hw {

std::string short_duration(std::chrono::milliseconds duration) {
    constexpr std::int64_t kSecond = 1000;
    const std::int64_t millis = duration.count();
    return millis < kSecond ? fmt::format("{} ms", millis)
                            : fmt::format("{:.1f} s", static_cast<double>(millis) / kSecond);
}

}  // namespace hw
