#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "protocol/base/shard.h"

namespace hw::broker {

/// A shard of a real process: a data loop or the control loop. One thread calls `run`, and
/// everything on the shard happens there. Owned by the process; outlives the node that uses it.
class EventLoop final : public Shard {
public:
    /// Maximum number of handlers in one turn, so that a flood of them does not delay answers.
    static constexpr std::size_t kHandlersPerTurn = 256;

    explicit EventLoop(std::size_t index) : io_(1), index_(index) {}
    ~EventLoop() override { drop_posted(); }

    /// Runs turns until `stop`. Called by the loop's thread.
    void run();
    /// Ends `run` after the current turn. Any thread.
    void stop();

    void post(std::move_only_function<void()> work) override;
    void spawn(Task<> task) override;
    void at_end_of_turn(TurnStep step, TurnHook& hook) override { hooks_.add(step, hook); }
    [[nodiscard]] Task<Woken> wait(Signal& signal, TimePoint deadline) override;
    [[nodiscard]] std::size_t index() const override { return index_; }

    /// For AsioNetwork.
    [[nodiscard]] boost::asio::io_context& io() { return io_; }

private:
    using Works = std::vector<std::move_only_function<void()>>;

    /// True when nothing is posted. From then on, a post wakes the loop.
    [[nodiscard]] bool begin_sleep();
    void end_sleep();
    void take_posted();
    void drop_posted();
    void run_posted();

    boost::asio::io_context io_;
    TurnHooks hooks_;
    /// Guards the queue of posted work, which is separate from Asio's: taking many work items costs
    /// one lock, and posting them at most one wake-up.
    std::mutex mutex_;
    Works posted_;
    Works running_;  ///< the work items of this turn; a member to keep its memory
    bool sleeps_ = false;
    std::size_t index_;
    bool stopping_ = false;
};

}  // namespace hw::broker
