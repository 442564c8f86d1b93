#include <lz4frame.h>

#include "protocol/base/assert.h"
#include "protocol/record/decompress_stream.h"

namespace hw::record {
namespace {

/// Decompresses lz4 frames (format 1.6): linked or independent blocks, with or without checksums
/// and content size, several frames, skippable frames. Holds at most two blocks of 4 MiB.
class Lz4Stream final : public DecompressStream {
public:
    Lz4Stream() {
        const auto made = LZ4F_createDecompressionContext(&context_, LZ4F_VERSION);
        HW_ASSERT(LZ4F_isError(made) == 0);
    }
    Lz4Stream(const Lz4Stream&) = delete;
    Lz4Stream& operator=(const Lz4Stream&) = delete;
    ~Lz4Stream() override { LZ4F_freeDecompressionContext(context_); }

    Result<void> start(ByteView compressed, std::size_t /*limit*/) override {
        LZ4F_resetDecompressionContext(context_);
        input_ = compressed;
        inside_frame_ = true;
        return {};
    }

    Result<std::size_t> read(MutableBytes into) override {
        std::size_t filled = 0;
        while (filled != into.size() && (inside_frame_ || !input_.empty())) {
            std::size_t out = into.size() - filled;
            std::size_t in = input_.size();
            const std::size_t hint =
                LZ4F_decompress(context_, into.data() + filled, &out, input_.data(), &in, nullptr);
            if (LZ4F_isError(hint) != 0) {
                return fail(ErrorKind::corrupt, "the lz4 frame of the records is broken: {}",
                            LZ4F_getErrorName(hint));
            }
            inside_frame_ = hint != 0;
            if (inside_frame_ && in == 0 && out == 0) {
                return fail(ErrorKind::corrupt, "the lz4 frame of the records is cut short");
            }
            input_ = input_.subspan(in);
            filled += out;
        }
        return filled;
    }

private:
    LZ4F_dctx* context_ = nullptr;
    ByteView input_;
    bool inside_frame_ = false;
};

}  // namespace

std::unique_ptr<DecompressStream> make_lz4_stream() {
    return std::make_unique<Lz4Stream>();
}

}  // namespace hw::record
