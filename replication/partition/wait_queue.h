#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/delayed_fetch.h"
#include "replication/partition/delayed_produce.h"
#include "replication/partition/partition_facts.h"
#include "replication/partition/partition_follower.h"

namespace hw::replication {

/// Which offset must reach the end of an append before it is answered.
enum class Awaited : std::uint8_t { high_watermark, durable_end, both };

/// An append that is written but not answered yet.
struct AppendWait {
    std::weak_ptr<ProduceSlot> slot;
    ProduceOutcome outcome;  ///< the outcome to answer with
    Offset end_offset;       ///< offset after its last record
    Awaited awaited = Awaited::high_watermark;
};

/// The interest of a delayed Fetch in one partition.
struct FetchWatch {
    std::weak_ptr<DelayedFetch> wait;
    std::uint64_t seen_bytes = 0;  ///< bytes in its scope (readable_bytes.h) at its read
    std::uint64_t max_bytes = 0;   ///< gained bytes beyond this limit do not count
    OffsetScope scope = OffsetScope::readable;
    /// A high watermark above this one ends the wait after kWatermarkPause, even without bytes.
    Offset known_watermark = FetchPosition::kNoReaders;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;  ///< of its read
};

/// Progress of a partition that may complete delayed requests.
struct PartitionProgress {
    Offset high_watermark;
    Offset durable_end_offset;
    std::uint64_t readable_bytes = 0;  ///< total below the high watermark
    std::uint64_t written_bytes = 0;   ///< total in the log
};

/// The delayed requests of one partition: appends that wait for the high watermark or the durable
/// end, and fetches that wait for bytes below the high watermark. Deadlines are in WaitTimers; a
/// request that has ended there is dropped here without an answer. Owned by the replica, used
/// inside its guard.
class WaitQueue {
public:
    /// Limit of pending and waiting appends; the replica refuses further ones before it stages
    /// them.
    static constexpr std::size_t kMaxAppends = 16'384;
    /// Limit of waiting fetches; further ones are answered at once. Smaller, because each append
    /// looks at all of them.
    static constexpr std::size_t kMaxFetches = 4096;
    /// A new high watermark waits so long for records, or for the next one, before it is sent to a
    /// follower alone.
    static constexpr Duration kWatermarkPause = std::chrono::milliseconds(5);

    /// The clock must outlive this.
    explicit WaitQueue(const Clock& clock) : clock_(&clock) {}

    /// Adds an append whose awaited offset has not reached its end yet.
    void add(AppendWait wait);
    /// Adds a fetch; bytes gained since its read are reported at once. False, and the fetch is not
    /// added, when there are kMaxFetches.
    [[nodiscard]] bool add(const FetchWatch& watch, const PartitionProgress& progress);
    /// Answers the appends that are complete, and reports gained bytes to the fetches.
    void on_progress(const PartitionProgress& progress);
    /// Answers all appends with `error` and drops them.
    void fail_appends(const wire::Refusal& error);
    /// The same for the appends that wait for the high watermark.
    void fail_appends_below_watermark(const wire::Refusal& error);
    /// Ends the waits of all fetches, so that they read again, and drops them.
    void finish_fetches();
    /// Drops the appends whose requests are gone.
    void drop_ended_appends();

    [[nodiscard]] std::size_t appends() const { return by_watermark_.size() + by_durable_.size(); }
    [[nodiscard]] std::size_t fetches() const { return fetches_.size(); }
    [[nodiscard]] bool appends_await_durable() const { return !by_durable_.empty(); }
    [[nodiscard]] bool anyone_awaits_watermark() const;

private:
    struct Fetch {
        FetchWatch watch;
        std::uint64_t reported_bytes = 0;
        bool ends_soon = false;
    };

    void report_to_fetches(const PartitionProgress& progress);
    void report_watermark(Fetch& fetch, Offset high_watermark);
    void sweep_fetches();

    const Clock* clock_;
    std::vector<AppendWait> by_watermark_;  ///< ordered by end offset
    std::vector<AppendWait> by_durable_;    ///< ordered by end offset
    std::vector<Fetch> fetches_;
    std::size_t swept_ = 0;  ///< index of the last fetch that sweep_fetches has checked
};

}  // namespace hw::replication
