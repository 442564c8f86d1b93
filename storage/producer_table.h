#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "protocol/record/control_record.h"
#include "protocol/wire/error_code.h"

namespace hw::storage {

/// Why an append is refused: what the client is told, and a sentence.
struct AppendError {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::string message;
};

/// A batch as a retry of its producer would repeat it.
struct ProducerBatch {
    Sequence last_sequence = record::kNoSequence;
    Offset last_offset = kNoOffset;
    std::int32_t offset_delta = 0;  ///< from its first record to its last
    Timestamp timestamp = kNoTimestamp;

    [[nodiscard]] Offset first_offset() const { return last_offset - offset_delta; }
    bool operator==(const ProducerBatch&) const = default;
};

/// What the log knows of one producer.
struct ProducerEntry {
    /// Batches that are remembered: what a client may have in flight (max.in.flight <= 5).
    static constexpr std::size_t kBatches = 5;

    ProducerEpoch epoch = record::kNoProducerEpoch;
    record::CoordinatorEpoch coordinator_epoch{-1};
    Timestamp last_timestamp = kNoTimestamp;  ///< of its last batch or marker
    Offset transaction_start = kNoOffset;     ///< first offset of the open transaction, if any
    std::size_t batch_count = 0;
    std::array<ProducerBatch, kBatches> batches;  ///< of this epoch, oldest first

    /// The last batch of this epoch; a default one if there is none.
    [[nodiscard]] ProducerBatch last_batch() const {
        return batch_count == 0 ? ProducerBatch{} : batches[batch_count - 1];
    }
    bool operator==(const ProducerEntry&) const = default;
};

/// What producer state needs of a batch. Made from a batch whose offsets are set.
struct ProducerFacts {
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch epoch = record::kNoProducerEpoch;
    Sequence base_sequence = record::kNoSequence;
    Offset base_offset;
    std::int32_t last_offset_delta = 0;
    Timestamp max_timestamp = kNoTimestamp;
    bool transactional = false;
    /// Set for the marker that ends a transaction.
    std::optional<record::CoordinatorEpoch> marker;
};

/// The facts of a batch; none where no producer is concerned. Errors: corrupt (a marker that
/// cannot be read).
[[nodiscard]] Result<std::optional<ProducerFacts>> producer_facts(const record::BatchView& batch);

/// Checks a batch of a client against what is known of its producer. `log_is_empty`: the log never
/// held a record, so nobody can be forgotten and only sequence 0 may begin (KAFKA-15591). `entry`
/// is null for an unknown producer. Codes: INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER,
/// INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED.
[[nodiscard]] std::expected<void, AppendError> check_producer(const ProducerFacts& facts,
                                                              const ProducerEntry* entry,
                                                              bool log_is_empty);

/// The remembered batch that `facts` repeats, if it does.
[[nodiscard]] const ProducerBatch* find_duplicate(const ProducerFacts& facts,
                                                  const ProducerEntry& entry);

/// Takes the batch into the entry of its producer: the one function that changes producer state,
/// for appends and for replays alike.
void apply_batch(const ProducerFacts& facts, ProducerEntry& entry);

/// The producers of one log, ordered by id: a value that equals a replay of the log.
class ProducerTable {
public:
    [[nodiscard]] const ProducerEntry* find(ProducerId id) const;
    void apply(const ProducerFacts& facts) { apply_batch(facts, entries_[facts.producer_id]); }
    void put(ProducerId id, const ProducerEntry& entry) { entries_[id] = entry; }
    void clear() { entries_.clear(); }

    [[nodiscard]] const std::map<ProducerId, ProducerEntry>& entries() const { return entries_; }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    bool operator==(const ProducerTable&) const = default;

private:
    std::map<ProducerId, ProducerEntry> entries_;
};

}  // namespace hw::storage
