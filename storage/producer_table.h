#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "protocol/record/control_record.h"
#include "protocol/wire/refusal.h"
#include "storage/producer_pages.h"

namespace hw::storage {

/// The fields of a batch that producer state depends on. The batch must have its final offsets.
struct ProducerBatchInfo {
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch epoch = record::kNoProducerEpoch;
    Sequence base_sequence = record::kNoSequence;
    Offset base_offset;
    std::int32_t last_offset_delta = 0;
    Timestamp max_timestamp = kNoTimestamp;
    bool transactional = false;
    /// Set for the marker that ends a transaction.
    std::optional<record::CoordinatorEpoch> marker;
    /// When the batch arrived from a client; -1 for a batch that is replayed or replicated.
    Timestamp used_at = kNoTimestamp;
};

/// The fields of a batch that producer state depends on; none if the batch does not affect it.
/// Errors: corrupt (an unreadable marker).
[[nodiscard]] Result<std::optional<ProducerBatchInfo>> producer_facts(
    const record::BatchView& batch);

/// Checks a batch of a client against the state of its producer; `entry` is null for an unknown
/// one. `log_is_empty`: the log never held a record, so no producer can have expired and a new one
/// must begin with sequence 0 (KAFKA-15591). Codes: INVALID_PRODUCER_EPOCH,
/// OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED.
[[nodiscard]] std::expected<void, wire::Refusal> check_producer(const ProducerBatchInfo& facts,
                                                                const ProducerEntry* entry,
                                                                bool log_is_empty);

/// The remembered batch that `facts` repeats; null if it is not a retry.
[[nodiscard]] const ProducerBatch* find_duplicate(const ProducerBatchInfo& facts,
                                                  const ProducerEntry& entry);

/// Updates the entry of a producer with its next batch. This is the only function that does so, for
/// appends and replays alike.
void apply_batch(const ProducerBatchInfo& facts, ProducerEntry& entry);

/// The producers of one log, ordered by id. Equal to the result of a replay of the log, except for
/// expired entries.
class ProducerTable {
public:
    [[nodiscard]] const ProducerEntry* find(ProducerId id) const { return pages_.find(id); }
    void apply(const ProducerBatchInfo& facts) {
        apply_batch(facts, pages_.entry(facts.producer_id));
    }
    void put(ProducerId id, const ProducerEntry& entry) { pages_.entry(id) = entry; }

    /// The entries at the time of the call, to be written on another thread; costs microseconds.
    [[nodiscard]] ProducerView share() { return pages_.share(); }
    /// See ProducerPages::expire_page.
    [[nodiscard]] std::optional<ProducerId> expire_page(ProducerId from, Timestamp idle_since,
                                                        Timestamp now) {
        return pages_.expire_page(from, idle_since, now);
    }

    [[nodiscard]] std::size_t size() const { return pages_.size(); }
    [[nodiscard]] bool empty() const { return size() == 0; }
    /// A copy of all entries, for tools and tests.
    [[nodiscard]] std::vector<ProducerSlot> entries() const { return pages_.entries(); }
    [[nodiscard]] const ProducerPages::Copied& copied() const { return pages_.copied(); }
    bool operator==(const ProducerTable&) const = default;

private:
    ProducerPages pages_;
};

}  // namespace hw::storage
