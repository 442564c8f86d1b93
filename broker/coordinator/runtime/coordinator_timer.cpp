#include "broker/coordinator/runtime/coordinator_timer.h"

namespace hw::broker {

void CoordinatorTimer::wake_at(TimePoint time, std::weak_ptr<HostedReplica> replica) {
    control_.post([this, time, replica = std::move(replica)]() mutable {
        add({time, ++count_, std::move(replica)});
    });
}

void CoordinatorTimer::add(Wake wake) {
    if (stopping_) {
        return;
    }
    wakes_.insert(std::move(wake));
    changed_.set();
    if (!std::exchange(is_running_, true)) {
        tasks_.spawn(run());
    }
}

Task<> CoordinatorTimer::run() {
    while (!stopping_ && !wakes_.empty()) {
        const TimePoint next = wakes_.begin()->time;
        co_await control_.wait(changed_, next);
        while (!wakes_.empty() && wakes_.begin()->time <= clock_.now()) {
            const auto replica = wakes_.begin()->replica;
            wakes_.erase(wakes_.begin());
            wake(replica);
        }
    }
    is_running_ = false;
}

void CoordinatorTimer::wake(const std::weak_ptr<HostedReplica>& weak) {
    const auto replica = weak.lock();
    if (replica == nullptr) {
        return;
    }
    // Only coordinators ask to be woken.
    auto* const coordinator = static_cast<Coordinator*>(replica->listener().get());
    replica->enter_unrefused(control_, [coordinator](replication::PartitionReplica& inside,
                                                     Shard&) { coordinator->on_time(inside); });
}

Task<> CoordinatorTimer::stop() {
    stopping_ = true;
    changed_.set();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
