#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Decides whether work that could run at once is queued instead. The simulation decides at random,
/// so that no code relies on work running inside `enter`.
class DeferPolicy {
public:
    virtual ~DeferPolicy() = default;
    [[nodiscard]] virtual bool defer() = 0;
};

/// The atomics and limits of Guarded. A model checker replaces them.
struct GuardedTraits {
    template <class Value>
    using Atomic = std::atomic<Value>;
    static constexpr std::size_t kMaxQueued = 4096;
    static constexpr std::size_t kWorkPerTurn = 64;
};

/// Guard of an object that any shard may enter, one at a time. Each object that several threads
/// change is behind such a guard, except in this folder and in storage/posix_disk.
///
/// `enter` runs the work at once when nobody is inside; otherwise it queues the work for the shard
/// that is inside. Work is a plain function, never a coroutine, and runs in the order of entering.
/// So an uncontended request stays on its thread, and the code of T sees one thread at a time.
///
/// `stack_` is a lock and a queue in one word. Null: nobody is inside. Otherwise a shard, the
/// owner, is inside, and `stack_` points at the newest queued work, with `bottom_` below the
/// oldest. So a caller needs one atomic step to enter or to queue its work, and the owner needs one
/// to leave, which fails if work is queued. The owner takes the whole stack at once and reverses
/// it. After kWorkPerTurn work items, or kTurnTime, it continues in a later turn of its shard, and
/// stays the owner meanwhile.
///
/// Atomics instead of a mutex, because the uncontended path is two atomic operations and nothing
/// sleeps. Owned by shared_ptr: callers of `enter` keep it alive, and so does a later turn.
template <class T, class Traits = GuardedTraits>
class Guarded : public std::enable_shared_from_this<Guarded<T, Traits>> {
public:
    /// Maximum number of queued work items; `enter` refuses the next. Threads that enter at the
    /// same moment may each exceed it by one.
    static constexpr std::size_t kMaxQueued = Traits::kMaxQueued;
    static constexpr std::size_t kWorkPerTurn = Traits::kWorkPerTurn;
    static constexpr Duration kTurnTime = std::chrono::microseconds(200);

    template <class... Args>
    explicit Guarded(const Clock& clock, DeferPolicy* policy, Args&&... args)
        : clock_(&clock), policy_(policy), value_(std::forward<Args>(args)...) {}
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    ~Guarded() { discard(); }

    /// Runs or queues `work(T&, Shard& here)`. It runs on `here`, which may be another shard than
    /// `from`, the caller's. False, and nothing done, when too many are queued: the caller stops
    /// reading from its connection and tries again.
    template <class Function>
    [[nodiscard]] bool enter(Shard& from, Function work) {
        if (run_if_idle(from, work)) {
            return true;
        }
        if (queued_.load(std::memory_order_relaxed) >= kMaxQueued) {
            return false;
        }
        queue(from, std::move(work));
        return true;
    }

    /// The same, but never refused: for work items whose number the caller bounds.
    template <class Function>
    void enter_unrefused(Shard& from, Function work) {
        if (!run_if_idle(from, work)) {
            queue(from, std::move(work));
        }
    }

    /// For the checks of a simulation, where one thread does everything.
    [[nodiscard]] const T& inspect() const { return value_; }

private:
    struct Node {
        std::move_only_function<void(T&, Shard&)> work;
        Node* next;
    };

    template <class Function>
    [[nodiscard]] bool run_if_idle(Shard& from, Function& work) {
        Node* idle = nullptr;
        const bool defer = policy_ != nullptr && policy_->defer();
        if (defer || !stack_.compare_exchange_strong(idle, &bottom_, std::memory_order_acquire,
                                                     std::memory_order_relaxed)) {
            return false;
        }
        work(value_, from);
        drain(from);
        return true;
    }

    template <class Function>
    void queue(Shard& from, Function work) {
        queued_.fetch_add(1, std::memory_order_relaxed);
        if (push(std::make_unique<Node>(std::move(work), nullptr))) {
            continue_later(from);
        }
    }

    /// Queues work. True when nobody was inside: then the caller is the owner.
    [[nodiscard]] bool push(std::unique_ptr<Node> owned) {
        Node* const node = owned.release();
        Node* below = stack_.load(std::memory_order_relaxed);
        do {
            node->next = below != nullptr ? below : &bottom_;
        } while (!stack_.compare_exchange_weak(below, node, std::memory_order_acq_rel,
                                               std::memory_order_relaxed));
        return below == nullptr;
    }

    /// Runs queued work as the owner, until there is none or the turn is over.
    void drain(Shard& shard) {
        if (!take_queued_or_release()) {
            return;
        }
        const TimePoint end = clock_->now() + kTurnTime;
        for (std::size_t done = 0; done < kWorkPerTurn && clock_->now() < end; ++done) {
            pop()->work(value_, shard);
            if (!take_queued_or_release()) {
                return;
            }
        }
        continue_later(shard);
    }

    /// Owner only. Makes sure that `taken_` has the oldest work. When none is queued, ends the
    /// ownership and returns false.
    [[nodiscard]] bool take_queued_or_release() {
        if (taken_ != nullptr) {
            return true;
        }
        Node* empty = &bottom_;
        if (stack_.compare_exchange_strong(empty, nullptr, std::memory_order_release,
                                           std::memory_order_relaxed)) {
            return false;
        }
        Node* newest = stack_.exchange(&bottom_, std::memory_order_acquire);
        while (newest != &bottom_) {
            Node* const older = std::exchange(newest->next, taken_);
            taken_ = std::exchange(newest, older);
        }
        return true;
    }

    /// Removes the oldest work. Call after take_queued_or_release returned true.
    [[nodiscard]] std::unique_ptr<Node> pop() {
        queued_.fetch_sub(1, std::memory_order_relaxed);
        return std::unique_ptr<Node>(std::exchange(taken_, taken_->next));
    }

    void continue_later(Shard& shard) {
        shard.post([self = this->shared_from_this(), &shard] { self->drain(shard); });
    }

    /// Drops queued work of an owner whose later turn never came.
    void discard() {
        if (stack_.load(std::memory_order_acquire) == nullptr) {
            return;
        }
        while (take_queued_or_release()) {
            const std::unique_ptr<Node> dropped = pop();
        }
    }

    const Clock* clock_;
    DeferPolicy* policy_;
    typename Traits::template Atomic<std::size_t> queued_ = 0;
    typename Traits::template Atomic<Node*> stack_ = nullptr;
    Node bottom_{nullptr, nullptr};
    Node* taken_ = nullptr;  ///< oldest first; used by the owner only
    T value_;
};

}  // namespace hw::broker
