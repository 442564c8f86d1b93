#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"

namespace hw::record {

/// Why a walk over batches stopped.
enum class BatchesEnd : std::uint8_t {
    complete,  ///< after the last byte
    cut,       ///< inside a batch: usual at the end of a fetch answer or of a torn log
    bad,       ///< bytes that are no batch: wrong magic or length
};

/// Walks the batches that stand back to back in somebody else's bytes: the records field of a
/// Produce or Fetch, or a stretch of a segment. Looks at magic and lengths, not at CRCs.
class BatchCursor {
public:
    explicit BatchCursor(ByteView bytes) : bytes_(bytes) {}

    /// The next batch; none when the walk has stopped.
    [[nodiscard]] std::optional<BatchView> next();

    /// Of the first byte after the batches so far.
    [[nodiscard]] std::size_t position() const { return position_; }
    /// Why it stopped; meaningful once `next` gave none.
    [[nodiscard]] BatchesEnd end() const { return end_; }
    /// Success at the end of the bytes; else the reason, with its position. Errors: unsupported
    /// (magic 0 or 1), corrupt.
    [[nodiscard]] Result<void> status() const;

private:
    ByteView bytes_;
    std::size_t position_ = 0;
    BatchesEnd end_ = BatchesEnd::complete;
};

}  // namespace hw::record
