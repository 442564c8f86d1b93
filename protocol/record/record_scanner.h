#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "protocol/record/decompressor.h"

namespace hw::record {

/// One scanned record, with the lengths of its key and value instead of the bytes (-1: null).
struct RecordSummary {
    Timestamp timestamp;
    std::int32_t offset_delta = 0;
    std::int32_t key_length = -1;
    std::int32_t value_length = -1;
};

/// Iterates over the records of a batch without their keys and values. Reads an uncompressed batch
/// in place, and a compressed one through a window of 64 KiB, however large its records are
/// (`decompressor.h` says how much memory the codec itself takes). Checks every length and the
/// whole structure; decompressed_limit bounds the output of a codec.
///
/// Owned by one shard and reused for many batches; keeps its window and the codecs' contexts. Takes
/// about 10 ns a record.
class RecordScanner {
public:
    static constexpr std::size_t kWindow = std::size_t{64} * 1024;

    /// Begins a scan of `batch`, whose bytes must outlive it. Errors: unsupported (unknown codec),
    /// corrupt, limit.
    [[nodiscard]] Result<void> start(const BatchView& batch) {
        return start(batch, batch.timestamp_type());
    }
    /// The same, but computes the records' timestamps as if the batch had timestamp type `type`.
    [[nodiscard]] Result<void> start(const BatchView& batch, TimestampType type);

    /// Sets `record` to the next record; false at the end or at the first violation.
    [[nodiscard]] bool next(RecordSummary& record);

    /// Call after `next` has returned false. Success if all announced records were read, and no
    /// bytes are left after the last. Errors: corrupt, limit (over decompressed_limit).
    [[nodiscard]] Result<void> status() const;

    /// Number of uncompressed record bytes scanned so far.
    [[nodiscard]] std::uint64_t scanned_bytes() const {
        return before_window_ + static_cast<std::uint64_t>(cursor_ - begin_);
    }

private:
    /// Reads a record of `length` bytes that does not fit in the rest of the window.
    [[nodiscard]] bool read_across(std::int32_t length, RecordSummary& record);
    [[nodiscard]] bool read_headers_across();
    [[nodiscard]] bool at_end();
    [[nodiscard]] Timestamp timestamp_of(std::int64_t delta) const;
    /// Makes the window hold the next `size` bytes, or all that are left if there are fewer.
    void need(std::ptrdiff_t size) {
        if (end_ - cursor_ < size && more_) [[unlikely]] {
            refill(size);
        }
    }
    void refill(std::ptrdiff_t size);
    [[nodiscard]] bool take_length(std::int32_t& length);
    [[nodiscard]] bool skip(std::int32_t length);
    [[nodiscard]] bool skip_beyond_window(std::int32_t length);
    [[nodiscard]] bool violation(const char* reason);

    Decompressor decompressor_;
    std::unique_ptr<std::byte[]> window_;
    const std::byte* begin_ = nullptr;
    const std::byte* cursor_ = nullptr;
    const std::byte* end_ = nullptr;
    std::uint64_t before_window_ = 0;  ///< record bytes before begin_
    std::int64_t record_left_ = 0;     ///< bytes of the current record that are not read yet
    std::int32_t index_ = 0;
    std::int32_t stop_ = 0;   ///< end of the scan: the count, or the index of an invalid record
    std::int32_t count_ = 0;  ///< the number of records that the batch announces
    Timestamp base_timestamp_;
    std::int64_t delta_mask_ = 0;  ///< 0 if all records have the base timestamp, else -1
    bool more_ = false;            ///< the decompressor may have more bytes
    const char* violation_ = nullptr;
    std::optional<Error> codec_error_;
};

}  // namespace hw::record
