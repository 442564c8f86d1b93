#include "broker/api/waiting_requests.h"

#include <algorithm>

namespace hw::broker {

WaitingRequests::WaitingRequests(Shard& shard, const Clock& clock)
    : shard_(shard), clock_(clock), fetches_(changed_), produces_(changed_), tasks_(shard) {}

void WaitingRequests::start() {
    tasks_.spawn(watch());
}

TimePoint WaitingRequests::deadline(Millis span) const {
    const Duration asked = std::chrono::milliseconds(span.value());
    return clock_.now() + std::clamp(asked, Duration::zero(), kMaxWait);
}

Task<> WaitingRequests::watch() {
    while (!stopping_) {
        co_await shard_.wait(changed_, std::min(fetches_.arm(), produces_.arm()));
        fetches_.on_time(clock_.now());
        produces_.on_time(clock_.now());
    }
}

Task<> WaitingRequests::stop() {
    stopping_ = true;
    changed_.set();
    fetches_.on_time(kNever);
    produces_.on_time(kNever);
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
