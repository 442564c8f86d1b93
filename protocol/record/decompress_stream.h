#pragma once

#include <cstddef>
#include <memory>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"

namespace hw::record {

/// One codec's part of the Decompressor, which alone uses it and bounds its output. Reusable:
/// `start` forgets what was before, also after an error.
class DecompressStream {
public:
    virtual ~DecompressStream() = default;

    /// `limit` is the most that may come out: for codecs that announce lengths, to refuse before
    /// they allocate. Errors: corrupt, limit.
    [[nodiscard]] virtual Result<void> start(ByteView compressed, std::size_t limit) = 0;
    /// As Decompressor::read.
    [[nodiscard]] virtual Result<std::size_t> read(MutableBytes into) = 0;
};

[[nodiscard]] std::unique_ptr<DecompressStream> make_gzip_stream();
[[nodiscard]] std::unique_ptr<DecompressStream> make_snappy_stream();
[[nodiscard]] std::unique_ptr<DecompressStream> make_lz4_stream();
[[nodiscard]] std::unique_ptr<DecompressStream> make_zstd_stream();

}  // namespace hw::record
