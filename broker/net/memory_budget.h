#pragma once

#include <cstddef>
#include <utility>

#include "broker/net/memory_account.h"
#include "protocol/base/bytes.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// The memory of one request: its frame, the decoded request, work, answer. Given back at its end.
///
/// A default-constructed one counts nothing and refuses nothing.
class Reservation {
public:
    using Share = boost::local_shared_ptr<MemoryShare>;

    Reservation() = default;
    Reservation(Reservation&& other) noexcept { swap(other); }
    Reservation& operator=(Reservation&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Reservation();

    /// Takes memory for work on the request. False, and nothing taken, if that would exceed the
    /// limit by more than kOverdraft.
    [[nodiscard]] bool try_work(std::size_t bytes);
    /// Whether try_work could succeed if no other request held memory.
    [[nodiscard]] bool can_work(std::size_t bytes) const {
        return !share_ || bytes <= account().limits_.requests + kOverdraft;
    }
    /// Counts memory that the work already uses.
    void add_work(std::size_t bytes);

    /// Takes memory for an encoded answer. False, and nothing taken, if that would exceed the limit
    /// by more than kOverdraft, or if the connection would hold more than half of the limit. A
    /// connection without unsent answers always gets kFreeAnswer.
    [[nodiscard]] bool try_encode(std::size_t bytes);
    /// Counts memory that the answer already uses.
    void add_answer(std::size_t bytes);
    /// Bytes that the connection may take for answers now: a quarter of what others leave, minus
    /// what it holds, so that the next one finds room, too. Unlimited when nothing is counted.
    [[nodiscard]] std::size_t answer_room() const;
    /// The result of answer_room() when no connection holds an answer. A Fetch reserves at most
    /// this for its first batch. A larger batch is returned too, and then more is held than the
    /// limit allows.
    [[nodiscard]] std::size_t largest_part() const;
    /// Takes memory that the answer will point to. False, and nothing taken, if there is less.
    [[nodiscard]] bool try_answer(std::size_t bytes);
    /// Gives back memory of the answer that was not needed.
    void return_answer(std::size_t bytes);

    /// Gives the buffer of the frame back to the pool.
    void recycle(Buffer buffer);
    /// A reservation of the same connection, for a request inside this one (Envelope).
    [[nodiscard]] Reservation beside() const { return {share_, 0, FrameKind::brief}; }

    /// True when requests hold three quarters of the shard's limit, or more.
    [[nodiscard]] bool is_scarce() const { return share_ && account().is_scarce(); }
    /// Bytes of the frame and of work.
    [[nodiscard]] std::size_t requests() const { return requests_ + large_; }

    /// Bytes by which work and encoded answers may exceed their limits, so that a small request is
    /// not refused because memory happens to be full.
    static constexpr std::size_t kOverdraft = std::size_t{4} << 20;
    /// Bytes of an answer for which there is always room, if its connection holds no other.
    static constexpr std::size_t kFreeAnswer = 4096;

private:
    friend class MemoryAccount;
    friend class MemoryBudget;

    Reservation(Share share, LargeFrameLimit::Number frame, FrameKind kind)
        : share_(std::move(share)), frame_(frame), kind_(kind) {}

    void swap(Reservation& other) noexcept {
        std::swap(share_, other.share_);
        std::swap(frame_, other.frame_);
        std::swap(requests_, other.requests_);
        std::swap(large_, other.large_);
        std::swap(answers_, other.answers_);
        std::swap(kind_, other.kind_);
    }
    [[nodiscard]] MemoryAccount& account() const { return *share_->account_; }
    /// True when the connection holds nothing and the step is so small that it is always granted.
    [[nodiscard]] bool is_free(std::size_t bytes) const {
        return bytes <= BufferPool::kCapacity && share_->total() == 0 && !is_large();
    }
    [[nodiscard]] bool is_large() const { return kind_ == FrameKind::large; }
    [[nodiscard]] bool is_favoured() const;
    /// Grants steps to waiting frames, after this request has given back its memory. Called by the
    /// destructor, because a request gives back the memory of frame and work only at its end.
    void wake_others();
    [[nodiscard]] bool try_answer_within(std::size_t limit, std::size_t bytes);
    /// Takes a step of the frame, even if other frames wait. False when there is no room.
    [[nodiscard]] bool take(std::size_t bytes);

    Share share_;
    LargeFrameLimit::Number frame_ = 0;  ///< older frames have smaller ones; 0: no frame
    std::size_t requests_ = 0;
    std::size_t large_ = 0;  ///< of a large frame
    std::size_t answers_ = 0;
    FrameKind kind_ = FrameKind::brief;
};

/// Limits the memory of all requests of one shard, before it is used. README.md has the rules.
///
/// A frame takes memory in steps, as its bytes arrive. If there is no room, it waits in a queue.
/// Brief, small and large frames have separate queues, each with the oldest frame first. The oldest
/// frame of a queue gets its step even without room, unless another frame of its kind already
/// exceeds the limit that way.
///
/// Owned by the shard's services; used on that shard only.
class MemoryBudget {
public:
    /// Sizes of the largest brief and the largest small frame, in bytes. The batches of most
    /// producers fit into a brief frame.
    static constexpr std::size_t kBriefFrame = std::size_t{128} << 10;
    static constexpr std::size_t kSmallFrame = std::size_t{1} << 20;

    MemoryBudget(Shard& shard, const Clock& clock, MemoryLimits limits);
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    /// The share of a new connection.
    [[nodiscard]] Reservation::Share share();
    /// The reservation for a frame of `size` bytes. Takes no memory yet.
    [[nodiscard]] Reservation begin(const Reservation::Share& share, std::size_t size);
    /// Takes the next `bytes` of the frame. False, and nothing taken, when it has to wait. A
    /// connection that holds nothing always gets a small buffer (BufferPool::kCapacity).
    [[nodiscard]] bool try_step(Reservation& frame, std::size_t bytes);
    /// The same, but waits for its turn. False when `end_wait` ended the wait.
    [[nodiscard]] Task<bool> step(Reservation& frame, std::size_t bytes);
    /// Ends the wait of a connection.
    void end_wait(const Reservation::Share& share);
    /// A buffer for a frame of `size` bytes; Reservation::recycle gives it back. The part of a
    /// large one that is not granted is only address space.
    [[nodiscard]] Buffer buffer(std::size_t size) { return account_->pool_.take(size); }

    /// True when frames wait for memory, or will soon.
    [[nodiscard]] bool is_scarce() const { return account_->is_scarce() || waiting() > 0; }
    /// True when unsent answers hold all memory for answers.
    [[nodiscard]] bool answers_are_full() const {
        return account_->answers_ >= account_->limits_.answers;
    }
    /// True when unsent answers hold half of the memory for answers.
    [[nodiscard]] bool answers_are_scarce() const {
        return account_->answers_ >= account_->limits_.answers / 2;
    }
    [[nodiscard]] const MemoryLimits& limits() const { return account_->limits_; }
    [[nodiscard]] std::size_t held() const { return account_->held_; }
    [[nodiscard]] std::size_t answers() const { return account_->answers_; }
    [[nodiscard]] std::size_t waiting() const {
        std::size_t count = 0;
        for (const MemoryAccount::Waiters& waiters : account_->waiters_) {
            count += waiters.size();
        }
        return count;
    }
    [[nodiscard]] std::size_t waiting_large() const {
        return account_->waiters(FrameKind::large).size();
    }

private:
    using Waiter = MemoryAccount::Waiter;

    /// How often the first waiting large frame checks whether another shard has given memory back.
    static constexpr Duration kLargeRetry = std::chrono::milliseconds(10);

    /// Keeps a waiter in its queue until it gets its step or its coroutine is destroyed.
    class Place;

    Shard* shard_;
    const Clock* clock_;
    boost::local_shared_ptr<MemoryAccount> account_;
};

}  // namespace hw::broker
