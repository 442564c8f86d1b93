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

/// Decides whether work that could run at once is deferred all the same; in simulation by a coin,
/// so that nobody relies on it running inside `enter`.
class DeferPolicy {
public:
    virtual ~DeferPolicy() = default;
    [[nodiscard]] virtual bool defer() = 0;
};

/// What Guarded is built on; a model check puts its own in its place.
struct GuardedTraits {
    template <class Value>
    using Atomic = std::atomic<Value>;
    static constexpr std::size_t kMaxWorks = 4096;
    static constexpr std::size_t kTurnWorks = 64;
};

/// The one seam between threads: an object that any shard may enter, one at a time.
///
/// `enter` runs the work at once when nobody is inside; else it queues it for whoever is. Work is a
/// plain function, never a coroutine, and runs in the order of entering. So an uncontended request
/// crosses no thread, and the code of T sees one thread.
///
/// How: `stack_` is a lock and a queue in one word. Null: nobody is inside. Else somebody is, the
/// owner, and it points at the newest queued work, with `bottom_` below the oldest. So to enter and
/// to find who runs the work is one step, and so is to find no work and to leave. The owner takes
/// the whole stack at once and turns it around. After kTurnWorks works, or kTurnTime, the rest goes
/// on in a later turn of the owner's shard, which keeps the ownership.
///
/// Atomics instead of a mutex, because the uncontended way is two atomic operations and nothing
/// sleeps. Shared by shared_ptr: who entered keeps it alive.
template <class T, class Traits = GuardedTraits>
class Guarded : public std::enable_shared_from_this<Guarded<T, Traits>> {
public:
    /// Works queued, at most; `enter` refuses the next. Threads that enter at once may all find
    /// room for the last.
    static constexpr std::size_t kMaxWorks = Traits::kMaxWorks;
    static constexpr std::size_t kTurnWorks = Traits::kTurnWorks;
    static constexpr Duration kTurnTime = std::chrono::microseconds(200);

    template <class... Args>
    explicit Guarded(const Clock& clock, DeferPolicy* policy, Args&&... args)
        : clock_(&clock), policy_(policy), value_(std::forward<Args>(args)...) {}
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    ~Guarded() { discard(); }

    /// Runs or queues `work`, a function of T& and of the shard on which it runs, which may be
    /// another than `from`, the caller's. False, and nothing done, when too many are queued: the
    /// caller stops reading from its connection and tries again.
    template <class Function>
    [[nodiscard]] bool enter(Shard& from, Function work) {
        if (run_if_idle(from, work)) {
            return true;
        }
        if (queued_.load(std::memory_order_relaxed) >= kMaxWorks) {
            return false;
        }
        queue(from, std::move(work));
        return true;
    }

    /// The same for works whose number is bounded by who enters them: never refused.
    template <class Function>
    void enter_unrefused(Shard& from, Function work) {
        if (!run_if_idle(from, work)) {
            queue(from, std::move(work));
        }
    }

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

    /// True when nobody was inside: now the caller is the owner.
    [[nodiscard]] bool push(std::unique_ptr<Node> owned) {
        Node* const node = owned.release();
        Node* below = stack_.load(std::memory_order_relaxed);
        do {
            node->next = below != nullptr ? below : &bottom_;
        } while (!stack_.compare_exchange_weak(below, node, std::memory_order_acq_rel,
                                               std::memory_order_relaxed));
        return below == nullptr;
    }

    /// Runs queued works as the owner, until there are none or the turn is over.
    void drain(Shard& shard) {
        if (!take_or_leave()) {
            return;
        }
        const TimePoint end = clock_->now() + kTurnTime;
        for (std::size_t done = 0; done < kTurnWorks && clock_->now() < end; ++done) {
            pop()->work(value_, shard);
            if (!take_or_leave()) {
                return;
            }
        }
        continue_later(shard);
    }

    /// Owner only: sees to it that `taken_` has the oldest work. False when none is queued, which
    /// ends the ownership.
    [[nodiscard]] bool take_or_leave() {
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

    /// The oldest work; take_or_leave has seen that there is one.
    [[nodiscard]] std::unique_ptr<Node> pop() {
        queued_.fetch_sub(1, std::memory_order_relaxed);
        return std::unique_ptr<Node>(std::exchange(taken_, taken_->next));
    }

    void continue_later(Shard& shard) {
        shard.post([self = this->shared_from_this(), &shard] { self->drain(shard); });
    }

    /// Drops what is queued behind an owner whose later turn never came.
    void discard() {
        if (stack_.load(std::memory_order_acquire) == nullptr) {
            return;
        }
        while (take_or_leave()) {
            const std::unique_ptr<Node> dropped = pop();
        }
    }

    const Clock* clock_;
    DeferPolicy* policy_;
    typename Traits::template Atomic<std::size_t> queued_ = 0;
    typename Traits::template Atomic<Node*> stack_ = nullptr;
    Node bottom_{nullptr, nullptr};
    Node* taken_ = nullptr;  ///< oldest first; the owner's
    T value_;
};

}  // namespace hw::broker
