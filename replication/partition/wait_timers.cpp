#include "replication/partition/wait_timers.h"

#include "protocol/base/assert.h"

namespace hw::replication {

WaitTimers::~WaitTimers() {
    while (!waits_.empty()) {
        RequestWait& wait = *waits_.begin()->second;
        wait.abandon();
        wait.on_shard_end();
    }
}

bool WaitTimers::add(RequestWait& wait, TimePoint deadline) {
    HW_ASSERT(wait.timers_ == nullptr);
    if (waits_.size() >= kMaxWaits) {
        return false;
    }
    const bool earlier = deadline < next_deadline();
    wait.place_ = waits_.emplace(deadline, &wait);
    wait.timers_ = this;
    if (earlier) {
        earlier_->set();
    }
    return true;
}

void WaitTimers::on_time(TimePoint now) {
    while (next_deadline() <= now && !waits_.empty()) {
        RequestWait& wait = *waits_.begin()->second;
        remove(wait);
        wait.on_deadline();
    }
}

TimePoint WaitTimers::next_deadline() const {
    return waits_.empty() ? kNever : waits_.begin()->first;
}

void WaitTimers::remove(RequestWait& wait) {
    waits_.erase(wait.place_);
    wait.timers_ = nullptr;
}

}  // namespace hw::replication
