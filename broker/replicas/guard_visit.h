#pragma once

#include <utility>

#include "broker/replicas/hosted_replica.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Runs a request's work in the guards of partitions, one after the other, and reports its end on
/// the request's shard. The work may run at once or later, and on another shard.
///
/// The request's coroutine must keep it alive until the visit has ended. Used on the request's
/// shard.
class GuardVisit {
public:
    explicit GuardVisit(Shard& shard) : shard_(shard) {}
    GuardVisit(const GuardVisit&) = delete;
    GuardVisit& operator=(const GuardVisit&) = delete;

    /// Runs `work(PartitionReplica&)` in the guard. The caller must not touch the variables that
    /// the work writes until the visit has ended. False, and nothing done, when the guard is full.
    template <class Work>
    [[nodiscard]] bool begin(HostedReplica& replica, Work work) {
        inside_ = true;
        const bool entered =
            replica.enter(shard_, [this, work = std::move(work)](
                                      replication::PartitionReplica& inside, Shard& here) mutable {
                work(inside);
                end(here);
            });
        inside_ = inside_ && entered;
        return entered;
    }
    [[nodiscard]] bool inside() const { return inside_; }
    /// Waits until the visit has ended.
    [[nodiscard]] Task<> wait() {
        while (inside_) {
            co_await shard_.wait(ended_, kNever);
        }
    }

private:
    void end(Shard& here) {
        if (&here == &shard_) {
            finish();
        } else {
            shard_.post([this] { finish(); });
        }
    }
    void finish() {
        inside_ = false;
        ended_.set();
    }

    Shard& shard_;
    Signal ended_;
    bool inside_ = false;
};

/// Pause before a request tries a full guard again. Its connection waits, too.
[[nodiscard]] inline Task<> wait_for_room(Shard& shard, const Clock& clock) {
    constexpr Duration kPause = std::chrono::milliseconds(1);
    Signal nobody;
    co_await shard.wait(nobody, clock.now() + kPause);
}

}  // namespace hw::broker
