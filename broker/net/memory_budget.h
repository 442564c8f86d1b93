#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "broker/net/buffer_pool.h"
#include "broker/runtime/large_frame_limit.h"
#include "protocol/base/bytes.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Bytes of each kind that the connections of one shard may hold.
struct MemoryLimits {
    /// Small frames, what requests are decoded to, and what is needed to work on them.
    std::size_t requests = std::size_t{64} << 20;
    std::size_t answers = std::size_t{64} << 20;  ///< that are not sent yet
    /// Shared by the shards of the node.
    std::shared_ptr<LargeFrameLimit> large_frames =
        std::make_shared<LargeFrameLimit>(std::size_t{128} << 20, std::size_t{100} << 20);
};

/// The limits of one of `shards` shards of a node that may hold `total` bytes
/// (highwater.memory.limit): half of it is for large frames.
[[nodiscard]] MemoryLimits memory_of_shard(std::size_t total, std::size_t shards,
                                           std::shared_ptr<LargeFrameLimit> large_frames);

class MemoryShare;
class Reservation;

/// The counts of one shard. Everything that counts shares it, because the requests of a node that
/// ends go in any order.
class MemoryAccount {
public:
    explicit MemoryAccount(MemoryLimits limits) : limits_(std::move(limits)) {}

private:
    friend class MemoryBudget;
    friend class MemoryShare;
    friend class Reservation;

    /// A frame that waits for its next step.
    struct Waiter {
        Reservation* frame;
        std::size_t bytes;
        bool granted = false;
        bool ended = false;  ///< by its connection
        Signal changed;      ///< one of these, or it has become the first

        void grant();
    };
    using Waiters = std::deque<Waiter*>;  ///< the oldest frame first

    /// Memory is scarce when one of so many parts is left.
    static constexpr std::size_t kScarceOf = 4;

    [[nodiscard]] bool fits(std::size_t bytes) const {
        return held_ <= limits_.requests && bytes <= limits_.requests - held_;
    }
    [[nodiscard]] bool is_scarce() const {
        return held_ >= limits_.requests / kScarceOf * (kScarceOf - 1);
    }
    /// Gives the first waiters what they wait for, as far as there is room.
    static void serve(Waiters& waiters);

    MemoryLimits limits_;
    std::size_t held_ = 0;  ///< of limits_.requests
    std::size_t answers_ = 0;
    std::uint64_t next_small_ = 1;
    std::uint64_t favoured_ = 0;  ///< number of the small frame that passes the limit, if one does
    Waiters small_;
    Waiters large_;
    BufferPool pool_;
};

/// What one connection holds of its shard's memory. Shared with the requests that outlive it.
class MemoryShare {
public:
    explicit MemoryShare(boost::local_shared_ptr<MemoryAccount> account)
        : account_(std::move(account)) {}

    /// Bytes of frames, decoded requests and work.
    [[nodiscard]] std::size_t requests() const { return requests_; }
    /// Bytes of answers that are not sent yet.
    [[nodiscard]] std::size_t answers() const { return answers_; }
    [[nodiscard]] std::size_t total() const { return requests_ + answers_; }
    /// `signal` is set when the share has become smaller; null: nobody listens.
    void tell(Signal* signal) { smaller_ = signal; }

private:
    friend class MemoryBudget;
    friend class Reservation;

    boost::local_shared_ptr<MemoryAccount> account_;
    std::size_t requests_ = 0;
    std::size_t answers_ = 0;
    Signal* smaller_ = nullptr;
    MemoryAccount::Waiter* waiter_ = nullptr;  ///< its frame that waits, if one does
};

/// The memory of one request: its frame, what is made of it, its answer. Given back when it ends.
///
/// A default one counts nothing and refuses nothing.
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

    /// Takes memory for work on the request. False, and nothing taken, when that passes the limit
    /// by more than kOverdraft.
    [[nodiscard]] bool try_work(std::size_t bytes);
    /// Counts memory of work that is spent already.
    void add_work(std::size_t bytes);

    /// Takes memory for an encoded answer. False, and nothing taken, when that passes the limit by
    /// more than kOverdraft.
    [[nodiscard]] bool try_encode(std::size_t bytes);
    /// Counts a part of an answer that exists already.
    void add_answer(std::size_t bytes);
    /// How many bytes of answers the connection may take now: a quarter of what others left, so
    /// that there is something left for the next one, too. Unlimited when nothing is counted.
    [[nodiscard]] std::size_t answer_room() const;
    /// The same for a connection that is alone; larger parts of an answer may pass the limit.
    [[nodiscard]] std::size_t largest_part() const;
    /// Takes memory for what an answer will point to. False, and nothing taken, when there is less.
    [[nodiscard]] bool try_answer(std::size_t bytes);
    /// Gives back what of a part of the answer was not needed.
    void return_answer(std::size_t bytes);

    /// Gives back the memory of the frame, for the next one.
    void recycle(Buffer buffer);
    /// For another request that this one carries, on account of the same connection.
    [[nodiscard]] Reservation beside() const { return {share_, 0}; }

    /// Requests hold nearly all that they may.
    [[nodiscard]] bool is_scarce() const { return share_ && account().is_scarce(); }
    /// Bytes of the frame and of work.
    [[nodiscard]] std::size_t requests() const { return requests_ + large_; }

    /// What work and encoded answers may pass their limits by: so that a small request is not
    /// refused because memory happens to be full.
    static constexpr std::size_t kOverdraft = std::size_t{4} << 20;

private:
    friend class MemoryAccount;
    friend class MemoryBudget;

    Reservation(Share share, LargeFrameLimit::Number frame, bool is_large = false)
        : share_(std::move(share)), frame_(frame), is_large_(is_large) {}

    void swap(Reservation& other) noexcept {
        std::swap(share_, other.share_);
        std::swap(frame_, other.frame_);
        std::swap(requests_, other.requests_);
        std::swap(large_, other.large_);
        std::swap(answers_, other.answers_);
        std::swap(is_large_, other.is_large_);
    }
    [[nodiscard]] MemoryAccount& account() const { return *share_->account_; }
    /// The connection holds nothing, and its next frame is so small that it may always be there.
    [[nodiscard]] bool is_free(std::size_t bytes) const {
        return bytes <= BufferPool::kCapacity && share_->total() == 0 && !is_large_;
    }
    [[nodiscard]] bool is_favoured() const;
    void wake_others();
    [[nodiscard]] bool try_answer_within(std::size_t limit, std::size_t bytes);
    /// Takes a step of the frame, whoever waits. False when there is no room for it.
    [[nodiscard]] bool take(std::size_t bytes);

    Share share_;
    LargeFrameLimit::Number frame_ = 0;  ///< older frames have smaller ones; 0: no frame
    std::size_t requests_ = 0;
    std::size_t large_ = 0;  ///< of a large frame
    std::size_t answers_ = 0;
    bool is_large_ = false;
};

/// Bounds the memory of all requests of one shard before it is spent; README.md says how.
///
/// A frame takes memory in steps, as its bytes arrive. Who finds no room waits: small frames
/// (kSmallFrame) for small ones, large frames for large ones, the oldest first. The oldest frame
/// gets its step though there is no room, if no other frame passes the limit so.
///
/// Owned by the shard's services; used on that shard only.
class MemoryBudget {
public:
    /// Bytes of the largest small frame.
    static constexpr std::size_t kSmallFrame = std::size_t{1} << 20;

    MemoryBudget(Shard& shard, const Clock& clock, MemoryLimits limits);
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    /// For a new connection.
    [[nodiscard]] Reservation::Share share();
    /// For a frame of `size` bytes, of which nothing is taken yet.
    [[nodiscard]] Reservation begin(const Reservation::Share& share, std::size_t size);
    /// Takes the next `bytes` of the frame. False, and nothing taken, when it has to wait. A small
    /// buffer is always there for a connection that holds nothing.
    [[nodiscard]] bool try_step(Reservation& frame, std::size_t bytes);
    /// The same, waiting for its turn. False when `end_wait` ended it.
    [[nodiscard]] Task<bool> step(Reservation& frame, std::size_t bytes);
    /// Ends the wait of a connection.
    void end_wait(const Reservation::Share& share);
    /// Memory for a frame of `size` bytes; Reservation::recycle gives it back. The rest of a large
    /// one is address space only.
    [[nodiscard]] Buffer buffer(std::size_t size) { return account_->pool_.take(size); }

    /// Frames wait, or will soon.
    [[nodiscard]] bool is_scarce() const { return account_->is_scarce() || waiting() > 0; }
    /// Answers that nobody takes hold all that there is for them.
    [[nodiscard]] bool answers_are_full() const {
        return account_->answers_ >= account_->limits_.answers;
    }
    [[nodiscard]] const MemoryLimits& limits() const { return account_->limits_; }
    [[nodiscard]] std::size_t held() const { return account_->held_; }
    [[nodiscard]] std::size_t answers() const { return account_->answers_; }
    [[nodiscard]] std::size_t waiting() const {
        return account_->small_.size() + account_->large_.size();
    }
    [[nodiscard]] std::size_t waiting_large() const { return account_->large_.size(); }

private:
    using Waiter = MemoryAccount::Waiter;

    /// How often the oldest large frame looks whether another shard has given memory back.
    static constexpr Duration kLargeRetry = std::chrono::milliseconds(10);

    /// Takes a waiter out of the queue when it has its step, or its coroutine is dropped.
    class Place;

    Shard* shard_;
    const Clock* clock_;
    boost::local_shared_ptr<MemoryAccount> account_;
};

}  // namespace hw::broker
