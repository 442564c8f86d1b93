#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "broker/net/buffer_pool.h"
#include "protocol/base/bytes.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// What a MemoryBudget and the shares of it have in common. It ends with the last of them, because
/// requests of a node that ends go in any order.
class MemoryAccount {
public:
    explicit MemoryAccount(std::size_t limit) : limit_(limit) {}

private:
    friend class MemoryBudget;
    friend class Reservation;

    struct Waiter {
        std::size_t bytes;
        Signal admitted;
    };

    [[nodiscard]] bool fits(std::size_t bytes) const {
        return held_ == 0 || bytes <= limit_ - std::min(limit_, held_);
    }
    void release(std::size_t bytes);

    std::size_t limit_;
    std::size_t held_ = 0;
    std::deque<Waiter*> waiters_;
    BufferPool pool_;
};

/// A share of a MemoryBudget that is given back when it ends.
class Reservation {
public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept
        : account_(std::move(other.account_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Reservation& operator=(Reservation&& other) noexcept {
        std::swap(account_, other.account_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Reservation();

    /// Adds bytes that the holder allocated meanwhile, even beyond the limit.
    void grow(std::size_t bytes);
    /// Gives the memory back of which this is the share.
    void recycle(Buffer buffer);

private:
    friend class MemoryBudget;
    using Account = boost::local_shared_ptr<MemoryAccount>;

    Reservation(Account account, std::size_t bytes) : account_(std::move(account)), bytes_(bytes) {}

    Account account_;
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
    MemoryBudget(Shard& shard, std::size_t limit);
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    /// Waits until `bytes` are reserved.
    [[nodiscard]] Task<Reservation> reserve(std::size_t bytes);
    /// Reserves without waiting; nothing when the caller would have to wait.
    [[nodiscard]] std::optional<Reservation> try_reserve(std::size_t bytes);
    /// Memory for a request of `size` bytes, for which BufferPool::memory_of it was reserved;
    /// Reservation::recycle gives it back.
    [[nodiscard]] Buffer buffer(std::size_t size) { return account_->pool_.take(size); }

    [[nodiscard]] std::size_t held() const { return account_->held_; }
    [[nodiscard]] std::size_t waiting() const { return account_->waiters_.size(); }

private:
    using Waiter = MemoryAccount::Waiter;

    /// Takes a waiter out of the queue when its coroutine is dropped while it waits.
    class Leave;

    Shard* shard_;
    Reservation::Account account_;
};

}  // namespace hw::broker
