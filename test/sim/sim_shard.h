#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#include <boost/asio/execution_context.hpp>

#include "protocol/base/shard.h"
#include "test/sim/scheduler.h"

namespace hw::sim {

/// A shard of a simulated node. Runs coroutines on the scheduler with the node's tag, in an order
/// drawn from the seed. Posted work keeps its order. The seed also decides when a turn ends.
class SimShard final : public Shard {
public:
    SimShard(Scheduler& scheduler, NodeTag node, std::size_t index)
        : scheduler_(&scheduler), node_(node), index_(index) {}
    ~SimShard() override;

    void post(std::move_only_function<void()> work) override;
    void spawn(Task<> task) override;
    void at_end_of_turn(TurnStep step, TurnHook& hook) override;
    [[nodiscard]] Task<Woken> wait(Signal& signal, TimePoint deadline) override;
    [[nodiscard]] std::size_t index() const override { return index_; }

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
    Context context_;
    TurnHooks hooks_;
    std::deque<Scheduler::Work> posted_;
    bool turn_ends_ = false;  ///< the end of the turn has been posted
};

}  // namespace hw::sim
