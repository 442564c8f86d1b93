#include "replication/partition/wait_timers.h"

#include "protocol/base/assert.h"

namespace hw::replication {

WaitTimers::~WaitTimers() {
    while (!waits_.empty()) {
        allow_stop(*waits_.begin());
    }
    while (!untimed_.empty()) {
        allow_stop(untimed_.front());
    }
}

void WaitTimers::allow_stop(DelayedRequest& wait) {
    wait.abandon();
    wait.on_shard_end();
}

bool WaitTimers::add(DelayedRequest& wait, TimePoint deadline) {
    HW_ASSERT(wait.timers_ == nullptr);
    if (waits_.size() >= kMaxWaits) {
        return false;
    }
    wait.timers_ = this;
    insert(wait, deadline);
    return true;
}

void WaitTimers::insert(DelayedRequest& wait, TimePoint deadline) {
    wait.deadline_ = deadline;
    waits_.insert(waits_.end(), wait);
    if (deadline < armed_) {
        armed_ = deadline;
        earlier_->set();
    }
}

void WaitTimers::set_earlier(DelayedRequest& wait, TimePoint deadline) {
    waits_.erase(waits_.iterator_to(wait));
    insert(wait, deadline);
}

void WaitTimers::add_untimed(DelayedRequest& wait) {
    HW_ASSERT(wait.timers_ == nullptr);
    wait.deadline_ = kNever;
    wait.timers_ = this;
    untimed_.push_back(wait);
}

void WaitTimers::on_time(TimePoint now) {
    while (next_deadline() <= now && !waits_.empty()) {
        DelayedRequest& wait = *waits_.begin();
        remove(wait);
        wait.on_deadline();
    }
}

TimePoint WaitTimers::next_deadline() const {
    return waits_.empty() ? kNever : waits_.begin()->deadline_;
}

void WaitTimers::remove(DelayedRequest& wait) {
    if (wait.untimed_place_.is_linked()) {
        untimed_.erase(untimed_.iterator_to(wait));
    } else {
        waits_.erase(waits_.iterator_to(wait));
    }
    wait.timers_ = nullptr;
}

}  // namespace hw::replication
