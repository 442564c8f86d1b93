#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#include <boost/asio/execution_context.hpp>

#include "protocol/base/shard.h"
#include "test/sim/scheduler.h"
#include "test/sim/sim_clock.h"

namespace hw::sim {

/// A shard of a simulated node. Runs coroutines on the scheduler with the node's tag, in an order
/// drawn from the seed. Posted work keeps its order. The seed also decides when a turn ends.
class SimShard final : public Shard {
public:
    /// `clock` shows the deadlines of its waits; without it they are true times.
    SimShard(Scheduler& scheduler, NodeTag node, std::size_t index, const SimClock* clock = nullptr)
        : scheduler_(&scheduler), node_(node), index_(index), clock_(clock) {}
    ~SimShard() override;

    void post(std::move_only_function<void()> work) override;
    void spawn(Task<> task) override;
    void at_end_of_turn(TurnStep step, TurnHook& hook) override;
    [[nodiscard]] Task<Woken> wait(Signal& signal, TimePoint deadline) override;
    [[nodiscard]] std::size_t index() const override { return index_; }
    /// As `wait`, until a true time.
    [[nodiscard]] Task<Woken> wait_until(Signal& signal, TimePoint true_deadline);
    /// The true time at which the clock of this node shows `shown`.
    [[nodiscard]] TimePoint true_time(TimePoint shown) const {
        return clock_ == nullptr ? shown : clock_->true_time(shown);
    }

    /// Destroys all waiting and ready work of this shard and of the other shards of its node. Call
    /// it at the end of the node's process, before the objects of the node are destroyed.
    void drop();

    /// Suspends the coroutine. `park` gets the work that resumes it, and must run it once on the
    /// scheduler.
    [[nodiscard]] static Task<> suspend(std::move_only_function<void(Scheduler::Work)> park);

    [[nodiscard]] Scheduler& scheduler() { return *scheduler_; }
    [[nodiscard]] NodeTag node() const { return node_; }

private:
    /// The execution context that Asio requires.
    class Context : public boost::asio::execution_context {
    public:
        ~Context() {
            shutdown();
            destroy();
        }
    };
    class Executor;

    Scheduler* scheduler_;
    NodeTag node_;
    std::size_t index_;
    const SimClock* clock_;
    Context context_;
    TurnHooks hooks_;
    std::deque<Scheduler::Work> posted_;
    bool turn_ends_ = false;  ///< the end of the turn has been posted
};

}  // namespace hw::sim
