#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"

namespace hw::record {

/// Why a BatchCursor stopped.
enum class BatchesEnd : std::uint8_t {
    complete,  ///< at the end of the bytes
    cut,       ///< inside a batch: usual at the end of a fetch answer or of a torn log
    bad,       ///< the next bytes are not a batch: wrong magic or length
};

/// Iterates over consecutive batches: the records field of a Produce or Fetch, or a part of a
/// segment. The bytes must outlive it. Checks magic and lengths, not CRCs.
class BatchCursor {
public:
    explicit BatchCursor(ByteView bytes) : bytes_(bytes) {}

    /// The next batch; nullopt if there is none (see `end`).
    [[nodiscard]] std::optional<BatchView> next();

    /// Position of the first byte after the batches returned so far.
    [[nodiscard]] std::size_t position() const { return position_; }
    /// Why it stopped. Valid after `next` has returned nullopt.
    [[nodiscard]] BatchesEnd end() const { return end_; }
    /// Success unless `next` stopped before the end of the bytes; the message gives the position.
    /// Errors: unsupported (magic 0 or 1), corrupt.
    [[nodiscard]] Result<void> status() const;

private:
    ByteView bytes_;
    std::size_t position_ = 0;
    BatchesEnd end_ = BatchesEnd::complete;
};

}  // namespace hw::record
