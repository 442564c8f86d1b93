#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hw::broker {

/// Limit of the memory that the large frames of a whole node may hold: half of the node's request
/// memory (broker/net/README.md).
///
/// All large frames share a part of it. The rest, as large as the largest request, is for one frame
/// at a time, the favoured one: it gets each next step even if the others hold everything else. So
/// half-received frames never wait for each other. If the limit is too small for that, the favoured
/// frame exceeds it.
///
/// Shared by the shards, and called about once for every 256 KiB of a large frame. Atomics, because
/// a frame must not wait for another thread when there is room.
class LargeFrameLimit {
public:
    /// Identifies a frame; never 0.
    using Number = std::uint64_t;

    /// `limit`: bytes of all large frames. `largest`: of one frame (socket.request.max.bytes).
    LargeFrameLimit(std::size_t limit, std::size_t largest)
        : limit_(limit), shared_(std::max(limit / 4, limit - std::min(limit, largest))) {}

    [[nodiscard]] Number next_number() { return next_.fetch_add(1, std::memory_order_relaxed); }
    /// Takes `bytes` more for a frame. False, and nothing taken, when it has to wait.
    [[nodiscard]] bool try_take(Number frame, std::size_t bytes) {
        Number nobody = 0;
        if (!favours(frame)) {
            if (try_take_shared(bytes)) {
                return true;
            }
            if (!favoured_.compare_exchange_strong(nobody, frame, std::memory_order_relaxed)) {
                return false;
            }
        }
        held_.fetch_add(bytes, std::memory_order_relaxed);
        return true;
    }
    /// True for the favoured frame, which gets each next step.
    [[nodiscard]] bool favours(Number frame) const {
        return favoured_.load(std::memory_order_relaxed) == frame;
    }
    /// Gives back `bytes`, which is all that the frame has taken.
    void give_back(Number frame, std::size_t bytes) {
        held_.fetch_sub(bytes, std::memory_order_relaxed);
        favoured_.compare_exchange_strong(frame, 0, std::memory_order_relaxed);
    }

    [[nodiscard]] std::size_t limit() const { return limit_; }
    [[nodiscard]] std::size_t held() const { return held_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] bool try_take_shared(std::size_t bytes) {
        std::size_t held = held_.load(std::memory_order_relaxed);
        do {
            if (held > shared_ || bytes > shared_ - held) {
                return false;
            }
        } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
        return true;
    }

    const std::size_t limit_;
    const std::size_t shared_;  ///< part of the limit for all frames
    std::atomic<std::size_t> held_ = 0;
    std::atomic<Number> next_ = 1;
    std::atomic<Number> favoured_ = 0;  ///< the frame that may exceed `shared_`; 0: none
};

}  // namespace hw::broker
