#pragma once

#include <cstddef>
#include <memory>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"

namespace hw::record {

/// Decompresses one codec. Owned and used only by the Decompressor, which bounds the output.
/// Reusable: `start` begins anew, also after an error.
class DecompressStream {
public:
    virtual ~DecompressStream() = default;

    /// `limit` is the maximum output in bytes. A codec whose format announces lengths refuses
    /// larger ones before it allocates. Errors: corrupt, limit.
    [[nodiscard]] virtual Result<void> start(ByteView compressed, std::size_t limit) = 0;
    /// See Decompressor::read.
    [[nodiscard]] virtual Result<std::size_t> read(MutableBytes into) = 0;
};

[[nodiscard]] std::unique_ptr<DecompressStream> make_gzip_stream();
[[nodiscard]] std::unique_ptr<DecompressStream> make_snappy_stream();
[[nodiscard]] std::unique_ptr<DecompressStream> make_lz4_stream();
[[nodiscard]] std::unique_ptr<DecompressStream> make_zstd_stream();

}  // namespace hw::record
