#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/codec.h"

namespace hw::record {

/// The maximum decompressed size of records with this compressed size: min(100 MiB, max(16 MiB,
/// 200 x compressed + 1 MiB)). The 16 MiB allow for repetitive text, which compresses 1,000 to 1.
[[nodiscard]] std::size_t decompressed_limit(std::size_t compressed_size);

class DecompressStream;

/// Decompresses the records of a batch as a stream; the caller chooses the size of each piece.
/// Reads gzip (also several members), snappy (bare, and in the xerial framing of Java clients), lz4
/// frames (of any kind) and zstd frames. Owns the codecs' contexts, each made at first use, and
/// reuses them for later batches; used by one thread.
///
/// Memory per codec: 64 KiB of history for gzip; two blocks of at most 4 MiB each for lz4; the
/// window for zstd, touched only as far as the output fills it; one decompressed block for snappy,
/// at most 21 times its compressed size and at most the limit.
class Decompressor {
public:
    Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;
    ~Decompressor();

    /// Begins anew with `compressed`, which must outlive the reads; `codec` must not be none.
    /// Errors: corrupt, limit (the bytes announce too large a length).
    [[nodiscard]] Result<void> start(Codec codec, ByteView compressed);

    /// Writes the next bytes to the start of `into`, which must not be empty. Returns their number;
    /// 0 means the end. Errors: corrupt (also if the input is cut), limit (over
    /// decompressed_limit).
    [[nodiscard]] Result<std::size_t> read(MutableBytes into);

    /// Decompresses everything into one buffer. Errors: those of `start` and `read`.
    [[nodiscard]] Result<Buffer> decompress(Codec codec, ByteView compressed);

private:
    static constexpr std::size_t kCodecs = 5;

    std::array<std::unique_ptr<DecompressStream>, kCodecs> streams_;
    DecompressStream* current_ = nullptr;
    std::size_t limit_ = 0;
    std::size_t produced_ = 0;
    std::size_t compressed_size_ = 0;
};

}  // namespace hw::record
