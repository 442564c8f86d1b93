#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/time_lookup.h"
#include "storage/batch_reader.h"
#include "storage/batch_walker.h"
#include "storage/disk.h"
#include "storage/segment_list.h"

namespace hw::storage {

/// Finds positions and records in the segments of a log, of which there is at least one. Has no
/// state; its owner checks the requested offsets. In mode `cached` a look-up that would have to
/// open a file or to wait for the disk fails with would_block.
///
/// A `corrupt` error names the file, the byte, the value there and the expected one.
class LogReader {
public:
    LogReader(const SegmentList& segments, Gaps gaps, ReadMode mode)
        : segments_(segments), gaps_(gaps), mode_(mode) {}

    /// Position of a batch in its segment.
    struct Place {
        std::uint64_t position = 0;
        Offset base_offset = kNoOffset;
    };

    /// The batch with `offset`, which is below the log end. Errors: io, corrupt, would_block.
    [[nodiscard]] Result<SegmentPlace> locate(Offset offset) const;
    /// The first batch of that segment whose last offset is at or after `offset`; none if there is
    /// no such batch. Errors: io, corrupt, would_block.
    [[nodiscard]] Result<std::optional<Place>> place_of(std::size_t segment, Offset offset) const;
    /// The first record at or after `start` whose timestamp is `target` or later. Errors: io,
    /// corrupt.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find(Timestamp target,
                                                                        Offset start) const;
    /// The first record at or after `start` with the largest timestamp. Errors: io, corrupt.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find_latest(Offset start) const;

private:
    /// A walker that starts at `position`, which comes from an index entry, or is 0.
    [[nodiscard]] BatchWalker walk(File& file, const Segment& segment,
                                   std::uint64_t position) const;
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> find_in(std::size_t segment,
                                                                           Timestamp target,
                                                                           Offset start) const;

    const SegmentList& segments_;
    Gaps gaps_;
    ReadMode mode_;
};

}  // namespace hw::storage
