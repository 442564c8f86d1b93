#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "protocol/base/assert.h"
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
/// How: `count_` is the number of works that are inside or queued. Who raises it from 0 is the
/// owner; all others push onto `stack_` first and raise it after, so every counted work can be
/// found. The owner takes the whole stack, turns it around, runs, and lowers the count for each;
/// who lowers it to 0 is no longer the owner. After kTurnWorks works, or kTurnTime, the rest goes
/// on in a later turn of the owner's shard, which keeps the ownership.
///
/// Atomics instead of a mutex, because the uncontended way is two atomic operations and nothing
/// sleeps. Shared by shared_ptr: who entered keeps it alive.
template <class T, class Traits = GuardedTraits>
class Guarded : public std::enable_shared_from_this<Guarded<T, Traits>> {
public:
    /// Works inside and queued, at most; `enter` refuses the next.
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
        if (count_.load(std::memory_order_relaxed) >= kMaxWorks) {
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
        std::size_t idle = 0;
        const bool defer = policy_ != nullptr && policy_->defer();
        if (defer || !count_.compare_exchange_strong(idle, 1, std::memory_order_acquire)) {
            return false;
        }
        work(value_, from);
        leave(from);
        return true;
    }

    template <class Function>
    void queue(Shard& from, Function work) {
        push(std::make_unique<Node>(std::move(work), nullptr));
        if (count_.fetch_add(1, std::memory_order_acq_rel) == 0) {
            continue_later(from);
        }
    }

    void push(std::unique_ptr<Node> owned) {
        Node* const node = owned.release();
        node->next = stack_.load(std::memory_order_relaxed);
        while (!stack_.compare_exchange_weak(node->next, node, std::memory_order_release,
                                             std::memory_order_relaxed)) {
        }
    }

    /// Ends one work of the owner, and runs what was queued meanwhile.
    void leave(Shard& shard) {
        if (count_.fetch_sub(1, std::memory_order_acq_rel) > 1) {
            drain(shard);
        }
    }

    /// Runs queued works as the owner. On entry at least one is counted.
    void drain(Shard& shard) {
        const TimePoint end = clock_->now() + kTurnTime;
        for (std::size_t done = 0;; ++done) {
            if (done == kTurnWorks || clock_->now() >= end) {
                continue_later(shard);
                return;
            }
            const std::unique_ptr<Node> node(pop());
            node->work(value_, shard);
            if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                return;
            }
        }
    }

    /// The oldest queued work. Owner only; one is counted, so one is there.
    [[nodiscard]] Node* pop() {
        if (taken_ == nullptr) {
            Node* newest = stack_.exchange(nullptr, std::memory_order_acquire);
            while (newest != nullptr) {
                Node* const older = std::exchange(newest->next, taken_);
                taken_ = std::exchange(newest, older);
            }
        }
        HW_ASSERT(taken_ != nullptr);
        return std::exchange(taken_, taken_->next);
    }

    void continue_later(Shard& shard) {
        shard.post([self = this->shared_from_this(), &shard] { self->drain(shard); });
    }

    void discard() {
        while (taken_ != nullptr || stack_.load(std::memory_order_acquire) != nullptr) {
            const std::unique_ptr<Node> dropped(pop());
        }
    }

    const Clock* clock_;
    DeferPolicy* policy_;
    typename Traits::template Atomic<std::size_t> count_ = 0;
    typename Traits::template Atomic<Node*> stack_ = nullptr;
    Node* taken_ = nullptr;  ///< oldest first; the owner's
    T value_;
};

}  // namespace hw::broker
