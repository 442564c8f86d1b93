#include "tools/dump/producer_dump.h"

#include <limits>
#include <string>

#include <fmt/format.h>

#include "storage/producer_snapshot.h"

namespace hw::dump {
namespace {

/// Sequences wrap: 0 comes after 2^31 - 1.
std::int32_t first_sequence(const storage::ProducerBatch& batch) {
    const std::int64_t first = std::int64_t{batch.last_sequence.value()} - batch.offset_delta;
    const std::int64_t numbers = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;
    return static_cast<std::int32_t>(first < 0 ? first + numbers : first);
}

std::string producer_text(ProducerId id, const storage::ProducerEntry& entry) {
    std::string text = fmt::format(
        "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: "
        "OptionalLong{} lastTimestamp: {}",
        id, entry.epoch, entry.coordinator_epoch,
        entry.transaction_start == kNoOffset ? ".empty"
                                             : fmt::format("[{}]", entry.transaction_start),
        entry.last_timestamp);
    if (entry.batch_count != 0) {
        const storage::ProducerBatch batch = entry.last_batch();
        text += fmt::format(
            " firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
            first_sequence(batch), batch.last_sequence, batch.last_offset, batch.offset_delta,
            batch.timestamp);
    }
    return text;
}

}  // namespace

Result<void> dump_producers(const DumpJob& job) {
    const auto producers = storage::read_producer_snapshot(*job.disk, std::string(job.path));
    if (!producers) {
        return std::unexpected(producers.error());
    }
    for (const auto& [id, entry] : producers->entries()) {
        job.output->line(producer_text(id, entry));
    }
    return {};
}

}  // namespace hw::dump
