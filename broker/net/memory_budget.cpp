#include "broker/net/memory_budget.h"

namespace hw::broker {

Reservation::~Reservation() {
    if (budget_ != nullptr) {
        budget_->release(bytes_);
    }
}

void Reservation::grow(std::size_t bytes) {
    if (budget_ != nullptr) {
        budget_->held_ += bytes;
        bytes_ += bytes;
    }
}

class MemoryBudget::Leave {
public:
    Leave(std::deque<Waiter*>& waiters, Waiter* waiter) : waiters_(waiters), waiter_(waiter) {}
    ~Leave() { std::erase(waiters_, waiter_); }
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;

private:
    std::deque<Waiter*>& waiters_;
    Waiter* waiter_;
};

std::optional<Reservation> MemoryBudget::try_reserve(std::size_t bytes) {
    if (!waiters_.empty() || !fits(bytes)) {
        return std::nullopt;
    }
    held_ += bytes;
    return Reservation(*this, bytes);
}

Task<Reservation> MemoryBudget::reserve(std::size_t bytes) {
    if (auto at_once = try_reserve(bytes)) {
        co_return std::move(*at_once);
    }
    Waiter waiter{.bytes = bytes, .admitted = {}};
    waiters_.push_back(&waiter);
    const Leave leave(waiters_, &waiter);
    co_await shard_->wait(waiter.admitted, kNever);
    co_return Reservation(*this, bytes);
}

void MemoryBudget::release(std::size_t bytes) {
    held_ -= bytes;
    while (!waiters_.empty() && fits(waiters_.front()->bytes)) {
        Waiter* first = waiters_.front();
        waiters_.pop_front();
        held_ += first->bytes;
        first->admitted.set();
    }
}

}  // namespace hw::broker
