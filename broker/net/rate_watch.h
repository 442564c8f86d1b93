#pragma once

#include <cstdint>

#include "protocol/base/time.h"

namespace hw::broker {

/// Measures the rate at which a peer sends or takes bytes, averaged over one window after the
/// other. Reads no clock; off until `begin`.
class RateWatch {
public:
    /// Begins the first window at `start`, which may be later than now. Before it, bytes are
    /// neither counted nor demanded.
    void begin(TimePoint start) {
        window_start_ = start;
        window_bytes_ = 0;
    }
    void end() { window_start_ = kNever; }
    [[nodiscard]] bool is_on() const { return window_start_ != kNever; }
    void moved(std::size_t bytes) { window_bytes_ += static_cast<std::int64_t>(bytes); }
    /// The peer could not send or take bytes for `span`: this does not count against it.
    void exclude(Duration span) {
        if (is_on()) {
            window_start_ += span;
        }
    }
    /// True when a window has ended with an average below `minimum` bytes per second. If one has
    /// ended with more, begins the next.
    [[nodiscard]] bool is_too_slow(TimePoint now, Duration window, std::int64_t minimum) {
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
        const std::int64_t wanted = minimum * span / 1000;
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
