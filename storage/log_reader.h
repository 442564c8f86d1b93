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

/// Where a sequential reader stands in the files; kept by the reader between its reads, empty at
/// first. It saves the look-up, and holds the descriptor of the segment that it reads. One that
/// does not fit (another offset, a truncation since) is ignored.
struct ReadCursor {
    Offset offset = kNoOffset;
    Offset batch_base = kNoOffset;  ///< of the batch at `position`, as the batches before tell
    Offset segment_base = kNoOffset;
    std::uint64_t position = 0;
    std::int64_t truncations = 0;
    std::shared_ptr<File> file;
};

/// Whether a read gives a batch that alone is larger than its limit.
enum class Progressing : std::uint8_t { at_least_one_batch, within_limit };

struct ReadRequest {
    Offset from;
    Offset end_offset;  ///< exclusive; no batch that reaches it or lies beyond is read
    std::size_t max_bytes = 0;
    Progressing progressing = Progressing::at_least_one_batch;
};

/// Whole batches, of one segment. The first may begin before the offset asked for.
struct ReadAnswer {
    Buffer bytes;
    Offset next_offset;  ///< after the last batch; the offset asked for if there is none
};

/// What a reader checks beyond magic, length and rising offsets.
struct ReadChecks {
    /// Batches that start below were not appended by this process: their CRC is checked.
    Offset crc_below;
    Gaps gaps = Gaps::possible;
    const EpochCache* epochs = nullptr;  ///< which leader epoch those batches must have
};

/// Reads batches from the segments of a log, which are in order of their base offsets and not
/// empty. Remembers nothing; entered with the log. Offsets are checked by the log.
///
/// Below the log's end a read gives bytes or an error, with two exceptions: a batch that is not
/// all below the end that was asked for, and one that is over the limit of who did not ask for at
/// least one batch. `corrupt` names file, byte, what is there and what was expected.
class LogReader {
public:
    LogReader(std::span<const Segment> segments, std::int64_t truncations, ReadChecks checks)
        : segments_(segments), truncations_(truncations), checks_(checks) {}

    /// Where a batch stands in its segment.
    struct Place {
        std::uint64_t position = 0;
        Offset base_offset = kNoOffset;
    };

    /// Errors: io, corrupt.
    [[nodiscard]] Result<ReadAnswer> read(const ReadRequest& request, ReadCursor& cursor) const;
    /// The first record at or after `start` with `target` or a later timestamp. Errors: io,
    /// corrupt.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find(Timestamp target,
                                                                        Offset start) const;
    /// The first record at or after `start` with the largest timestamp. Errors: io, corrupt.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find_latest(Offset start) const;

    /// The segment with `offset`, or the last one before it.
    [[nodiscard]] std::size_t segment_of(Offset offset) const;
    /// The first batch of that segment whose last offset is at or after `offset`; none if no batch
    /// is. Errors: io, corrupt.
    [[nodiscard]] Result<std::optional<Place>> place_of(std::size_t segment, Offset offset) const;

private:
    /// Whole batches at the start of what was read, up to the first that cannot be given.
    struct Taken {
        std::size_t size = 0;
        Offset next;           ///< the offset after them
        std::size_t last = 0;  ///< where the last of them starts, with the offset `last_base`
        Offset last_base;
        std::optional<std::string> problem;
    };

    /// Where a batch was read.
    struct Spot {
        Offset expected;  ///< base offset, as the batches before tell
        const Segment* segment;
        File* file;
        std::uint64_t position;
        ByteView behind;  ///< what was read behind it
    };

    /// Points the cursor at the batch with `offset`, which is below the log's end. Errors: io,
    /// corrupt.
    [[nodiscard]] Result<void> locate(Offset offset, ReadCursor& cursor) const;
    [[nodiscard]] Result<Buffer> read_batches(const ReadRequest& request, const Segment& segment,
                                              const ReadCursor& cursor) const;
    [[nodiscard]] Result<Taken> take(ByteView bytes, const ReadRequest& request,
                                     const Segment& segment, const ReadCursor& cursor) const;
    /// Why a batch cannot be given; none if it can. Errors: io.
    [[nodiscard]] Result<std::optional<std::string>> objection(const record::BatchView& batch,
                                                               const Spot& spot) const;
    /// Walks the segment from the batch at `position`, which an index gave, or from its start.
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
