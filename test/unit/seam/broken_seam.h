#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "test/unit/seam/seam_model.h"

namespace hw::broker {

/// The fault of a BrokenSeam.
enum class Fault : std::uint8_t {
    queues_before_counting,  ///< the owner may run work that is not counted yet
    counts_before_queueing,  ///< the owner may not find the counted work
    lowers_before_running,   ///< another thread may enter meanwhile
    leaves_in_two_steps,     ///< work that is counted between them is not seen
    posts_without_holding,   ///< the object may be destroyed before the turn
};

/// A simple version of Guarded with one fault, which the model must find. It counts work separately
/// from the queue. No fault harms memory.
template <Fault fault>
class BrokenSeam : public std::enable_shared_from_this<BrokenSeam<fault>> {
public:
    static constexpr std::size_t kMaxQueued = 8;

    BrokenSeam(const Clock&, DeferPolicy*, History& history) : value_(history) {}

    template <class Function>
    [[nodiscard]] bool enter(Shard& from, Function function) {
        Work work(std::move(function));
        std::size_t idle = 0;
        if (count_.compare_exchange_strong(idle, 1, std::memory_order_acq_rel,
                                           std::memory_order_acquire)) {
            if (!run(work, from)) {
                continue_later(from);
            }
        } else if (queue(std::move(work)) == 0) {
            continue_later(from);
        }
        return true;
    }

private:
    using Work = std::move_only_function<void(Visited&, Shard&)>;

    /// Queues `work`. Returns the count before it.
    std::size_t queue(Work work) {
        if (fault == Fault::counts_before_queueing) {
            const std::size_t before = count_.fetch_add(1, std::memory_order_acq_rel);
            push(std::move(work));
            return before;
        }
        push(std::move(work));
        return count_.fetch_add(1, std::memory_order_acq_rel);
    }

    /// Runs `work`. True if it was the last.
    bool run(Work& work, Shard& shard) {
        if (fault == Fault::lowers_before_running) {
            const bool last = lower();
            work(value_, shard);
            return last;
        }
        work(value_, shard);
        return lower();
    }

    bool lower() {
        if (fault == Fault::leaves_in_two_steps && count_.load(std::memory_order_acquire) == 1) {
            count_.store(0, std::memory_order_release);
            return true;
        }
        return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }

    void drain(Shard& shard) {
        std::optional<Work> work = pop();
        while (work && !run(*work, shard)) {
            work = pop();
        }
    }

    void continue_later(Shard& shard) {
        if (fault == Fault::posts_without_holding) {
            shard.post([weak = this->weak_from_this(), &shard] {
                if (const auto self = weak.lock()) {
                    self->drain(shard);
                }
            });
            return;
        }
        shard.post([self = this->shared_from_this(), &shard] { self->drain(shard); });
    }

    /// Changes the queue in one step. The queue has no fault.
    void push(Work work) {
        changes_.fetch_add(1, std::memory_order_acq_rel);
        queue_.push_back(std::move(work));
    }
    [[nodiscard]] std::optional<Work> pop() {
        changes_.fetch_add(1, std::memory_order_acq_rel);
        if (queue_.empty()) {
            return std::nullopt;
        }
        Work work = std::move(queue_.front());
        queue_.pop_front();
        return work;
    }

    model::ModelAtomic<std::size_t> count_ = 0;
    model::ModelAtomic<std::size_t> changes_ = 0;
    std::deque<Work> queue_;
    Visited value_;
};

}  // namespace hw::broker
