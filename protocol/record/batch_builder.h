#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "protocol/record/codec.h"
#include "protocol/record/compressor.h"
#include "protocol/record/record.h"

namespace hw::record {

/// What a record to be written is made of; views that `add` copies.
struct NewRecord {
    NullableBytes key;
    NullableBytes value;
    std::span<const HeaderView> headers;
    Timestamp timestamp = kNoTimestamp;
};

/// What a batch says of all its records.
struct BatchOptions {
    Offset base_offset{0};
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    Compression compression;
    TimestampType timestamp_type = TimestampType::create_time;
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    Sequence base_sequence = kNoSequence;
    bool transactional = false;
    bool control = false;
};

/// Builds a batch record by record, for tools, coordinators, the metadata log and tests. The
/// batch's base timestamp is that of its first record, its max timestamp the largest of all.
class BatchBuilder {
public:
    explicit BatchBuilder(const BatchOptions& options);

    /// Appends a record at the next offset.
    void add(const NewRecord& record);
    /// The same, `offset_delta` from the base offset, larger than that of the record before.
    void add_at(std::int32_t offset_delta, const NewRecord& record);

    [[nodiscard]] std::int32_t count() const { return count_; }
    /// Of the batch if it were finished now without compression.
    [[nodiscard]] std::size_t uncompressed_size() const { return bytes_.size(); }

    /// The batch, with its CRC; the builder is then as new. At least one record was added.
    /// Errors: invalid (compression level), limit (2 GiB).
    [[nodiscard]] Result<Buffer> finish(Compressor& compressor);

private:
    [[nodiscard]] Result<Buffer> with_records(Compressor& compressor) const;
    void write_header(MutableBytes batch) const;
    void reset();

    BatchOptions options_;
    std::vector<std::byte> bytes_;  ///< room for the header, then the records
    std::int32_t count_ = 0;
    std::int32_t last_offset_delta_ = -1;
    Timestamp base_timestamp_ = kNoTimestamp;
    Timestamp max_timestamp_ = kNoTimestamp;
};

}  // namespace hw::record
