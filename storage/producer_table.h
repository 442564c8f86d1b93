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
    /// When this broker took the batch from a client; -1 where it only reads it.
    Timestamp used_at = kNoTimestamp;
};

/// The facts of a batch; none where no producer is concerned. Errors: corrupt (a marker that
/// cannot be read).
[[nodiscard]] Result<std::optional<ProducerFacts>> producer_facts(const record::BatchView& batch);

/// Checks a batch of a client against what is known of its producer. `log_is_empty`: the log never
/// held a record, so nobody can be forgotten and only sequence 0 may begin (KAFKA-15591). `entry`
/// is null for an unknown producer. Codes: INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER,
/// INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED.
[[nodiscard]] std::expected<void, wire::Refusal> check_producer(const ProducerFacts& facts,
                                                                const ProducerEntry* entry,
                                                                bool log_is_empty);

/// The remembered batch that `facts` repeats, if it does.
[[nodiscard]] const ProducerBatch* find_duplicate(const ProducerFacts& facts,
                                                  const ProducerEntry& entry);

/// Takes the batch into the entry of its producer: the one function that changes producer state,
/// for appends and for replays alike.
void apply_batch(const ProducerFacts& facts, ProducerEntry& entry);

/// The producers of one log, ordered by id: what follows from a replay of the log, but for the
/// entries that expired.
class ProducerTable {
public:
    [[nodiscard]] const ProducerEntry* find(ProducerId id) const { return pages_.find(id); }
    void apply(const ProducerFacts& facts) { apply_batch(facts, pages_.entry(facts.producer_id)); }
    void put(ProducerId id, const ProducerEntry& entry) { pages_.entry(id) = entry; }

    /// The entries as they are now, to be written where blocking is allowed; costs microseconds.
    [[nodiscard]] ProducerView share() { return pages_.share(); }
    /// See ProducerPages::expire_page.
    [[nodiscard]] std::optional<ProducerId> expire_page(ProducerId from, Timestamp idle_since,
                                                        Timestamp now) {
        return pages_.expire_page(from, idle_since, now);
    }

    [[nodiscard]] std::size_t size() const { return pages_.size(); }
    [[nodiscard]] bool empty() const { return size() == 0; }
    /// All of them, copied: for tools and tests.
    [[nodiscard]] std::vector<ProducerSlot> entries() const { return pages_.entries(); }
    [[nodiscard]] const ProducerPages::Copied& copied() const { return pages_.copied(); }
    bool operator==(const ProducerTable&) const = default;

private:
    ProducerPages pages_;
};

}  // namespace hw::storage
