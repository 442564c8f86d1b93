#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/record/codec.h"

namespace hw::record {

/// What compressed records of that many bytes may decompress to at most: min(100 MiB, max(16 MiB,
/// 200 x compressed + 1 MiB)). The 16 MiB are for text that repeats itself, which reaches 1,000
/// to 1.
[[nodiscard]] std::size_t decompressed_limit(std::size_t compressed_size);

class DecompressStream;

/// Decompresses the records of one batch after the other, each as a stream of pieces whose size
/// the reader chooses. Reads gzip (also several members), snappy (bare, and in the xerial framing
/// of Java clients), lz4 frames (of any kind) and zstd frames. Memory is the codec's own: 64 KiB of
/// history for gzip, two blocks (at most 4 MiB each) for lz4, the window for zstd (touched only as
/// far as output goes), and for snappy a whole block, because it may refer back to all of itself:
/// at most 21 times its compressed size, and no more than the limit. Owns the codecs' contexts,
/// each made at first use; used by one thread.
class Decompressor {
public:
    Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;
    ~Decompressor();

    /// Starts over with `compressed`, which outlive the reads; `codec` is not none.
    /// Errors: corrupt, limit (of a length that the bytes announce).
    [[nodiscard]] Result<void> start(Codec codec, ByteView compressed);

    /// Fills `into` (not empty) from its start; the number of bytes is 0 only at the end.
    /// Errors: corrupt (also when the input is cut), limit (over decompressed_limit).
    [[nodiscard]] Result<std::size_t> read(MutableBytes into);

    /// All of it in one buffer, for who needs keys and values. Errors: as `start` and `read`.
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
