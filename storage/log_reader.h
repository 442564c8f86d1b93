#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/time_lookup.h"
#include "storage/batch_walker.h"
#include "storage/disk.h"
#include "storage/epoch_cache.h"
#include "storage/segment.h"

namespace hw::storage {

/// Position of a sequential reader in the files; empty at first, and kept by the reader between its
/// reads. It saves the index look-up, and holds an open file of the segment. It is ignored if it
/// does not match the read (another offset, or a truncation since).
struct ReadCursor {
    Offset offset = kNoOffset;
    Offset batch_base = kNoOffset;  ///< expected base offset of the batch at `position`
    Offset segment_base = kNoOffset;
    std::uint64_t position = 0;
    std::int64_t truncations = 0;
    std::shared_ptr<File> file;
};

/// Whether a read returns its first batch even if that is larger than `max_bytes`.
enum class FirstBatch : std::uint8_t { always_whole, within_limit };

struct ReadRequest {
    Offset from;
    Offset end_offset;  ///< exclusive; only batches that end below it are returned
    std::size_t max_bytes = 0;
    FirstBatch first_batch = FirstBatch::always_whole;
};

/// Result of a read: whole batches of one segment. The first may begin before the requested offset.
struct ReadAnswer {
    Buffer bytes;
    Offset next_offset;  ///< after the last batch; the requested offset if there is none
};

/// Checks that a reader makes in addition to magic, length and rising offsets.
struct ReadChecks {
    /// Batches that start below it were appended by an earlier process: their CRC is checked.
    Offset crc_below;
    Gaps gaps = Gaps::possible;
    const EpochCache* epochs = nullptr;  ///< the leader epochs that those batches must have
};

/// Reads batches from the segments of a log, of which there is at least one, in the order of their
/// base offsets. Has no state; entered with the log, which checks the requested offsets.
///
/// A read from an offset below its requested end returns bytes or an error, with two exceptions:
/// the next batch goes past that end, or it exceeds `max_bytes` and the request is `within_limit`.
/// A `corrupt` error names the file, the byte, the value there and the expected one.
class LogReader {
public:
    LogReader(std::span<const Segment> segments, std::int64_t truncations, ReadChecks checks)
        : segments_(segments), truncations_(truncations), checks_(checks) {}

    /// Position of a batch in its segment.
    struct Place {
        std::uint64_t position = 0;
        Offset base_offset = kNoOffset;
    };

    /// Errors: io, corrupt.
    [[nodiscard]] Result<ReadAnswer> read(const ReadRequest& request, ReadCursor& cursor) const;
    /// The first record at or after `start` whose timestamp is `target` or later. Errors: io,
    /// corrupt.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find(Timestamp target,
                                                                        Offset start) const;
    /// The first record at or after `start` with the largest timestamp. Errors: io, corrupt.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find_latest(Offset start) const;

    /// Index of the last segment whose base offset is at or below `offset`; else 0.
    [[nodiscard]] std::size_t segment_of(Offset offset) const;
    /// The first batch of that segment whose last offset is at or after `offset`; none if there is
    /// no such batch. Errors: io, corrupt.
    [[nodiscard]] Result<std::optional<Place>> place_of(std::size_t segment, Offset offset) const;

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
        const Segment* segment;
        File* file;
        std::uint64_t position;
        ByteView following_bytes;  ///< the bytes that were read after the batch
    };

    /// Points the cursor at the batch with `offset`, which is below the log end. Errors: io,
    /// corrupt.
    [[nodiscard]] Result<void> locate(Offset offset, ReadCursor& cursor) const;
    [[nodiscard]] Result<Buffer> read_batches(const ReadRequest& request, const Segment& segment,
                                              const ReadCursor& cursor) const;
    /// Checks that a batch larger than the requested bytes ends at the end of the segment or at the
    /// next batch, because its length decides how much memory is allocated. Errors: io, corrupt.
    [[nodiscard]] static Result<void> check_end(const record::BatchHeader& batch,
                                                const Segment& segment, const ReadCursor& cursor);
    [[nodiscard]] Result<ReadablePrefix> readable_prefix(ByteView bytes, const ReadRequest& request,
                                                         const Segment& segment,
                                                         const ReadCursor& cursor) const;
    /// Why a batch must not be returned; none if it may. Errors: io.
    [[nodiscard]] Result<std::optional<std::string>> batch_problem(
        const record::BatchView& batch, const BatchPosition& position) const;
    /// A walker that starts at `position`, which comes from an index entry, or is 0.
    [[nodiscard]] BatchWalker walk(File& file, const Segment& segment,
                                   std::uint64_t position) const;
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find_in(std::size_t segment,
                                                                           Timestamp target,
                                                                           Offset start) const;

    std::span<const Segment> segments_;
    std::int64_t truncations_;
    ReadChecks checks_;
};

}  // namespace hw::storage
