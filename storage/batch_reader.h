#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "storage/disk.h"
#include "storage/epoch_cache.h"
#include "storage/segment.h"

namespace hw::storage {

/// Whether a read returns its first batch even if that is larger than `max_bytes`.
enum class FirstBatch : std::uint8_t { always_whole, within_limit };

struct ReadRequest {
    Offset from;
    Offset end_offset;  ///< exclusive; only batches that end below it are returned
    std::size_t max_bytes = 0;
    FirstBatch first_batch = FirstBatch::always_whole;
};

/// Checks that a read makes in addition to magic, length and rising offsets.
struct ReadChecks {
    /// Batches that start below it were appended by an earlier process: their CRC is checked.
    Offset crc_below;
    Gaps gaps = Gaps::possible;
    EpochCache epochs;  ///< the leader epochs that those batches must have
};

/// The batch where a read begins, and the segment that it is in, at the time of the plan.
struct SegmentPlace {
    std::shared_ptr<File> file;
    std::uint64_t position = 0;
    Offset batch_base;  ///< the expected base offset of the batch
    Offset segment_base;
    std::uint64_t segment_size = 0;
    Offset segment_end;
    bool is_last = false;  ///< the segment is the log's active one
};

/// Whole batches of one segment that were read. The first may begin before the requested offset.
struct BatchesRead {
    Buffer bytes;
    Offset next_offset;  ///< after the last batch; the requested offset if there is none
};

/// The error for damage in a segment file.
[[nodiscard]] std::unexpected<Error> damaged_at(const std::string& path, std::uint64_t position,
                                                std::string_view reason);

inline constexpr const char* kWrongChecksum = "the checksum of a batch does not match its bytes";

/// Reads batches at a known place of one segment, and checks them. Has no state.
///
/// A read returns bytes or an error, with two exceptions: the first batch goes past the requested
/// end, or it exceeds `max_bytes` and the request is `within_limit`. A `corrupt` error names the
/// file, the byte, the value there and the expected one.
class BatchReader {
public:
    BatchReader(const SegmentPlace& place, const ReadChecks& checks, ReadMode mode)
        : place_(place), checks_(checks), mode_(mode) {}

    /// Errors: io, corrupt, would_block.
    [[nodiscard]] Result<BatchesRead> read(const ReadRequest& request) const;

private:
    /// Of the bytes that were read, the leading batches that may be returned.
    struct ReadablePrefix {
        std::size_t size = 0;
        Offset next;           ///< the offset after them
        std::size_t last = 0;  ///< position of the last of them, whose base offset is `last_base`
        Offset last_base;
        std::optional<std::string> problem;
    };

    /// Position and surroundings of a batch that was read.
    struct BatchPosition {
        Offset expected;  ///< base offset that follows from the batch before
        std::uint64_t position;
        ByteView following_bytes;  ///< the bytes that were read after the batch
    };

    [[nodiscard]] std::uint64_t bytes_left() const { return place_.segment_size - place_.position; }
    [[nodiscard]] Result<Buffer> read_bytes(std::uint64_t position, std::size_t count) const;
    [[nodiscard]] Result<Buffer> read_batches(const ReadRequest& request) const;
    /// Checks that a batch larger than the requested bytes ends at the end of the segment or at the
    /// next batch, because its length decides how much memory is allocated. Errors: io, corrupt.
    [[nodiscard]] Result<void> check_end(const record::BatchHeader& batch) const;
    [[nodiscard]] Result<ReadablePrefix> readable_prefix(ByteView bytes,
                                                         const ReadRequest& request) const;
    /// Why a batch must not be returned; none if it may. Errors: io.
    [[nodiscard]] Result<std::optional<std::string>> batch_problem(
        const record::BatchView& batch, const BatchPosition& position) const;

    const SegmentPlace& place_;
    const ReadChecks& checks_;
    ReadMode mode_;
};

}  // namespace hw::storage
