#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "storage/disk.h"

namespace hw::storage {

/// Walks the batches in a stretch of a segment file through a window of memory, either by headers
/// alone or by whole batches. Trusts nothing: bytes that are no batch, or one that does not fit in
/// the stretch, end the walk with a problem. What it gives is valid until the next call.
class BatchWalker {
public:
    /// For a look at a few headers, and for reading all of a file.
    static constexpr std::size_t kSmallWindow = std::size_t{8} * 1024;
    static constexpr std::size_t kLargeWindow = std::size_t{256} * 1024;

    /// Walks [position, end) of `file`, which outlives the walk.
    BatchWalker(File& file, std::uint64_t position, std::uint64_t end, std::size_t window)
        : file_(&file), position_(position), next_(position), end_(end), window_(window) {}

    /// None at the end or at a problem. Errors: io.
    [[nodiscard]] Result<std::optional<record::BatchHeader>> next_header();
    [[nodiscard]] Result<std::optional<record::BatchView>> next_batch();

    /// Where the batch given last starts, and where it ends.
    [[nodiscard]] std::uint64_t position() const { return position_; }
    [[nodiscard]] std::uint64_t next_position() const { return next_; }
    /// Why the walk stopped before the end of the stretch.
    [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

private:
    /// The bytes of [position, position + size), which lies inside the stretch.
    [[nodiscard]] Result<ByteView> bytes(std::uint64_t position, std::size_t size);

    File* file_;
    std::uint64_t position_;
    std::uint64_t next_;
    std::uint64_t end_;
    std::size_t window_;
    Buffer buffer_;
    std::uint64_t buffer_position_ = 0;
    std::optional<Error> problem_;
};

}  // namespace hw::storage
