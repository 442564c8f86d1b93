#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <variant>

#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/time_lookup.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/partition_leader.h"
#include "storage/epoch_cache.h"
#include "storage/log.h"
#include "storage/read_plan.h"

namespace hw::replication {

/// Which records a consumer sees: all records below the high watermark, or only those below the LSO
/// and not of aborted transactions.
enum class IsolationLevel : std::int8_t { read_uncommitted = 0, read_committed = 1 };

/// One partition of a Fetch request.
struct FetchRead {
    Offset from;
    std::size_t max_bytes = 0;
    /// Epoch of the reader's last batch before `from`. If given, the leader checks whether the
    /// reader's log has diverged (KIP-595).
    LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
    storage::FirstBatch first_batch = storage::FirstBatch::always_whole;
    OffsetScope scope = OffsetScope::readable;
    bool at_any_replica = false;  ///< the reader takes an answer of a follower, too (KIP-392)
    /// The brokers of the reader's rack. If given, the leader may name a follower among them, which
    /// the reader should ask instead.
    std::span<const BrokerId> rack = {};
};

/// The read of one partition for a Fetch, and the partition's state when it was planned.
struct FetchPlan {
    storage::ReadPlan read;  ///< to be run outside of the guard, unless it is empty
    /// -1 for a consumer as long as the leader's high watermark is not current (KIP-207).
    /// Consumers such as librdkafka's take the one of an answer for the end of the partition.
    Offset high_watermark = kNoOffset;
    Offset last_stable_offset = kNoOffset;  ///< likewise
    Offset log_start_offset;
    /// Set if the reader's log has diverged from the leader's: where to truncate. `read` is empty
    /// then.
    std::optional<storage::EpochEnd> diverging;
    /// The follower to ask instead; `read` is empty then. -1: none.
    BrokerId preferred_replica = kNoBroker;
    std::uint64_t seen_bytes = 0;  ///< total bytes in the scope of the read now, for a FetchWatch
    LeaderEpoch leader_epoch = kNoLeaderEpoch;  ///< likewise
};

/// The kinds of offset that ListOffsets can look up.
enum class OffsetSpec : std::uint8_t {
    at_timestamp,             ///< the first record with this or a later timestamp
    latest,                   ///< -1: the end of the records that the isolation level shows
    earliest,                 ///< -2: the log start offset
    max_timestamp,            ///< -3: the first record with the largest timestamp
    earliest_local,           ///< -4: the first offset that is on the local disk
    latest_tiered,            ///< -5: none without tiered storage
    earliest_pending_upload,  ///< -6: none without tiered storage
};

/// A lookup of one offset, for ListOffsets.
struct OffsetQuery {
    OffsetSpec spec = OffsetSpec::latest;
    Timestamp timestamp = kNoTimestamp;  ///< with at_timestamp
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
    OffsetScope scope = OffsetScope::readable;
    Offset start = Offset(0);  ///< records before it are not found
};

/// The query for the first record at or after `start`, whatever its timestamp.
[[nodiscard]] OffsetQuery first_record_query(Offset start);

/// The query for a timestamp of a ListOffsets request; nothing for an unknown special timestamp.
[[nodiscard]] std::optional<OffsetQuery> offset_query(std::int64_t timestamp,
                                                      IsolationLevel isolation);

/// Result of a lookup; all fields are -1 if no offset was found.
struct ListedOffset {
    Offset offset = kNoOffset;
    Timestamp timestamp = kNoTimestamp;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;

    bool operator==(const ListedOffset&) const = default;
};

/// A lookup by timestamp, which searches the files outside of the guard.
struct OffsetSearch {
    storage::RecordSearch search;
    Offset end_offset;  ///< exclusive; of what the query covers when it was planned
    /// Whether the answer may be that there is no such record below the end offset (KIP-207).
    bool may_find_none = false;
};

/// A lookup as planned inside the guard: its answer, or a search.
using OffsetPlan = std::variant<ListedOffset, OffsetSearch>;

/// Plans a read by a consumer at a follower with that high watermark. Codes: OFFSET_OUT_OF_RANGE
/// (also beyond the log end; the consumer then asks the leader), and those of Log::plan_read.
[[nodiscard]] std::expected<FetchPlan, wire::Refusal> plan_read_at_follower(
    const storage::Log& log, Offset high_watermark, const FetchRead& request,
    storage::ReadCursor& cursor);

/// Plans reads of a partition that this broker leads. Made by the replica, after it has checked the
/// leader epoch of the request; used only during the same entry of the guard, where it does no
/// I/O. The plans are run outside of the guard.
class PartitionReader {
public:
    PartitionReader(const storage::Log& log, const PartitionLeader& leader, const Clock& clock)
        : log_(&log), leader_(&leader), clock_(&clock) {}

    /// Plans a read of whole batches below the high watermark, or with scope `whole_log` to the log
    /// end. From an offset between the high watermark and the log end it is empty. `cursor` is
    /// where the reader's read before ended; see Log::plan_read. Codes: OFFSET_OUT_OF_RANGE,
    /// NOT_LEADER_OR_FOLLOWER (the offset is beyond the log end, and another broker may lead and
    /// have it), and those of Log::plan_read.
    [[nodiscard]] std::expected<FetchPlan, wire::Refusal> plan_read(
        const FetchRead& request, storage::ReadCursor& cursor) const;
    /// Plans a lookup of an offset, as Kafka does it (Partition.fetchOffsetForTimestamp). Finds no
    /// record at or above the high watermark, unless the scope is the whole log. Codes:
    /// OFFSET_NOT_AVAILABLE (the answer depends on a high watermark that is not current, KIP-207),
    /// NOT_LEADER_OR_FOLLOWER (the log is being truncated).
    [[nodiscard]] std::expected<OffsetPlan, wire::Refusal> plan_lookup(
        const OffsetQuery& query) const;
    /// The answer after a search, in a later entry of the guard. Codes: OFFSET_NOT_AVAILABLE.
    [[nodiscard]] std::expected<ListedOffset, wire::Refusal> listed(
        const OffsetSearch& search, const std::optional<record::TimestampedOffset>& found) const;
    /// The refusal for a read or search that failed outside of the guard, which is logged once.
    /// A damaged batch is KAFKA_STORAGE_ERROR when another member of the ISR can lead, so that
    /// clients look for a new leader, and CORRUPT_MESSAGE when this broker is the only member.
    /// Other codes: those of Log::report_failed_read.
    [[nodiscard]] wire::Refusal report_failed_read(const Error& error) const;
    /// The end offset of `epoch` (KIP-320). The current epoch has an end offset even before it has
    /// a batch.
    [[nodiscard]] storage::EpochEnd end_offset_for(LeaderEpoch epoch) const;
    /// The same for OffsetForLeaderEpoch. Codes: NOT_LEADER_OR_FOLLOWER (the epoch may be that of
    /// another leader, of which this broker does not know).
    [[nodiscard]] std::expected<storage::EpochEnd, wire::Refusal> listed_end_of(
        LeaderEpoch epoch) const;

private:
    /// The first offset that a consumer must not read: the high watermark. There are no
    /// transactions yet, so the LSO equals it.
    [[nodiscard]] Offset readable_end(IsolationLevel isolation) const;
    /// The first offset that is not covered.
    [[nodiscard]] Offset end_of(OffsetScope scope, IsolationLevel isolation) const;
    /// Whether the end of what is covered is known (KIP-207). A leader that was just elected may
    /// know a lower high watermark than its predecessor, below records that consumers have seen.
    [[nodiscard]] bool knows_end(OffsetScope scope) const {
        return scope == OffsetScope::whole_log || leader_->high_watermark_is_current();
    }
    [[nodiscard]] std::expected<FetchPlan, wire::Refusal> plan_here(
        const FetchRead& request, storage::ReadCursor& cursor) const;
    [[nodiscard]] std::expected<OffsetPlan, wire::Refusal> plan_search(
        const OffsetQuery& query) const;
    [[nodiscard]] ListedOffset listed(Offset offset) const;
    [[nodiscard]] wire::Refusal watermark_not_current() const;

    const storage::Log* log_;
    const PartitionLeader* leader_;
    const Clock* clock_;
};

}  // namespace hw::replication
