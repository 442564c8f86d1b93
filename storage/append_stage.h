#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "storage/producer_limit.h"
#include "storage/producer_table.h"
#include "storage/segment.h"

namespace hw::storage {

/// A batch that a leader wants to append.
struct NewBatch {
    /// One whole batch that passed validation (record/produce_validator.h), timestamps included.
    /// Staging sets its base offset and leader epoch. The bytes must live until the write has
    /// ended.
    MutableBytes bytes;
    LeaderEpoch leader_epoch{0};
    /// The timestamp that the batch gets; set for LogAppendTime only.
    std::optional<Timestamp> append_time;
    /// When the batch arrived from a client, by this broker's clock: the last use of its producer.
    /// -1: the timestamps in the batch count as the last use.
    Timestamp received_at = kNoTimestamp;
};

/// The offsets of an appended batch, or of the first attempt if the batch is a retry.
struct Appended {
    Offset base_offset;
    Offset last_offset;
    Timestamp append_time = kNoTimestamp;  ///< of a batch with LogAppendTime; -1 otherwise
    bool duplicate = false;                ///< a retry: nothing is appended
};

/// A batch that has its offsets and waits to be written.
struct StagedBatch {
    ByteView bytes;
    BatchSummary summary;
    std::optional<ProducerBatchInfo> producer;
};

/// The staged batches of a log, which follow its end, and the state that their producers will have
/// once they are written. Does no I/O; owned by the log and entered with it. Its owner
/// bounds the number of batches (a partition by WaitQueue::kMaxAppends).
class AppendStage {
public:
    /// `epoch` is the latest leader epoch in the log. With a null `limit` any number of new
    /// producers is accepted.
    AppendStage(Offset end_offset, LeaderEpoch epoch, const ProducerLimit* limit)
        : end_offset_(end_offset), epoch_(epoch), limit_(limit) {}

    /// Stages a batch of a client. Codes: those of check_producer; NOT_ENOUGH_REPLICAS for a new
    /// producer while the limit is reached; NOT_LEADER_OR_FOLLOWER (an older epoch),
    /// CORRUPT_MESSAGE.
    [[nodiscard]] std::expected<Appended, wire::Refusal> add(const NewBatch& batch,
                                                             const ProducerTable& written);
    /// Stages whole batches from a leader, with their offsets and epochs: all of them or none. An
    /// incomplete batch at the end is ignored. The limit of producers is not checked, because the
    /// leader has checked its own. Codes: CORRUPT_MESSAGE, and OFFSET_OUT_OF_RANGE or
    /// FENCED_LEADER_EPOCH if the batches do not continue the log.
    [[nodiscard]] std::expected<Appended, wire::Refusal> add_from_leader(
        ByteView batches, const ProducerTable& written);

    /// Moves the staged batches to `into`; the state of their producers stays here.
    void take(std::vector<StagedBatch>& into);
    /// Called when the log's own state includes all taken batches. Drops the staged state of
    /// producers if nothing was staged since.
    void forget_if_idle();
    /// Drops everything that is staged and continues at `end_offset`.
    void reset(Offset end_offset, LeaderEpoch epoch);

    [[nodiscard]] Offset end_offset() const { return end_offset_; }
    [[nodiscard]] bool empty() const { return batches_.empty(); }

private:
    [[nodiscard]] const ProducerEntry* find(ProducerId id, const ProducerTable& written) const;
    [[nodiscard]] std::expected<void, wire::Refusal> check(const ProducerBatchInfo& facts,
                                                           const ProducerEntry* entry) const;
    void push(ByteView bytes, const BatchSummary& summary,
              const std::optional<ProducerBatchInfo>& producer, const ProducerTable& written);

    Offset end_offset_;
    LeaderEpoch epoch_;
    const ProducerLimit* limit_;
    std::vector<StagedBatch> batches_;
    std::map<ProducerId, ProducerEntry> producers_;  ///< override those of the log
};

}  // namespace hw::storage
