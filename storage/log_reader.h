#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/time_lookup.h"
#include "storage/disk.h"
#include "storage/segment.h"

namespace hw::storage {

/// Where a sequential reader stands in the files; kept by the reader between its reads, empty at
/// first. It saves the look-up, and holds the descriptor of the segment that it reads. One that
/// does not fit (another offset, a truncation since) is ignored.
struct ReadCursor {
    Offset offset = kNoOffset;
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

/// Reads batches from the segments of a log, which are in order of their base offsets and not
/// empty. Remembers nothing; entered with the log. Offsets are checked by the log.
class LogReader {
public:
    LogReader(std::span<const Segment> segments, std::int64_t truncations)
        : segments_(segments), truncations_(truncations) {}

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
    /// Position of the first batch of that segment whose last offset is at or after `offset`; its
    /// size if there is none. Errors: io, corrupt.
    [[nodiscard]] Result<std::uint64_t> position_of(std::size_t segment, Offset offset) const;

private:
    [[nodiscard]] Result<bool> locate(Offset offset, ReadCursor& cursor) const;
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find_in(std::size_t segment,
                                                                           Timestamp target,
                                                                           Offset start) const;

    std::span<const Segment> segments_;
    std::int64_t truncations_;
};

}  // namespace hw::storage
