#include "broker/net/memory_budget.h"

#include <algorithm>

#include <boost/smart_ptr/make_local_shared.hpp>

#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

/// The answers of a connection may take 1/kAnswersOf of what other connections leave.
constexpr std::size_t kAnswersOf = 4;

}  // namespace

MemoryLimits memory_of_shard(std::size_t total, std::size_t shards,
                             std::shared_ptr<LargeFrameLimit> large_frames) {
    constexpr std::size_t kQuarter = 4;
    const std::size_t share = total / kQuarter / shards;
    constexpr std::size_t kSessionsOf = 8;
    return {.requests = share - share / kSessionsOf,
            .answers = share,
            .fetch_sessions = share / kSessionsOf,
            .large_frames = std::move(large_frames)};
}

void MemoryAccount::Waiter::grant() {
    granted = true;
    changed.set();
}

void MemoryAccount::serve(Waiters& waiters) {
    bool has_granted = false;
    while (!waiters.empty()) {
        Waiter& first = *waiters.front();
        if (!first.granted && !first.frame->take(first.bytes)) {
            if (has_granted) {
                first.changed.set();  // it is the first now
            }
            return;
        }
        waiters.pop_front();
        first.grant();
        has_granted = true;
    }
}

Reservation::~Reservation() {
    if (!share_) {
        return;
    }
    MemoryAccount& account = this->account();
    share_->requests_ -= requests_ + large_;
    share_->answers_ -= answers_;
    account.held_ -= requests_;
    account.answers_ -= answers_;
    if (!is_large() && account.favoured(kind_) == frame_) {
        account.favoured(kind_) = 0;
    }
    if (is_large()) {
        account.limits_.large_frames->give_back(frame_, large_);
    }
    wake_others();
}

void Reservation::wake_others() {
    // First comes the waiting frame of this connection: if the connection now holds nothing, a
    // small step is granted even when memory is full (is_free). Then come the queues: large frames
    // have a separate limit, and brief frames come before small ones, as part of the limit is kept
    // for them.
    MemoryAccount::Waiter* own = share_->waiter_;
    if (own != nullptr && !own->granted && own->frame->is_free(own->bytes)) {
        own->frame->add_work(own->bytes);
        own->grant();
    }
    if (is_large()) {
        MemoryAccount::serve(account().waiters(FrameKind::large));
    }
    MemoryAccount::serve(account().waiters(FrameKind::brief));
    MemoryAccount::serve(account().waiters(FrameKind::small));
    if (share_->smaller_ != nullptr) {
        share_->smaller_->set();
    }
}

bool Reservation::is_favoured() const {
    return is_large() ? account().limits_.large_frames->favours(frame_)
                      : account().favoured(kind_) == frame_;
}

bool Reservation::take(std::size_t bytes) {
    MemoryAccount& account = this->account();
    if (is_large()) {
        if (!account.limits_.large_frames->try_take(frame_, bytes)) {
            return false;
        }
        large_ += bytes;
        share_->requests_ += bytes;
        return true;
    }
    if (!account.fits(kind_, bytes)) {
        std::uint64_t& favoured = account.favoured(kind_);
        if (favoured != 0 && favoured != frame_) {
            return false;
        }
        favoured = frame_;
    }
    add_work(bytes);
    return true;
}

bool Reservation::try_work(std::size_t bytes) {
    if (share_) {
        const std::size_t limit = account().limits_.requests + kOverdraft;
        if (bytes > limit - std::min(limit, account().held_)) {
            return false;
        }
    }
    add_work(bytes);
    return true;
}

void Reservation::add_work(std::size_t bytes) {
    if (share_) {
        account().held_ += bytes;
        share_->requests_ += bytes;
        requests_ += bytes;
    }
}

void Reservation::add_answer(std::size_t bytes) {
    if (share_) {
        account().answers_ += bytes;
        share_->answers_ += bytes;
        answers_ += bytes;
    }
}

std::size_t Reservation::largest_part() const {
    return share_ ? account().limits_.answers / kAnswersOf : SIZE_MAX;
}

std::size_t Reservation::answer_room() const {
    if (!share_) {
        return SIZE_MAX;
    }
    const std::size_t others = account().answers_ - share_->answers_;
    const std::size_t limit = account().limits_.answers;
    const std::size_t max_bytes = (limit - std::min(limit, others)) / kAnswersOf;
    return max_bytes - std::min(max_bytes, share_->answers_);
}

bool Reservation::try_answer_within(std::size_t limit, std::size_t bytes) {
    if (bytes > limit - std::min(limit, account().answers_)) {
        return false;
    }
    add_answer(bytes);
    return true;
}

bool Reservation::try_encode(std::size_t bytes) {
    if (!share_) {
        return true;
    }
    if (share_->answers_ == 0 && bytes <= kFreeAnswer) {
        add_answer(bytes);
        return true;
    }
    const std::size_t limit = account().limits_.answers;
    const std::size_t own = limit / 2 + kOverdraft;
    return bytes <= own - std::min(own, share_->answers_) &&
           try_answer_within(limit + kOverdraft, bytes);
}

bool Reservation::try_answer(std::size_t bytes) {
    return !share_ || try_answer_within(account().limits_.answers, bytes);
}

void Reservation::return_answer(std::size_t bytes) {
    if (share_) {
        HW_ASSERT(bytes <= answers_);
        account().answers_ -= bytes;
        share_->answers_ -= bytes;
        answers_ -= bytes;
    }
}

void Reservation::recycle(Buffer buffer) {
    if (share_) {
        account().pool_.give(std::move(buffer));
    }
}

class MemoryBudget::Place {
public:
    Place(MemoryAccount::Waiters& waiters, Waiter& waiter)
        : waiters_(waiters), waiter_(&waiter), share_(waiter.frame->share_) {
        const auto is_younger = [&waiter](const Waiter* other) {
            return other->frame->frame_ > waiter.frame->frame_;
        };
        waiters.insert(std::ranges::find_if(waiters, is_younger), waiter_);
        share_->waiter_ = waiter_;
    }
    ~Place() {
        share_->waiter_ = nullptr;
        const bool was_first = !waiters_.empty() && waiters_.front() == waiter_;
        std::erase(waiters_, waiter_);
        if (was_first && !waiters_.empty()) {
            waiters_.front()->changed.set();
        }
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

private:
    MemoryAccount::Waiters& waiters_;
    Waiter* waiter_;
    Reservation::Share share_;
};

MemoryBudget::MemoryBudget(Shard& shard, const Clock& clock, MemoryLimits limits)
    : shard_(&shard),
      clock_(&clock),
      account_(boost::make_local_shared<MemoryAccount>(std::move(limits))) {}

Reservation::Share MemoryBudget::share() {
    return boost::make_local_shared<MemoryShare>(account_);
}

Reservation MemoryBudget::begin(const Reservation::Share& share, std::size_t size) {
    if (size > kSmallFrame) {
        return {share, account_->limits_.large_frames->next_number(), FrameKind::large};
    }
    const FrameKind kind = size > kBriefFrame ? FrameKind::small : FrameKind::brief;
    return {share, account_->next_number_++, kind};
}

bool MemoryBudget::try_step(Reservation& frame, std::size_t bytes) {
    const MemoryAccount::Waiters& waiters = account_->waiters(frame.kind_);
    const bool is_first = waiters.empty() || frame.frame_ < waiters.front()->frame->frame_;
    // The frame that exceeds the limit does not queue, because older waiting frames wait for its
    // end.
    if ((is_first || frame.is_favoured()) && frame.take(bytes)) {
        return true;
    }
    if (frame.is_free(bytes)) {
        frame.add_work(bytes);
        return true;
    }
    return false;
}

Task<bool> MemoryBudget::step(Reservation& frame, std::size_t bytes) {
    if (try_step(frame, bytes)) {
        co_return true;
    }
    // Keeps the queues, because the coroutine may be destroyed after this object.
    const auto account = account_;
    auto& waiters = account->waiters(frame.kind_);
    Waiter waiter{.frame = &frame, .bytes = bytes, .changed = {}};
    const Place place(waiters, waiter);
    while (!waiter.granted && !waiter.ended) {
        const bool retries = frame.is_large() && waiters.front() == &waiter;
        const TimePoint next = retries ? clock_->now() + kLargeRetry : kNever;
        co_await shard_->wait(waiter.changed, next);
        if (!waiter.granted && !waiter.ended) {
            MemoryAccount::serve(waiters);
        }
    }
    co_return waiter.granted;
}

void MemoryBudget::end_wait(const Reservation::Share& share) {
    if (share->waiter_ != nullptr) {
        share->waiter_->ended = true;
        share->waiter_->changed.set();
    }
}

}  // namespace hw::broker
