#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "replication/partition/partition_error.h"
#include "replication/partition/partition_leader.h"
#include "storage/epoch_cache.h"
#include "storage/log.h"
#include "storage/log_reader.h"

namespace hw::replication {

/// What a consumer may see: all that is committed, or of transactions only those that are.
enum class IsolationLevel : std::int8_t { read_uncommitted = 0, read_committed = 1 };

/// One partition of a Fetch request.
struct FetchRead {
    Offset from;
    std::size_t max_bytes = 0;
    /// Of the batch before `from`; with it a reader learns that its log is another one (KIP-320).
    LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
    storage::Progressing progressing = storage::Progressing::at_least_one_batch;
};

struct FetchAnswer {
    Buffer bytes;  ///< whole batches; the first may begin before the offset asked for
    Offset next_offset;
    Offset high_watermark;
    Offset last_stable_offset;
    Offset log_start_offset;
    /// Where the reader's log parts from this one; there are no bytes then.
    std::optional<storage::EpochEnd> diverging;
    std::uint64_t readable_bytes = 0;  ///< for a FetchWatch
};

/// What ListOffsets can ask for.
enum class OffsetSpec : std::uint8_t {
    at_timestamp,             ///< the first record with that or a later timestamp
    latest,                   ///< -1: the end of what the isolation level shows
    earliest,                 ///< -2
    max_timestamp,            ///< -3: the first record with the largest timestamp
    earliest_local,           ///< -4: of what is not only in tiered storage
    latest_tiered,            ///< -5: none without tiered storage
    earliest_pending_upload,  ///< -6: none without tiered storage
};

/// How far a look-up reaches: to what consumers may read, or, for replicas, to the log's end.
enum class OffsetScope : std::uint8_t { readable, whole_log };

struct OffsetQuery {
    OffsetSpec spec = OffsetSpec::latest;
    Timestamp timestamp = kNoTimestamp;  ///< with at_timestamp
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
    OffsetScope scope = OffsetScope::readable;
};

/// The query of a timestamp as ListOffsets carries it; none for a number without a meaning.
[[nodiscard]] std::optional<OffsetQuery> offset_query(std::int64_t timestamp,
                                                      IsolationLevel isolation);

/// The offset that was asked for; all -1 if there is none.
struct ListedOffset {
    Offset offset = kNoOffset;
    Timestamp timestamp = kNoTimestamp;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;

    bool operator==(const ListedOffset&) const = default;
};

/// What may be read of a partition that this broker leads. Made for one entry of the guard by the
/// replica, which has checked the leader epoch of the request.
class PartitionReader {
public:
    PartitionReader(const storage::Log& log, const PartitionLeader& leader)
        : log_(&log), leader_(&leader) {}

    /// Never at or above the high watermark. Between it and the log's end there is nothing yet.
    /// Codes: OFFSET_OUT_OF_RANGE, and those of Log::read.
    [[nodiscard]] std::expected<FetchAnswer, PartitionError> read(
        const FetchRead& request, storage::ReadCursor& cursor) const;
    /// As Kafka (Partition.fetchOffsetForTimestamp): a record at or above the high watermark is not
    /// found, unless the scope is the whole log. Codes: OFFSET_NOT_AVAILABLE where the answer would
    /// follow from a watermark that is not current (KIP-207), KAFKA_STORAGE_ERROR, CORRUPT_MESSAGE,
    /// NOT_LEADER_OR_FOLLOWER.
    [[nodiscard]] std::expected<ListedOffset, PartitionError> list_offset(
        const OffsetQuery& query) const;
    /// For OffsetForLeaderEpoch. The leader's own epoch starts where the log ended when it began,
    /// though no batch has it yet; so a reader whose position has that epoch finds it.
    [[nodiscard]] storage::EpochEnd end_offset_for(LeaderEpoch epoch) const;

private:
    /// The first offset that a reader may not see. Without transactions none is hidden below the
    /// watermark.
    [[nodiscard]] Offset readable_end(IsolationLevel isolation) const;
    /// The first offset that a query does not reach.
    [[nodiscard]] Offset end_of(const OffsetQuery& query) const;
    [[nodiscard]] bool may_answer(const OffsetQuery& query) const {
        return query.scope == OffsetScope::whole_log || leader_->high_watermark_is_current();
    }
    [[nodiscard]] std::expected<bool, PartitionError> diverges(const FetchRead& request,
                                                               FetchAnswer& answer) const;
    [[nodiscard]] std::expected<ListedOffset, PartitionError> find_record(
        const OffsetQuery& query) const;
    [[nodiscard]] ListedOffset listed(Offset offset) const;
    [[nodiscard]] PartitionError watermark_not_current() const;

    const storage::Log* log_;
    const PartitionLeader* leader_;
};

}  // namespace hw::replication
