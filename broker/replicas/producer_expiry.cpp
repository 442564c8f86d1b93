#include "broker/replicas/producer_expiry.h"

#include <algorithm>

namespace hw::broker {

Task<> ProducerExpiry::stop() {
    stopping_ = true;
    stop_.set();
    co_await tasks_.wait_idle();
}

/// An eighth is left, so that room is made before a new producer is refused.
bool ProducerExpiry::is_nearly_full() const {
    const std::size_t max_count = ports_.limit.max_count();
    return ports_.limit.count() >= max_count - max_count / 8;
}

Task<> ProducerExpiry::run() {
    TimePoint next_pass = ports_.clock.now() + interval_;
    while (!stopping_) {
        co_await ports_.shard.wait(stop_, ports_.clock.now() + kIntervalWhenFull);
        const bool is_full = is_nearly_full();
        if (stopping_ || (!is_full && ports_.clock.now() < next_pass)) {
            continue;
        }
        const auto idle = is_full ? std::min(expiration_, kIdleAlwaysKept) : expiration_;
        co_await ports_.replicas.expire_producers(ports_.clock.wall_now(), idle);
        next_pass = ports_.clock.now() + interval_;
    }
}

}  // namespace hw::broker
