#include "broker/replicas/guard_entries.h"

#include <chrono>
#include <utility>

namespace hw::broker {
namespace {

/// Interval at which a replica is asked whether its write has ended.
constexpr Duration kWriteCheck = std::chrono::milliseconds(1);

}  // namespace

void GuardEntries::begin(const ReplicaPtr& replica, Work work) {
    ++state_->inside;
    ++begun_;
    auto leave = [state = state_] {
        if (--state->inside == 0) {
            state->all_left.set();
        }
    };
    auto run = [&shard = shard_, leave, work = std::move(work)](
                   replication::PartitionReplica& entered, Shard&) mutable {
        work(entered);
        shard.post(leave);
    };
    replica->enter_unrefused(shard_, std::move(run));
}

Task<> GuardEntries::wait() {
    begun_ = 0;
    while (state_->inside > 0) {
        co_await shard_.wait(state_->all_left, kNever);
    }
}

Task<> run_in_guard(Shard& shard, ReplicaPtr replica, GuardEntries::Work work) {
    GuardEntries entry(shard);
    entry.begin(replica, std::move(work));
    co_await entry.wait();
}

Task<> wait_until_idle(Shard& shard, const Clock& clock, ReplicaPtr replica) {
    bool is_busy = true;
    while (is_busy) {
        auto look = [&is_busy](replication::PartitionReplica& inside) {
            is_busy = inside.is_busy();
        };
        co_await run_in_guard(shard, replica, std::move(look));
        if (is_busy) {
            Signal never;
            co_await shard.wait(never, clock.now() + kWriteCheck);
        }
    }
}

}  // namespace hw::broker
