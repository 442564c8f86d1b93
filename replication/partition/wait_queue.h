#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "protocol/base/ids.h"
#include "replication/partition/fetch_wait.h"
#include "replication/partition/partition_error.h"
#include "replication/partition/produce_wait.h"

namespace hw::replication {

/// What must pass the end of an append before it is answered.
enum class Awaited : std::uint8_t { high_watermark, durable_end, both };

/// An append that is written and not answered yet.
struct AppendWait {
    std::weak_ptr<ProduceSlot> slot;
    ProduceOutcome outcome;  ///< what it is told in the end
    Offset end_offset;       ///< after its last record
    Awaited awaited = Awaited::high_watermark;
};

/// A Fetch request that waits for more than it found.
struct FetchWatch {
    std::weak_ptr<FetchWait> wait;
    std::uint64_t seen_bytes = 0;  ///< readable bytes (readable_bytes.h) at its read
    std::uint64_t max_bytes = 0;   ///< more than this it would not take from this partition
};

/// How far a partition has come.
struct PartitionProgress {
    Offset high_watermark;
    Offset durable_end_offset;
    std::uint64_t readable_bytes = 0;
};

/// Who waits in one partition: appends for the high watermark or the durable end, fetches for
/// bytes below the high watermark. Deadlines are WaitTimers' business: what has ended elsewhere is
/// only dropped here. Owned by the replica, entered with it.
class WaitQueue {
public:
    /// Appends that are written and wait; the replica refuses more before they are written.
    static constexpr std::size_t kMaxAppends = 4096;
    static constexpr std::size_t kMaxFetches = 4096;

    /// Something of what `wait` awaits is still missing.
    void add(AppendWait wait);
    /// False, and the fetch not watched, when there are kMaxFetches.
    [[nodiscard]] bool add(const FetchWatch& watch, std::uint64_t readable_bytes);
    void on_progress(const PartitionProgress& progress);
    /// Tells all appends this instead, and drops them.
    void fail_appends(const PartitionError& error);
    /// Makes all fetches read again, and drops them.
    void finish_fetches();
    /// Drops the appends whose requests have ended.
    void drop_ended_appends();

    [[nodiscard]] std::size_t appends() const { return by_watermark_.size() + by_durable_.size(); }
    [[nodiscard]] std::size_t fetches() const { return fetches_.size(); }
    [[nodiscard]] bool appends_await_durable() const { return !by_durable_.empty(); }
    [[nodiscard]] bool anyone_awaits_watermark() const {
        return !by_watermark_.empty() || !fetches_.empty();
    }

private:
    struct Fetch {
        FetchWatch watch;
        std::uint64_t told_bytes = 0;
    };

    void tell_fetches(std::uint64_t readable_bytes);
    void sweep_fetches();

    std::vector<AppendWait> by_watermark_;  ///< in order of their end offsets, as is the next
    std::vector<AppendWait> by_durable_;
    std::vector<Fetch> fetches_;
    std::size_t swept_ = 0;
};

}  // namespace hw::replication
