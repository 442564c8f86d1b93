#pragma once

#include <memory>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/codec.h"

namespace hw::record {

/// Compresses the records of a batch in the formats that Kafka's clients read: gzip, snappy in the
/// xerial framing, lz4 frames of independent 64 KiB blocks without content size (Java cannot read
/// linked blocks), zstd. Owns the contexts of lz4 and zstd, made at first use; used by one thread.
class Compressor {
public:
    Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;
    ~Compressor();

    /// The maximum compressed size of `size` bytes.
    [[nodiscard]] static std::size_t bound(Codec codec, std::size_t size);

    /// Compresses `input` to the start of `output`, which has at least `bound` bytes. Returns the
    /// compressed size. The codec must not be none. Errors: invalid (level out of range).
    [[nodiscard]] Result<std::size_t> compress(const Compression& compression, ByteView input,
                                               MutableBytes output);

private:
    struct Contexts;

    std::unique_ptr<Contexts> contexts_;
};

}  // namespace hw::record
