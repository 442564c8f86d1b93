#include "storage/append_stage.h"

#include <utility>

#include <fmt/format.h>

#include "protocol/base/assert.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/record/batch_patch.h"

namespace hw::storage {
namespace {

using wire::ErrorCode;

wire::Refusal corrupt(const Error& error) {
    return {ErrorCode::corrupt_message, error.message};
}

/// Checks that a batch from a leader continues the log.
std::expected<void, wire::Refusal> check_continues(const record::BatchView& batch,
                                                   Offset end_offset, LeaderEpoch epoch) {
    if (!batch.crc_matches()) {
        return std::unexpected(
            wire::Refusal{ErrorCode::corrupt_message,
                          fmt::format("the checksum of the batch at offset {} does not match",
                                      batch.base_offset())});
    }
    if (batch.base_offset() < end_offset || batch.last_offset() < batch.base_offset()) {
        return std::unexpected(wire::Refusal{
            ErrorCode::offset_out_of_range,
            fmt::format("a batch of offsets {} to {} does not continue the log, which ends at {}",
                        batch.base_offset(), batch.last_offset(), end_offset)});
    }
    if (batch.leader_epoch() < epoch) {
        return std::unexpected(wire::Refusal{
            ErrorCode::fenced_leader_epoch,
            fmt::format("the batch at offset {} has leader epoch {}, the log already has {}",
                        batch.base_offset(), batch.leader_epoch(), epoch)});
    }
    return {};
}

}  // namespace

std::expected<Appended, wire::Refusal> AppendStage::add(const NewBatch& batch,
                                                        const ProducerTable& written) {
    if (batch.leader_epoch < epoch_) {
        return std::unexpected(
            wire::Refusal{ErrorCode::not_leader_or_follower,
                          fmt::format("the append has leader epoch {}, the log already has {}",
                                      batch.leader_epoch, epoch_)});
    }
    if (batch.append_time) {
        record::set_timestamps(batch.bytes, record::TimestampType::log_append_time,
                               *batch.append_time);
    }
    record::set_base_offset(batch.bytes, end_offset_);
    record::set_leader_epoch(batch.bytes, batch.leader_epoch);
    const auto view = record::parse_batch(batch.bytes);
    HW_ASSERT(view.has_value());
    auto facts = producer_facts(*view);
    if (!facts) {
        return std::unexpected(corrupt(facts.error()));
    }
    if (*facts) {
        (*facts)->used_at = batch.received_at;
        const ProducerEntry* entry = find((*facts)->producer_id, written);
        if (const auto* first = entry != nullptr ? find_duplicate(**facts, *entry) : nullptr) {
            const bool append_time =
                view->timestamp_type() == record::TimestampType::log_append_time;
            return Appended{first->first_offset(), first->last_offset,
                            append_time ? first->timestamp : kNoTimestamp, true};
        }
        HW_TRY_VOID(check(**facts, entry));
    }
    const BatchSummary summary = summary_of(*view);
    push(view->bytes(), summary, *facts, written);
    return Appended{summary.base_offset, summary.last_offset,
                    batch.append_time.value_or(kNoTimestamp), false};
}

std::expected<Appended, wire::Refusal> AppendStage::add_from_leader(ByteView batches,
                                                                    const ProducerTable& written) {
    struct Checked {
        record::BatchView batch;
        std::optional<ProducerBatchInfo> producer;
    };
    std::vector<Checked> checked;
    Offset end_offset = end_offset_;
    LeaderEpoch epoch = epoch_;
    record::BatchCursor cursor(batches);
    while (const auto batch = cursor.next()) {
        HW_TRY_VOID(check_continues(*batch, end_offset, epoch));
        auto facts = producer_facts(*batch);
        if (!facts) {
            return std::unexpected(corrupt(facts.error()));
        }
        end_offset = batch->last_offset() + 1;
        epoch = batch->leader_epoch();
        checked.push_back({*batch, *facts});
    }
    if (cursor.end() == record::BatchesEnd::bad) {
        return std::unexpected(corrupt(cursor.status().error()));
    }
    Appended appended{end_offset_, end_offset_ - 1};
    if (!checked.empty()) {
        appended = {checked.front().batch.base_offset(), end_offset - 1};
    }
    for (const auto& [batch, producer] : checked) {
        push(batch.bytes(), summary_of(batch), producer, written);
    }
    return appended;
}

std::expected<void, wire::Refusal> AppendStage::check(const ProducerBatchInfo& facts,
                                                      const ProducerEntry* entry) const {
    const bool log_is_empty = end_offset_ == Offset(0);
    HW_TRY_VOID(check_producer(facts, entry, log_is_empty));
    if (entry != nullptr || facts.marker || limit_ == nullptr || !limit_->is_full()) {
        return {};
    }
    return std::unexpected(wire::Refusal{
        ErrorCode::not_enough_replicas,
        fmt::format("producer {} is new to this partition, and this broker already remembers {} "
                    "producers of all partitions; the limit of {} follows from "
                    "highwater.memory.limit: nothing was appended. Try again later: producers that "
                    "were idle for 15 minutes are dropped",
                    facts.producer_id, limit_->count(), limit_->max_count())});
}

const ProducerEntry* AppendStage::find(ProducerId id, const ProducerTable& written) const {
    const auto staged = producers_.find(id);
    return staged == producers_.end() ? written.find(id) : &staged->second;
}

void AppendStage::push(ByteView bytes, const BatchSummary& summary,
                       const std::optional<ProducerBatchInfo>& producer,
                       const ProducerTable& written) {
    if (producer) {
        const ProducerEntry* known = find(producer->producer_id, written);
        ProducerEntry entry = known == nullptr ? ProducerEntry{} : *known;
        apply_batch(*producer, entry);
        producers_[producer->producer_id] = entry;
    }
    batches_.push_back({bytes, summary, producer});
    end_offset_ = summary.last_offset + 1;
    epoch_ = summary.leader_epoch;
}

void AppendStage::take(std::vector<StagedBatch>& into) {
    into.clear();
    into.swap(batches_);
}

void AppendStage::forget_if_idle() {
    if (batches_.empty()) {
        producers_.clear();
    }
}

void AppendStage::reset(Offset end_offset, LeaderEpoch epoch) {
    end_offset_ = end_offset;
    epoch_ = epoch;
    batches_.clear();
    producers_.clear();
}

}  // namespace hw::storage
