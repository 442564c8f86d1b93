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
    /// Ends `wait` at `deadline` unless it ends before; see WaitTimers::add. Fetches, which anybody
    /// can park, take no place from produces.
    [[nodiscard]] bool add_fetch(replication::RequestWait& wait, TimePoint deadline) {
        return fetches_.add(wait, deadline);
    }
    [[nodiscard]] bool add_produce(replication::RequestWait& wait, TimePoint deadline) {
        return produces_.add(wait, deadline);
    }
    /// `wait` ends without a deadline, with a write.
    void add_untimed(replication::RequestWait& wait) { produces_.add_untimed(wait); }
    /// Runs the rest of a request whose wait has ended.
    void go_on(Task<> rest) { tasks_.spawn(std::move(rest)); }

    /// Requests with a deadline.
    [[nodiscard]] std::size_t size() const { return fetches_.size() + produces_.size(); }

private:
    [[nodiscard]] Task<> watch();

    Shard& shard_;
    const Clock& clock_;
    Signal changed_;  ///< the next deadline has come nearer, or the end
    replication::WaitTimers fetches_;
    replication::WaitTimers produces_;
    TaskGroup tasks_;
    bool stopping_ = false;
};

}  // namespace hw::broker
