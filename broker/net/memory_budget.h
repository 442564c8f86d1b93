#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "protocol/base/shard.h"

namespace hw::broker {

class MemoryBudget;

/// A share of a MemoryBudget that is given back when it ends; must end before the budget.
class Reservation {
public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Reservation& operator=(Reservation&& other) noexcept {
        std::swap(budget_, other.budget_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Reservation();

    /// Adds bytes that the holder allocated meanwhile, even beyond the limit.
    void grow(std::size_t bytes);

private:
    friend class MemoryBudget;
    Reservation(MemoryBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}

    MemoryBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
};

/// Bytes of requests and answers that the connections of one shard may hold at a time. A request
/// is admitted before its body is read; who is not admitted waits its turn, first come first
/// served, and reads nothing meanwhile. One request is always admitted when nothing is held, or a
/// request larger than the budget could never be served.
///
/// Owned by the shard's services; used on that shard only.
class MemoryBudget {
public:
    MemoryBudget(Shard& shard, std::size_t limit) : shard_(&shard), limit_(limit) {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    /// Waits until `bytes` are reserved.
    [[nodiscard]] Task<Reservation> reserve(std::size_t bytes);
    /// Reserves without waiting; nothing when the caller would have to wait.
    [[nodiscard]] std::optional<Reservation> try_reserve(std::size_t bytes);

    [[nodiscard]] std::size_t held() const { return held_; }
    [[nodiscard]] std::size_t waiting() const { return waiters_.size(); }

private:
    friend class Reservation;

    struct Waiter {
        std::size_t bytes;
        Signal admitted;
    };

    /// Takes a waiter out of the queue when its coroutine is dropped while it waits.
    class Leave;

    [[nodiscard]] bool fits(std::size_t bytes) const {
        return held_ == 0 || bytes <= limit_ - std::min(limit_, held_);
    }
    void release(std::size_t bytes);

    Shard* shard_;
    std::size_t limit_;
    std::size_t held_ = 0;
    std::deque<Waiter*> waiters_;
};

}  // namespace hw::broker
