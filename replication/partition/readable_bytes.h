#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/base/ids.h"

namespace hw::replication {

/// Counts the bytes that the high watermark has passed, so that a delayed Fetch learns how many
/// bytes it has gained without a read of the log. Owned by the replica; used inside its guard.
class ReadableBytes {
public:
    /// Limit of writes above the high watermark that are tracked. Further writes are merged into
    /// the last one, which counts when the watermark has passed all of it.
    static constexpr std::size_t kMaxWrites = 1024;

    /// A write of `bytes` has ended; the log now ends at `end_offset`.
    void on_written(Offset end_offset, std::uint64_t bytes);
    void on_high_watermark(Offset high_watermark);
    /// The log was cut, and now ends at `end_offset`. What is left of a write counts as all of it.
    void on_truncated(Offset end_offset);
    /// Bytes that the high watermark has passed since this object was made.
    [[nodiscard]] std::uint64_t total() const { return readable_; }
    /// Bytes that were written since this object was made.
    [[nodiscard]] std::uint64_t written() const { return written_; }

private:
    struct Write {
        Offset end_offset;
        std::uint64_t total;  ///< value of written_ after this write
    };

    std::vector<Write> writes_;  ///< writes that the watermark has not passed, in order
    std::uint64_t written_ = 0;
    std::uint64_t readable_ = 0;
};

}  // namespace hw::replication
