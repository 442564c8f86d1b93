#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/base/ids.h"

namespace hw::replication {

/// Counts the bytes that the high watermark has passed, so that who waits for min.bytes is told
/// how much it gained without a look at the log. Owned by its partition.
class ReadableBytes {
public:
    /// Writes that the watermark has not passed; beyond that the last ones count as one, which is
    /// counted when the watermark has passed all of it.
    static constexpr std::size_t kMaxWrites = 1024;

    /// `bytes` were appended, and the log ends at `end_offset` now.
    void on_written(Offset end_offset, std::uint64_t bytes);
    void on_high_watermark(Offset high_watermark);
    /// Since this object was made.
    [[nodiscard]] std::uint64_t total() const { return readable_; }

private:
    struct Write {
        Offset end_offset;
        std::uint64_t total;  ///< written when it had ended
    };

    std::vector<Write> writes_;  ///< that the watermark has not passed, in order
    std::uint64_t written_ = 0;
    std::uint64_t readable_ = 0;
};

}  // namespace hw::replication
