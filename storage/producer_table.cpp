#include "storage/producer_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "protocol/record/record.h"

namespace hw::storage {
namespace {

using wire::ErrorCode;
using wire::refuse;

std::expected<void, wire::Refusal> check_sequence(const ProducerBatchInfo& facts,
                                                  const ProducerEntry& entry) {
    if (facts.epoch != entry.epoch) {
        if (facts.base_sequence != Sequence(0)) {
            return refuse(ErrorCode::out_of_order_sequence_number,
                          "producer {} begins epoch {} with sequence {}, it must begin with 0",
                          facts.producer_id, facts.epoch, facts.base_sequence);
        }
        return {};
    }
    const Sequence last = entry.last_batch().last_sequence;
    const Sequence expected =
        entry.batch_count == 0 ? Sequence(0) : record::sequence_after(last, 1);
    if (facts.base_sequence != expected) {
        return refuse(ErrorCode::out_of_order_sequence_number,
                      "producer {} sent sequence {}, the next in epoch {} is {}", facts.producer_id,
                      facts.base_sequence, facts.epoch, expected);
    }
    return {};
}

std::expected<void, wire::Refusal> check_known(const ProducerBatchInfo& facts,
                                               const ProducerEntry& entry) {
    if (facts.epoch < entry.epoch) {
        return refuse(ErrorCode::invalid_producer_epoch,
                      "producer {} has epoch {}, this partition already has its epoch {}",
                      facts.producer_id, facts.epoch, entry.epoch);
    }
    if (facts.marker) {
        if (*facts.marker < entry.coordinator_epoch) {
            return refuse(ErrorCode::transaction_coordinator_fenced,
                          "the marker has coordinator epoch {}, this partition already has {}",
                          *facts.marker, entry.coordinator_epoch);
        }
        return {};
    }
    HW_TRY_VOID(check_sequence(facts, entry));
    if (entry.transaction_start != kNoOffset && !facts.transactional) {
        return refuse(ErrorCode::invalid_txn_state,
                      "producer {} sent records outside of a transaction while its transaction "
                      "from offset {} is open",
                      facts.producer_id, entry.transaction_start);
    }
    return {};
}

/// The coordinator epoch in the only record of a control batch; none if it does not end a
/// transaction.
Result<std::optional<record::CoordinatorEpoch>> read_marker(const record::BatchView& batch) {
    record::RecordCursor cursor(batch, batch.records());
    const auto first = cursor.next();
    if (!first || !first->key || !first->value) {
        return fail(ErrorKind::corrupt, "the control batch at offset {} has no control record",
                    batch.base_offset());
    }
    HW_TRY(type, record::parse_control_key(*first->key));
    if (type != record::ControlType::abort && type != record::ControlType::commit) {
        return std::nullopt;
    }
    HW_TRY(epoch, record::parse_end_transaction(*first->value));
    return epoch;
}

}  // namespace

Result<std::optional<ProducerBatchInfo>> producer_facts(const record::BatchView& batch) {
    if (!batch.has_producer_id()) {
        return std::nullopt;
    }
    ProducerBatchInfo facts;
    facts.producer_id = batch.producer_id();
    facts.epoch = batch.producer_epoch();
    facts.base_sequence = batch.base_sequence();
    facts.base_offset = batch.base_offset();
    facts.last_offset_delta = batch.last_offset_delta();
    facts.max_timestamp = batch.max_timestamp();
    facts.transactional = batch.is_transactional();
    if (batch.is_control()) {
        // Compaction may leave an empty control batch.
        if (batch.count() == 0) {
            return std::nullopt;
        }
        HW_TRY(marker, read_marker(batch));
        if (!marker) {
            return std::nullopt;
        }
        facts.marker = marker;
    } else if (facts.base_sequence == record::kNoSequence) {
        return std::nullopt;
    }
    return facts;
}

std::expected<void, wire::Refusal> check_producer(const ProducerBatchInfo& facts,
                                                  const ProducerEntry* entry, bool log_is_empty) {
    if (entry != nullptr) {
        return check_known(facts, *entry);
    }
    if (log_is_empty && !facts.marker && facts.base_sequence != Sequence(0)) {
        return refuse(ErrorCode::out_of_order_sequence_number,
                      "producer {} begins with sequence {} in a log that never held a record",
                      facts.producer_id, facts.base_sequence);
    }
    return {};
}

const ProducerBatch* find_duplicate(const ProducerBatchInfo& facts, const ProducerEntry& entry) {
    if (facts.marker || facts.epoch != entry.epoch) {
        return nullptr;
    }
    const Sequence last = record::sequence_after(facts.base_sequence, facts.last_offset_delta);
    for (std::size_t i = 0; i < entry.batch_count; ++i) {
        const ProducerBatch& batch = entry.batches[i];
        if (batch.last_sequence == last && batch.offset_delta == facts.last_offset_delta) {
            return &batch;
        }
    }
    return nullptr;
}

void apply_batch(const ProducerBatchInfo& facts, ProducerEntry& entry) {
    if (facts.epoch < entry.epoch) {
        return;  // possible only in a batch that a leader accepted; the newer epoch stays
    }
    if (facts.epoch > entry.epoch) {
        entry.epoch = facts.epoch;
        entry.batch_count = 0;
        entry.batches = {};
    }
    entry.last_timestamp = facts.max_timestamp;
    entry.last_used = facts.used_at;
    if (facts.marker) {
        entry.coordinator_epoch = *facts.marker;
        entry.transaction_start = kNoOffset;
        return;
    }
    if (entry.batch_count == ProducerEntry::kBatches) {
        std::ranges::rotate(entry.batches, entry.batches.begin() + 1);
        --entry.batch_count;
    }
    entry.batches[entry.batch_count++] = {
        facts.base_offset + facts.last_offset_delta, facts.max_timestamp,
        record::sequence_after(facts.base_sequence, facts.last_offset_delta),
        facts.last_offset_delta};
    if (facts.transactional && entry.transaction_start == kNoOffset) {
        entry.transaction_start = facts.base_offset;
    }
}

}  // namespace hw::storage
