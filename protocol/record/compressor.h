#pragma once

#include <memory>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/codec.h"

namespace hw::record {

/// Compresses the records of a batch the way Kafka's clients expect to read them: gzip, snappy in
/// the xerial framing, lz4 frames of independent 64 KiB blocks without content size (Java reads no
/// linked blocks), zstd. Owns the contexts of lz4 and zstd, made at first use; used by one thread.
class Compressor {
public:
    Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;
    ~Compressor();

    /// The most bytes that `size` bytes may become.
    [[nodiscard]] static std::size_t bound(Codec codec, std::size_t size);

    /// Writes `input`, compressed, to the start of `output`, which has at least `bound` bytes;
    /// gives their number. The codec is not none. Errors: invalid (a level the codec lacks).
    [[nodiscard]] Result<std::size_t> compress(const Compression& compression, ByteView input,
                                               MutableBytes output);

private:
    struct Contexts;

    std::unique_ptr<Contexts> contexts_;
};

}  // namespace hw::record
