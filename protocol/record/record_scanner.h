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

/// What a scan tells of a record: no keys and values, only how long they are (-1: null).
struct RecordSummary {
    Timestamp timestamp;
    std::int32_t offset_delta = 0;
    std::int32_t key_length = -1;
    std::int32_t value_length = -1;
};

/// Walks the records of a batch without holding them: an uncompressed batch where it stands, a
/// compressed one through a window of 64 KiB, however large its records are (what the codec itself
/// holds, `decompressor.h` tells). Checks each length and the whole structure; the output of a
/// codec is bounded by decompressed_limit.
///
/// Reusable, holds its window and the codecs' contexts; owned by one shard; about 10 ns a record.
class RecordScanner {
public:
    static constexpr std::size_t kWindow = std::size_t{64} * 1024;

    /// Starts over with `batch`, whose bytes outlive the scan. Errors: unsupported (unknown codec),
    /// corrupt, limit.
    [[nodiscard]] Result<void> start(const BatchView& batch) {
        return start(batch, batch.timestamp_type());
    }
    /// The same with the timestamps that the records would have if the batch were of that type.
    [[nodiscard]] Result<void> start(const BatchView& batch, TimestampType type);

    /// Fills `record` with the next one; false at the end or at the first violation.
    [[nodiscard]] bool next(RecordSummary& record);

    /// Success if all announced records were there and nothing else. Errors: corrupt, limit (the
    /// codec's output is over its bound).
    [[nodiscard]] Result<void> status() const;

    /// Of the record bytes so far, uncompressed.
    [[nodiscard]] std::uint64_t scanned_bytes() const {
        return before_window_ + static_cast<std::uint64_t>(cursor_ - begin_);
    }

private:
    /// A record of `length` bytes of which the window lacks some.
    [[nodiscard]] bool read_across(std::int32_t length, RecordSummary& record);
    [[nodiscard]] bool read_headers_across();
    [[nodiscard]] bool at_end();
    [[nodiscard]] Timestamp timestamp_of(std::int64_t delta) const;
    /// Makes `size` bytes stand in one piece if the batch has as many left.
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
    std::int32_t stop_ = 0;   ///< the count, or the index of the record that is none
    std::int32_t count_ = 0;  ///< announced
    Timestamp base_timestamp_;
    std::int64_t delta_mask_ = 0;  ///< 0 where the base timestamp is that of all records
    bool more_ = false;            ///< the decompressor may have more
    const char* violation_ = nullptr;
    std::optional<Error> codec_error_;
};

}  // namespace hw::record
