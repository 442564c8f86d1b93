#include "broker/api/delayed_requests.h"

#include <algorithm>

namespace hw::broker {

DelayedRequests::DelayedRequests(Shard& shard, const Clock& clock)
    : shard_(shard),
      clock_(clock),
      fetches_(changed_),
      produces_(changed_),
      calls_(changed_),
      parked_calls_(changed_),
      tasks_(shard) {}

void DelayedRequests::start() {
    tasks_.spawn(watch());
}

TimePoint DelayedRequests::deadline(Millis span) const {
    const Duration asked = std::chrono::milliseconds(span.value());
    return clock_.now() + std::clamp(asked, Duration::zero(), kMaxWait);
}

Task<> DelayedRequests::watch() {
    while (!stopping_) {
        const TimePoint next =
            std::min({fetches_.arm(), produces_.arm(), calls_.arm(), parked_calls_.arm()});
        co_await shard_.wait(changed_, next);
        fetches_.on_time(clock_.now());
        produces_.on_time(clock_.now());
        calls_.on_time(clock_.now());
        parked_calls_.on_time(clock_.now());
    }
}

Task<> DelayedRequests::stop() {
    stopping_ = true;
    changed_.set();
    fetches_.on_time(kNever);
    produces_.on_time(kNever);
    calls_.on_time(kNever);
    parked_calls_.on_time(kNever);
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
