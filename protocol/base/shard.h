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

/// An event that one coroutine of the same shard waits for. A set without a waiter is remembered;
/// sets do not add up. Owned by who is waited for; must outlive the wait.
class Signal {
public:
    void set() {
        set_ = true;
        if (wake_) {
            std::exchange(wake_, nullptr)();
        }
    }
    /// True once for any number of sets.
    [[nodiscard]] bool consume() { return std::exchange(set_, false); }
    [[nodiscard]] bool is_set() const { return set_; }

    /// For implementations of Shard::wait: `wake` is called once, at the next set.
    void park(std::move_only_function<void()> wake) { wake_ = std::move(wake); }
    void unpark() { wake_ = nullptr; }

private:
    bool set_ = false;
    std::move_only_function<void()> wake_;
};

/// The two steps at the end of a turn, in this order: first what was staged takes effect (one
/// write per partition, watermarks, completed waits), then what is to be sent is sent (one write
/// per connection).
enum class TurnStep : std::uint8_t { apply, send };

class TurnHooks;

/// Something to do at the end of the running turn. Owned by who registers it; it may register
/// itself again, and may be destroyed at any time.
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

/// The hooks of one turn; for implementations of Shard.
class TurnHooks {
public:
    TurnHooks() = default;
    TurnHooks(const TurnHooks&) = delete;
    TurnHooks& operator=(const TurnHooks&) = delete;
    ~TurnHooks();

    /// A hook that is registered already stays where it is.
    void add(TurnStep step, TurnHook& hook);
    void remove(TurnHook& hook);
    [[nodiscard]] bool empty() const { return apply_.empty() && send_.empty(); }
    /// Runs all of one step, those that they add to it too.
    void run(TurnStep step) { drain(step == TurnStep::apply ? apply_ : send_); }

private:
    static void drain(std::vector<TurnHook*>& hooks);

    std::vector<TurnHook*> apply_;
    std::vector<TurnHook*> send_;
};

/// Port: one single-threaded place where coroutines run: a data loop, the control loop, or a node
/// of the simulator. Everything but `post` is called on the shard itself.
class Shard {
public:
    virtual ~Shard() = default;

    /// Runs `work` on this shard later; works run in the order in which they were posted. The one
    /// function that any thread may call.
    virtual void post(std::move_only_function<void()> work) = 0;
    /// Starts a coroutine on this shard. It handles its own errors: an exception ends the process.
    virtual void spawn(Task<> task) = 0;
    /// Runs `hook` once at the end of this turn: when all that was ready has been handled.
    virtual void at_end_of_turn(TurnStep step, TurnHook& hook) = 0;
    /// Waits until `signal` is set, which consumes it, or until `deadline`.
    [[nodiscard]] virtual Task<Woken> wait(Signal& signal, TimePoint deadline) = 0;
    /// Position among the shards of its node, 0 for the first data loop.
    [[nodiscard]] virtual std::size_t index() const = 0;
};

/// Coroutines of one owner on one shard, which the owner can wait for: it ends after they have.
class TaskGroup {
public:
    explicit TaskGroup(Shard& shard) : shard_(&shard) {}
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    void spawn(Task<> task);
    /// Ends when none runs. One waiter at a time.
    [[nodiscard]] Task<> wait_idle();

private:
    [[nodiscard]] Task<> run(Task<> task);

    Shard* shard_;
    std::size_t running_ = 0;
    Signal idle_;
};

}  // namespace hw
