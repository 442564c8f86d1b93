#include <zstd.h>

#include "protocol/base/assert.h"
#include "protocol/record/decompress_stream.h"

namespace hw::record {
namespace {

/// A context larger than this is freed before the next batch.
constexpr std::size_t kKeptContext = std::size_t{8} * 1024 * 1024;

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// Decompresses zstd (RFC 8878), also several frames in a row. Accepts windows up to the library's
/// limit of 128 MiB, because Java clients at levels 20 to 22 announce them even for the smallest
/// batch. Only as much of the window is touched as the output fills.
class ZstdStream final : public DecompressStream {
public:
    Result<void> start(ByteView compressed, std::size_t /*limit*/) override {
        if (context_ && ZSTD_sizeof_DCtx(context_.get()) > kKeptContext) {
            context_.reset();
        }
        if (!context_) {
            context_.reset(ZSTD_createDCtx());
            HW_ASSERT(context_ != nullptr);
        }
        ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
        input_ = {compressed.data(), compressed.size(), 0};
        inside_frame_ = true;
        return {};
    }

    Result<std::size_t> read(MutableBytes into) override {
        ZSTD_outBuffer output{into.data(), into.size(), 0};
        while (output.pos != output.size && (inside_frame_ || input_.pos != input_.size)) {
            const std::size_t out_before = output.pos;
            const std::size_t in_before = input_.pos;
            const std::size_t hint = ZSTD_decompressStream(context_.get(), &output, &input_);
            if (ZSTD_isError(hint) != 0) {
                return fail(ErrorKind::corrupt, "the zstd data of the records is broken: {}",
                            ZSTD_getErrorName(hint));
            }
            inside_frame_ = hint != 0;
            if (inside_frame_ && output.pos == out_before && input_.pos == in_before) {
                return fail(ErrorKind::corrupt, "the zstd data of the records is cut short");
            }
        }
        return output.pos;
    }

private:
    std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
    ZSTD_inBuffer input_{};
    bool inside_frame_ = false;
};

}  // namespace

std::unique_ptr<DecompressStream> make_zstd_stream() {
    return std::make_unique<ZstdStream>();
}

}  // namespace hw::record
