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
    /// One whole batch that passed its checks (record/produce_validator.h), timestamps included;
    /// base offset and leader epoch are set in it. Lives until the write has ended.
    MutableBytes bytes;
    LeaderEpoch leader_epoch{0};
    /// With LogAppendTime: the time; the batch gets it.
    std::optional<Timestamp> append_time;
    /// When the batch came from a client, by the clock of this broker; its producer is idle from
    /// then on. -1: by the timestamps in the batch.
    Timestamp received_at = kNoTimestamp;
};

/// Offsets that were given to a batch, or that it had got before.
struct Appended {
    Offset base_offset;
    Offset last_offset;
    Timestamp append_time = kNoTimestamp;  ///< of a batch with LogAppendTime; -1 otherwise
    bool duplicate = false;  ///< a retry: nothing is appended, these are the offsets of the first
};

/// A batch that waits for the write.
struct StagedBatch {
    ByteView bytes;
    BatchSummary summary;
    std::optional<ProducerFacts> producer;
};

/// What is staged behind the end of a log: batches with their offsets, and the state of their
/// producers as it will be. Does no I/O; owned by the log and entered with it. Its length is
/// bounded by what is staged between two writes, one drain of the log's guard.
class AppendStage {
public:
    /// Starts at the end of the log; `epoch` is that of what is written. Without a limit any number
    /// of producers may be new.
    AppendStage(Offset end_offset, LeaderEpoch epoch, const ProducerLimit* limit)
        : end_offset_(end_offset), epoch_(epoch), limit_(limit) {}

    /// Codes: those of check_producer; NOT_ENOUGH_REPLICAS for a producer that is new here while
    /// the limit is reached; NOT_LEADER_OR_FOLLOWER, CORRUPT_MESSAGE.
    [[nodiscard]] std::expected<Appended, wire::Refusal> add(const NewBatch& batch,
                                                             const ProducerTable& written);
    /// Whole batches from a leader, with offsets and epochs; a cut batch at the end is left out.
    /// All or none of them; the limit of producers does not count here, the leader has kept it.
    /// Codes: CORRUPT_MESSAGE, and OFFSET_OUT_OF_RANGE, FENCED_LEADER_EPOCH when they do not
    /// continue the log.
    [[nodiscard]] std::expected<Appended, wire::Refusal> add_from_leader(
        ByteView batches, const ProducerTable& written);

    /// Takes the batches that are staged; their producers stay in the overlay.
    void take(std::vector<StagedBatch>& into);
    /// All that was taken is in the log's own state; true if nothing is staged since.
    void forget_if_idle();
    /// Back to the end of what is written; everything that is staged is gone.
    void reset(Offset end_offset, LeaderEpoch epoch);

    [[nodiscard]] Offset end_offset() const { return end_offset_; }
    [[nodiscard]] bool empty() const { return batches_.empty(); }

private:
    [[nodiscard]] const ProducerEntry* find(ProducerId id, const ProducerTable& written) const;
    [[nodiscard]] std::expected<void, wire::Refusal> check(const ProducerFacts& facts,
                                                           const ProducerEntry* entry) const;
    void push(ByteView bytes, const BatchSummary& summary,
              const std::optional<ProducerFacts>& producer, const ProducerTable& written);

    Offset end_offset_;
    LeaderEpoch epoch_;
    const ProducerLimit* limit_;
    std::vector<StagedBatch> batches_;
    std::map<ProducerId, ProducerEntry> producers_;  ///< over those that are written
};

}  // namespace hw::storage
