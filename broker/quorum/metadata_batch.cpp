#include "broker/quorum/metadata_batch.h"

#include "protocol/record/record.h"

namespace hw::broker {
namespace {

/// Decoded records take at most this many times their bytes.
constexpr std::size_t kMemoryFactor = 32;
constexpr std::size_t kSlack = 64 * 1024;

}  // namespace

DecodedBatch::DecodedBatch(const record::BatchView& batch)
    : base_offset_(batch.base_offset()),
      last_offset_(batch.last_offset()),
      epoch_(batch.leader_epoch()),
      arena_(batch.size() * kMemoryFactor + kSlack) {}

Result<DecodedBatch> DecodedBatch::decode(const record::BatchView& batch) {
    if (!batch.crc_matches()) {
        return fail(ErrorKind::corrupt,
                    "the batch at offset {} of the metadata log is corrupt: the CRC in its header "
                    "is {}, the computed CRC is {}",
                    batch.base_offset(), batch.crc(), batch.computed_crc());
    }
    DecodedBatch decoded(batch);
    if (batch.is_control()) {
        return decoded;
    }
    record::RecordCursor cursor(batch, batch.records());
    while (const auto record = cursor.next()) {
        const ByteView value = record->value ? *record->value : ByteView();
        auto metadata = schema::decode_metadata_record(value, decoded.arena_);
        if (!metadata) {
            return fail(metadata.error().kind, "the metadata record at offset {}: {}",
                        decoded.base_offset_ + record->offset_delta, metadata.error().message);
        }
        decoded.records_.push_back(*metadata);
    }
    if (auto status = cursor.status(); !status) {
        return fail(status.error().kind, "the batch at offset {} of the metadata log: {}",
                    decoded.base_offset_, status.error().message);
    }
    return decoded;
}

}  // namespace hw::broker
