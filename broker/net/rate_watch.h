#pragma once

#include <cstdint>

#include "protocol/base/time.h"

namespace hw::broker {

/// The rate at which a peer moves bytes, averaged over one window after the other. Pure; off until
/// it begins.
class RateWatch {
public:
    /// The first window begins at `start`, which may be later than now: bytes until then do not
    /// count, and are not missed.
    void begin(TimePoint start) {
        window_start_ = start;
        window_bytes_ = 0;
    }
    void end() { window_start_ = kNever; }
    [[nodiscard]] bool is_on() const { return window_start_ != kNever; }
    void moved(std::size_t bytes) { window_bytes_ += static_cast<std::int64_t>(bytes); }
    /// The peer could move nothing for `span`, which does not count against it.
    void stood_still(Duration span) {
        if (is_on()) {
            window_start_ += span;
        }
    }
    /// True when a window is over in which the average was less than `least` bytes a second; else
    /// the next window begins, if one is over.
    [[nodiscard]] bool is_too_slow(TimePoint now, Duration window, std::int64_t least) {
        if (!is_on()) {
            return false;
        }
        if (now < window_start_) {
            window_bytes_ = 0;
            return false;
        }
        if (now - window_start_ < window) {
            return false;
        }
        const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(window).count();
        const std::int64_t wanted = least * span / 1000;
        if (window_bytes_ < wanted) {
            return true;
        }
        begin(now);
        return false;
    }

private:
    TimePoint window_start_ = kNever;
    std::int64_t window_bytes_ = 0;
};

}  // namespace hw::broker
