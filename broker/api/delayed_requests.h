#pragma once

#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/shard.h"
#include "replication/partition/wait_timers.h"

namespace hw::broker {

/// The delayed requests of one shard: their deadlines, and the coroutines that continue them.
///
/// Owned by the node; used on that shard only. `stop` must have ended before it is destroyed.
class DelayedRequests {
public:
    /// Longest wait, whatever a request asks for, because a waiting request holds memory.
    static constexpr Duration kMaxWait = std::chrono::minutes(5);

    DelayedRequests(Shard& shard, const Clock& clock);
    DelayedRequests(const DelayedRequests&) = delete;
    DelayedRequests& operator=(const DelayedRequests&) = delete;

    /// Starts watching the deadlines. Called once.
    void start();
    /// Ends every wait that has a deadline, as if the deadline had come. All their coroutines have
    /// ended when it returns. Call after the connections have ended.
    [[nodiscard]] Task<> stop();

    /// The deadline of a wait of `span` that begins now: at most kMaxWait from now, and not before
    /// now.
    [[nodiscard]] TimePoint deadline(Millis span) const;
    /// Ends `wait` at `deadline` unless it ends before; see WaitTimers::add. Fetches and produces
    /// have separate limits, so that many delayed fetches cannot block produces.
    [[nodiscard]] bool add_fetch(replication::DelayedRequest& wait, TimePoint deadline) {
        return fetches_.add(wait, deadline);
    }
    [[nodiscard]] bool add_produce(replication::DelayedRequest& wait, TimePoint deadline) {
        return produces_.add(wait, deadline);
    }
    /// The same for calls to coordinators: those that wait for a commit, and those that wait for
    /// other clients, each with a limit of their own.
    [[nodiscard]] bool add_call(replication::DelayedRequest& wait, TimePoint deadline) {
        return calls_.add(wait, deadline);
    }
    [[nodiscard]] bool add_parked_call(replication::DelayedRequest& wait, TimePoint deadline) {
        return parked_calls_.add(wait, deadline);
    }
    /// Keeps `wait`, which has no deadline, because it waits only for writes of this broker.
    void add_untimed(replication::DelayedRequest& wait) { produces_.add_untimed(wait); }
    /// Runs the rest of a request after its wait.
    void go_on(Task<> rest) { tasks_.spawn(std::move(rest)); }

    /// Number of requests with a deadline.
    [[nodiscard]] std::size_t size() const {
        return fetches_.size() + produces_.size() + calls_.size() + parked_calls_.size();
    }

private:
    [[nodiscard]] Task<> watch();

    Shard& shard_;
    const Clock& clock_;
    Signal changed_;  ///< set when the next deadline comes nearer, and by `stop`
    replication::WaitTimers fetches_;
    replication::WaitTimers produces_;
    replication::WaitTimers calls_;
    replication::WaitTimers parked_calls_;
    TaskGroup tasks_;
    bool stopping_ = false;
};

}  // namespace hw::broker
