#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "broker/net/buffer_pool.h"
#include "broker/runtime/large_frame_limit.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Limits of the memory that the connections of one shard may hold, in bytes.
struct MemoryLimits {
    /// Small frames, decoded requests, and memory for the work on them.
    std::size_t requests = std::size_t{64} << 20;
    std::size_t answers = std::size_t{64} << 20;  ///< that are not sent yet
    std::size_t fetch_sessions = std::size_t{8} << 20;
    /// Shared by the shards of the node.
    std::shared_ptr<LargeFrameLimit> large_frames =
        std::make_shared<LargeFrameLimit>(std::size_t{128} << 20, std::size_t{100} << 20);
};

/// The limits of one shard, in a node of `shards` shards. `total`: the node's request memory in
/// bytes (README.md); half of it is for large frames.
[[nodiscard]] MemoryLimits memory_of_shard(std::size_t total, std::size_t shards,
                                           std::shared_ptr<LargeFrameLimit> large_frames);

class MemoryShare;
class Reservation;

/// Frames by their size: each kind has a queue of its own for memory.
enum class FrameKind : std::uint8_t {
    brief,  ///< up to MemoryBudget::kBriefFrame
    small,  ///< up to MemoryBudget::kSmallFrame
    large,
};

/// The memory counters of one shard. All reservations share it, because the requests of a node that
/// ends are destroyed in any order.
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
        bool ended = false;  ///< its connection ended the wait
        Signal changed;      ///< set with `granted` or `ended`, or when it is the first

        void grant();
    };
    using Waiters = std::deque<Waiter*>;  ///< the oldest frame first

    /// Memory is scarce when no more than 1/kScarceOf of it is left.
    static constexpr std::size_t kScarceOf = 4;
    /// 1/kBriefOf of the limit is kept free for brief frames.
    static constexpr std::size_t kBriefOf = 8;

    /// True if there is room for `bytes` of a brief or small frame.
    [[nodiscard]] bool fits(FrameKind kind, std::size_t bytes) const {
        const std::size_t kept = kind == FrameKind::brief ? 0 : limits_.requests / kBriefOf;
        const std::size_t limit = limits_.requests - kept;
        return held_ <= limit && bytes <= limit - held_;
    }
    [[nodiscard]] Waiters& waiters(FrameKind kind) {
        return waiters_[static_cast<std::size_t>(kind)];
    }
    /// Id of the brief or small frame that may exceed the limit; 0: none.
    [[nodiscard]] std::uint64_t& favoured(FrameKind kind) {
        return favoured_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] bool is_scarce() const {
        return held_ >= limits_.requests / kScarceOf * (kScarceOf - 1);
    }
    /// Grants the first waiters their steps, as long as there is room.
    static void serve(Waiters& waiters);

    MemoryLimits limits_;
    std::size_t held_ = 0;  ///< of limits_.requests
    std::size_t answers_ = 0;
    std::uint64_t next_number_ = 1;  ///< of the next brief or small frame
    std::array<std::uint64_t, 2> favoured_{};
    std::array<Waiters, 3> waiters_;
    BufferPool pool_;
};

/// The memory that one connection holds. Shared with its requests, which may outlive it.
class MemoryShare {
public:
    explicit MemoryShare(boost::local_shared_ptr<MemoryAccount> account)
        : account_(std::move(account)) {}

    /// Bytes of frames, decoded requests and work.
    [[nodiscard]] std::size_t requests() const { return requests_; }
    /// Bytes of answers that are not sent yet.
    [[nodiscard]] std::size_t answers() const { return answers_; }
    [[nodiscard]] std::size_t total() const { return requests_ + answers_; }
    /// Sets the signal that is set when the share becomes smaller; null: none.
    void set_shrink_signal(Signal* signal) { smaller_ = signal; }

private:
    friend class MemoryBudget;
    friend class Reservation;

    boost::local_shared_ptr<MemoryAccount> account_;
    std::size_t requests_ = 0;
    std::size_t answers_ = 0;
    Signal* smaller_ = nullptr;
    MemoryAccount::Waiter* waiter_ = nullptr;  ///< the frame that waits; null: none
};

}  // namespace hw::broker
