#pragma once

#include <utility>

#include "broker/replicas/hosted_replica.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// A request's stay in the guards of partitions, one after the other, and its way back to its own
/// shard: a work runs at once, or later, or on another shard.
///
/// Owned by what the request's coroutine keeps alive until the visit has ended; used on the
/// request's shard.
class GuardVisit {
public:
    explicit GuardVisit(Shard& shard) : shard_(shard) {}
    GuardVisit(const GuardVisit&) = delete;
    GuardVisit& operator=(const GuardVisit&) = delete;

    /// Enters with `work(PartitionReplica&)`. What it writes belongs to it until the visit has
    /// ended. False, and nothing done, when the guard is full.
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
    /// Ends when the visit has; to be waited for while inside.
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

/// How long a request waits, and its connection with it, before it tries a full guard again.
[[nodiscard]] inline Task<> wait_for_room(Shard& shard, const Clock& clock) {
    constexpr Duration kPause = std::chrono::milliseconds(1);
    Signal nobody;
    co_await shard.wait(nobody, clock.now() + kPause);
}

}  // namespace hw::broker
