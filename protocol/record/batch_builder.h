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

/// A record to append. `add` copies the bytes that it points to.
struct NewRecord {
    NullableBytes key;
    NullableBytes value;
    std::span<const HeaderView> headers;
    Timestamp timestamp = kNoTimestamp;
};

/// The header fields of a batch to build, and its compression.
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

/// Builds a batch record by record, for tools, coordinators, the metadata log and tests. Its base
/// timestamp is that of the first record, its max timestamp the largest of all records.
class BatchBuilder {
public:
    explicit BatchBuilder(const BatchOptions& options);

    /// Appends a record at the next offset.
    void add(const NewRecord& record);
    /// Appends a record at base offset + `offset_delta`, which must be larger than the delta of the
    /// previous record.
    void add_at(std::int32_t offset_delta, const NewRecord& record);

    [[nodiscard]] std::int32_t count() const { return count_; }
    /// Size of the batch so far in bytes, header included, if it is not compressed.
    [[nodiscard]] std::size_t uncompressed_size() const { return bytes_.size(); }

    /// Returns the batch with its CRC, and resets the builder. At least one record must have been
    /// added. Errors: invalid (compression level), limit (2 GiB).
    [[nodiscard]] Result<Buffer> finish(Compressor& compressor);

private:
    [[nodiscard]] Result<Buffer> with_records(Compressor& compressor) const;
    void write_header(MutableBytes batch) const;
    void reset();

    BatchOptions options_;
    std::vector<std::byte> bytes_;  ///< space for the header, then the records
    std::int32_t count_ = 0;
    std::int32_t last_offset_delta_ = -1;
    Timestamp base_timestamp_ = kNoTimestamp;
    Timestamp max_timestamp_ = kNoTimestamp;
};

}  // namespace hw::record
