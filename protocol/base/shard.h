#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "protocol/base/task.h"
#include "protocol/base/time.h"

namespace hw {

/// Why a wait ended.
enum class Woken : std::uint8_t { signalled, deadline };

/// An event flag that one coroutine of the same shard can wait for. It stays set until a wait
/// consumes it; setting it twice is the same as once. It must outlive the wait.
class Signal {
public:
    void set() {
        set_ = true;
        if (wake_) {
            std::exchange(wake_, nullptr)();
        }
    }
    /// Clears the flag; returns whether it was set.
    [[nodiscard]] bool consume() { return std::exchange(set_, false); }
    [[nodiscard]] bool is_set() const { return set_; }

    /// For implementations of Shard::wait: `wake` is called once, at the next set.
    void park(std::move_only_function<void()> wake) { wake_ = std::move(wake); }
    void unpark() { wake_ = nullptr; }

private:
    bool set_ = false;
    std::move_only_function<void()> wake_;
};

/// The two steps at the end of a turn, in this order. `apply` writes the staged batches (one write
/// per partition), moves watermarks and completes delayed requests. `send` sends the answers (one
/// write per connection).
enum class TurnStep : std::uint8_t { apply, send };

class TurnHooks;

/// A callback at the end of the running turn. Owned by the object that registers it. It may
/// register itself again, and may be destroyed at any time.
class TurnHook {
public:
    TurnHook() = default;
    TurnHook(const TurnHook&) = delete;
    TurnHook& operator=(const TurnHook&) = delete;
    virtual ~TurnHook();

    virtual void at_end_of_turn() = 0;

private:
    friend class TurnHooks;
    TurnHooks* registered_in_ = nullptr;
};

/// The registered hooks of one turn. Used by implementations of Shard.
class TurnHooks {
public:
    TurnHooks() = default;
    TurnHooks(const TurnHooks&) = delete;
    TurnHooks& operator=(const TurnHooks&) = delete;
    ~TurnHooks();

    /// Registers `hook`; does nothing if it is already registered, in either step.
    void add(TurnStep step, TurnHook& hook);
    void remove(TurnHook& hook);
    [[nodiscard]] bool empty() const { return apply_.empty() && send_.empty(); }
    /// Runs all hooks of one step, including those that are added to it meanwhile.
    void run(TurnStep step) { drain(step == TurnStep::apply ? apply_ : send_); }

private:
    static void drain(std::vector<TurnHook*>& hooks);

    std::vector<TurnHook*> apply_;
    std::vector<TurnHook*> send_;
};

/// Port: a single-threaded event loop that runs coroutines: a data loop, the control loop, or a
/// node of the simulator. All functions except `post` must be called on the shard itself.
class Shard {
public:
    virtual ~Shard() = default;

    /// Runs `work` on this shard later, in the order of posting. The only function that any thread
    /// may call.
    virtual void post(std::move_only_function<void()> work) = 0;
    /// Starts a coroutine on this shard. It must handle its own errors; an exception that leaves it
    /// ends the process.
    virtual void spawn(Task<> task) = 0;
    /// Runs `hook` once at the end of this turn, after all work that was ready.
    virtual void at_end_of_turn(TurnStep step, TurnHook& hook) = 0;
    /// Waits until `signal` is set, and consumes it, or until `deadline`.
    [[nodiscard]] virtual Task<Woken> wait(Signal& signal, TimePoint deadline) = 0;
    /// Position among the shards of its node, 0 for the first data loop.
    [[nodiscard]] virtual std::size_t index() const = 0;
};

/// Counts the running coroutines of one owner on one shard, so that the owner can wait for their
/// end before it is destroyed.
class TaskGroup {
public:
    explicit TaskGroup(Shard& shard) : shard_(&shard) {}
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    void spawn(Task<> task);
    /// Waits until none is running. One waiter at a time.
    [[nodiscard]] Task<> wait_idle();

private:
    [[nodiscard]] Task<> run(Task<> task);

    Shard* shard_;
    std::size_t running_ = 0;
    Signal idle_;
};

}  // namespace hw
