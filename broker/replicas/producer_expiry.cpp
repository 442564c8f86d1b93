#include "broker/replicas/producer_expiry.h"

#include <algorithm>

namespace hw::broker {

Task<> ProducerExpiry::stop() {
    stopping_ = true;
    stop_.set();
    co_await tasks_.wait_idle();
}

/// True from seven eighths of the limit on, so that room is made before a new producer is refused.
bool ProducerExpiry::is_nearly_full() const {
    const std::size_t max_count = ports_.limit.max_count();
    return ports_.limit.count() >= max_count - max_count / 8;
}

Task<> ProducerExpiry::run() {
    TimePoint next_pass = ports_.clock.now() + interval_;
    while (!stopping_) {
        co_await ports_.shard.wait(stop_, ports_.clock.now() + kIntervalWhenFull);
        const bool nearly_full = is_nearly_full();
        if (stopping_ || (!nearly_full && ports_.clock.now() < next_pass)) {
            continue;
        }
        const auto idle = nearly_full ? std::min(expiration_, kIdleAlwaysKept) : expiration_;
        warn_when_full();  // before the pass makes room for a moment
        co_await ports_.replicas.expire_producers(ports_.clock.wall_now(), idle);
        next_pass = ports_.clock.now() + interval_;
    }
}

void ProducerExpiry::warn_when_full() {
    const TimePoint now = ports_.clock.now();
    if (!ports_.limit.is_full() || now < next_warning_) {
        return;
    }
    next_warning_ = now + kWarningInterval;
    ports_.log.warning(
        "new producers are refused: this broker remembers {} producers, which is the limit that "
        "follows from highwater.memory.limit, and drops them after {} minutes without a record. "
        "Raise the limit, or see which client makes a new producer for each record",
        ports_.limit.count(), kIdleAlwaysKept / std::chrono::minutes(1));
}

}  // namespace hw::broker
