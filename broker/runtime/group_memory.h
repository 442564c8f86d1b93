#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"

namespace hw::broker {

/// Counts the memory of all groups of a node, and has its limit. What is known stays: only new
/// members, and offsets for further partitions, are refused beyond the limit.
///
/// Atomic, because groups are entered on every thread. Requests at the same moment may each exceed
/// the limit once.
class GroupMemory {
public:
    static constexpr Duration kWarningInterval = std::chrono::minutes(1);

    GroupMemory(std::size_t limit, const Clock& clock, Logger log)
        : limit_(static_cast<std::int64_t>(limit)), clock_(clock), log_(log) {}
    GroupMemory(const GroupMemory&) = delete;
    GroupMemory& operator=(const GroupMemory&) = delete;

    void change(std::int64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    /// Whether there is room for `bytes` more. If not, the log says so, once a minute.
    [[nodiscard]] bool has_room(std::int64_t bytes);
    /// The same without a line in the log.
    [[nodiscard]] bool is_roomy(std::int64_t bytes) const {
        return bytes <= limit_ - this->bytes();
    }

private:
    const std::int64_t limit_;
    const Clock& clock_;
    Logger log_;
    std::atomic<std::int64_t> bytes_ = 0;
    std::atomic<TimePoint::rep> next_warning_ = std::numeric_limits<TimePoint::rep>::min();
};

}  // namespace hw::broker
