#pragma once

#include <cstdint>
#include <utility>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"

namespace hw::broker {

/// Rate-limited log for lines that any peer can cause, or that many partitions have. Writes at most
/// kLines in each kWindow; the first line after that says how many were left out. Used on one
/// shard.
class RateLimitedLog {
public:
    static constexpr std::uint64_t kLines = 20;
    static constexpr Duration kWindow = std::chrono::seconds(10);

    RateLimitedLog(Logger log, const Clock& clock) : log_(log), clock_(&clock) {}

    template <class... Args>
    void warning(fmt::format_string<Args...> text, Args&&... args) {
        if (may_write()) {
            log_.warning(text, std::forward<Args>(args)...);
        }
    }
    template <class... Args>
    void error(fmt::format_string<Args...> text, Args&&... args) {
        if (may_write()) {
            log_.error(text, std::forward<Args>(args)...);
        }
    }

private:
    [[nodiscard]] bool may_write() {
        const TimePoint now = clock_->now();
        if (now >= window_end_) {
            if (count_ > kLines) {
                log_.warning("{} more lines like the last ones were left out", count_ - kLines);
            }
            count_ = 0;
            window_end_ = now + kWindow;
        }
        return ++count_ <= kLines;
    }

    Logger log_;
    const Clock* clock_;
    TimePoint window_end_{};
    std::uint64_t count_ = 0;  ///< in this window
};

}  // namespace hw::broker
