#include "broker/net/memory_budget.h"

#include <boost/smart_ptr/make_local_shared.hpp>

namespace hw::broker {

void MemoryAccount::release(std::size_t bytes) {
    held_ -= bytes;
    while (!waiters_.empty() && fits(waiters_.front()->bytes)) {
        Waiter* first = waiters_.front();
        waiters_.pop_front();
        held_ += first->bytes;
        first->admitted.set();
    }
}

Reservation::~Reservation() {
    if (account_) {
        account_->release(bytes_);
    }
}

void Reservation::grow(std::size_t bytes) {
    if (account_) {
        account_->held_ += bytes;
        bytes_ += bytes;
    }
}

void Reservation::recycle(Buffer buffer) {
    if (account_) {
        account_->pool_.give(std::move(buffer));
    }
}

class MemoryBudget::Leave {
public:
    Leave(Reservation::Account account, Waiter* waiter)
        : account_(std::move(account)), waiter_(waiter) {}
    ~Leave() { std::erase(account_->waiters_, waiter_); }
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;

private:
    Reservation::Account account_;
    Waiter* waiter_;
};

MemoryBudget::MemoryBudget(Shard& shard, std::size_t limit)
    : shard_(&shard), account_(boost::make_local_shared<MemoryAccount>(limit)) {}

std::optional<Reservation> MemoryBudget::try_reserve(std::size_t bytes) {
    if (!account_->waiters_.empty() || !account_->fits(bytes)) {
        return std::nullopt;
    }
    account_->held_ += bytes;
    return Reservation(account_, bytes);
}

Task<Reservation> MemoryBudget::reserve(std::size_t bytes) {
    if (auto at_once = try_reserve(bytes)) {
        co_return std::move(*at_once);
    }
    Waiter waiter{.bytes = bytes, .admitted = {}};
    account_->waiters_.push_back(&waiter);
    const Leave leave(account_, &waiter);
    co_await shard_->wait(waiter.admitted, kNever);
    co_return Reservation(account_, bytes);
}

}  // namespace hw::broker
