#pragma once

#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/shard.h"
#include "replication/partition/wait_timers.h"

namespace hw::broker {

/// The requests of one shard that wait: their deadlines, and the coroutines that go on when a wait
/// has ended.
///
/// Owned by the node's part for that shard, used there only. `stop` must have ended before it is
/// destroyed.
class WaitingRequests {
public:
    /// No request waits longer, whatever it asks for: it holds memory meanwhile.
    static constexpr Duration kMaxWait = std::chrono::minutes(5);

    WaitingRequests(Shard& shard, const Clock& clock);
    WaitingRequests(const WaitingRequests&) = delete;
    WaitingRequests& operator=(const WaitingRequests&) = delete;

    /// Starts watching time. Called once.
    void start();
    /// Ends every wait as if its deadline had come; nothing of them runs any more when it returns.
    /// After the connections have ended.
    [[nodiscard]] Task<> stop();

    /// The end of a wait of `span` that begins now; at most kMaxWait from now, and not before now.
    [[nodiscard]] TimePoint deadline(Millis span) const;
    /// Ends `wait` at `deadline` unless it ends before; see WaitTimers::add.
    [[nodiscard]] bool add(replication::RequestWait& wait, TimePoint deadline) {
        return timers_.add(wait, deadline);
    }
    /// Runs the rest of a request whose wait has ended.
    void go_on(Task<> rest) { tasks_.spawn(std::move(rest)); }

    [[nodiscard]] std::size_t size() const { return timers_.size(); }

private:
    [[nodiscard]] Task<> watch();

    Shard& shard_;
    const Clock& clock_;
    Signal changed_;  ///< the next deadline has come nearer, or the end
    replication::WaitTimers timers_;
    TaskGroup tasks_;
    bool stopping_ = false;
};

}  // namespace hw::broker
