#include "broker/runtime/group_memory.h"

namespace hw::broker {

bool GroupMemory::has_room(std::int64_t bytes) {
    if (is_roomy(bytes)) {
        return true;
    }
    const TimePoint now = clock_.now();
    auto next = next_warning_.load(std::memory_order_relaxed);
    const auto later = (now + kWarningInterval).time_since_epoch().count();
    const bool is_due = now.time_since_epoch().count() >= next;
    if (is_due && next_warning_.compare_exchange_strong(next, later, std::memory_order_relaxed)) {
        log_.warning(
            "new members of groups, and offsets for further partitions, are refused: groups hold "
            "{} bytes, and an eighth of highwater.memory.limit, {} bytes, is for them. Raise the "
            "limit, or delete groups that nobody uses (hw group list, hw group delete)",
            this->bytes(), limit_);
    }
    return false;
}

}  // namespace hw::broker
