#include <algorithm>
#include <cstring>
#include <snappy.h>

#include "protocol/record/decompress_stream.h"
#include "protocol/record/xerial.h"

namespace hw::record {
namespace {

/// Scratch memory larger than this is freed before the next batch.
constexpr std::size_t kKeptScratch = std::size_t{1024} * 1024;
/// The highest compression ratio of the format: 3 bytes that copy 64. A block that announces more
/// is invalid and is refused before anything is allocated for it.
constexpr std::size_t kDensestIn = 3;
constexpr std::size_t kDensestOut = 64;

/// Decompresses snappy, bare (one block, as librdkafka writes it) or in the xerial framing. A block
/// may refer back to any byte of its own output, so the output of a block must be contiguous: in
/// the reader's memory if it fits, else in scratch memory of the block's size, at most the limit.
class SnappyStream final : public DecompressStream {
public:
    Result<void> start(ByteView compressed, std::size_t limit) override {
        if (scratch_.capacity() > kKeptScratch) {
            scratch_ = Buffer();
        }
        pending_ = {};
        limit_ = limit;
        input_ = compressed;
        framed_ = Xerial::is_framed(compressed);
        bare_block_left_ = !framed_;
        if (framed_) {
            const auto version =
                load_big_endian<std::int32_t>(compressed.data() + Xerial::kMagic.size());
            if (version < Xerial::kVersion) {
                return fail(ErrorKind::corrupt, "the snappy framing of the records has version {}",
                            version);
            }
            input_ = compressed.subspan(Xerial::kHeaderSize);
        }
        return {};
    }

    Result<std::size_t> read(MutableBytes into) override {
        std::size_t filled = 0;
        while (filled != into.size()) {
            if (!pending_.empty()) {
                filled += take_pending(into.subspan(filled));
                continue;
            }
            if (!bare_block_left_ && input_.empty()) {
                break;
            }
            const auto got = read_block(into.subspan(filled));
            if (!got) {
                return got;
            }
            filled += *got;
        }
        return filled;
    }

private:
    std::size_t take_pending(MutableBytes into) {
        const std::size_t size = std::min(into.size(), pending_.size());
        std::memcpy(into.data(), pending_.data(), size);
        pending_ = pending_.subspan(size);
        return size;
    }

    /// Takes the compressed bytes of the next block from the input.
    Result<ByteView> next_block() {
        if (!framed_) {
            bare_block_left_ = false;
            return std::exchange(input_, ByteView());
        }
        if (input_.size() < Xerial::kLengthSize) {
            return fail(ErrorKind::corrupt, "the snappy framing of the records is cut short");
        }
        const auto length = load_big_endian<std::int32_t>(input_.data());
        input_ = input_.subspan(Xerial::kLengthSize);
        if (length < 0 || static_cast<std::size_t>(length) > input_.size()) {
            return fail(ErrorKind::corrupt,
                        "a snappy block of the records announces {} bytes, {} are left", length,
                        input_.size());
        }
        const ByteView block = input_.first(static_cast<std::size_t>(length));
        input_ = input_.subspan(block.size());
        return block;
    }

    /// Decompresses the next block into `into` if it fits, else into the scratch memory, where
    /// `read` takes it from. Returns the number of bytes written to `into`.
    Result<std::size_t> read_block(MutableBytes into) {
        HW_TRY(block, next_block());
        const auto* from = reinterpret_cast<const char*>(block.data());
        std::size_t size = 0;
        if (!snappy::GetUncompressedLength(from, block.size(), &size) ||
            size > block.size() * kDensestOut / kDensestIn) {
            return fail(ErrorKind::corrupt,
                        "a snappy block of the records announces an impossible length");
        }
        if (size > limit_) {
            return fail(ErrorKind::limit,
                        "a snappy block of the records announces {} bytes; the decompression limit "
                        "(200 x compressed + 1 MiB, at least 16 MiB, at most 100 MiB) is {}. Send "
                        "smaller batches",
                        size, limit_);
        }
        const bool direct = size <= into.size();
        if (!direct && scratch_.capacity() < size) {
            scratch_ = Buffer(size);
        }
        std::byte* to = direct ? into.data() : scratch_.data();
        if (!snappy::RawUncompress(from, block.size(), reinterpret_cast<char*>(to))) {
            return fail(ErrorKind::corrupt, "a snappy block of the records is broken");
        }
        if (!direct) {
            pending_ = ByteView(scratch_.data(), size);
        }
        return direct ? size : std::size_t{0};
    }

    Buffer scratch_;
    ByteView pending_;  ///< decompressed, in the scratch memory, not yet read
    ByteView input_;
    std::size_t limit_ = 0;  ///< on all output, so also on each block
    bool framed_ = false;
    bool bare_block_left_ = false;
};

}  // namespace

std::unique_ptr<DecompressStream> make_snappy_stream() {
    return std::make_unique<SnappyStream>();
}

}  // namespace hw::record
