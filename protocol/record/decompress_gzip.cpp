// Makes zlib's next_in a pointer to const bytes.
#define ZLIB_CONST
#include <zlib.h>

#include "protocol/base/assert.h"
#include "protocol/record/decompress_stream.h"

namespace hw::record {
namespace {

/// The largest window (15), and a gzip header is required (16); see inflateInit2 in zlib.h.
constexpr int kGzipWindowBits = 15 + 16;

/// Decompresses gzip (RFC 1952), also several members in a row.
class GzipStream final : public DecompressStream {
public:
    GzipStream() {
        const int made = inflateInit2(&inflater_, kGzipWindowBits);
        HW_ASSERT(made == Z_OK);
    }
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;
    ~GzipStream() override { inflateEnd(&inflater_); }

    Result<void> start(ByteView compressed, std::size_t /*limit*/) override {
        inflateReset(&inflater_);
        inflater_.next_in = reinterpret_cast<const Bytef*>(compressed.data());
        inflater_.avail_in = static_cast<uInt>(compressed.size());
        inside_member_ = true;
        return {};
    }

    Result<std::size_t> read(MutableBytes into) override {
        inflater_.next_out = reinterpret_cast<Bytef*>(into.data());
        inflater_.avail_out = static_cast<uInt>(into.size());
        while (inflater_.avail_out != 0 && inside_member_) {
            const int result = inflate(&inflater_, Z_NO_FLUSH);
            if (result == Z_STREAM_END) {
                inside_member_ = inflater_.avail_in != 0;
                inflateReset(&inflater_);
            } else if (result == Z_BUF_ERROR) {
                return fail(ErrorKind::corrupt, "the gzip data of the records is cut short");
            } else if (result != Z_OK) {
                return fail(ErrorKind::corrupt, "the gzip data of the records is broken: {}",
                            inflater_.msg != nullptr ? inflater_.msg : "no valid stream");
            }
        }
        return into.size() - inflater_.avail_out;
    }

private:
    z_stream inflater_{};
    bool inside_member_ = false;
};

}  // namespace

std::unique_ptr<DecompressStream> make_gzip_stream() {
    return std::make_unique<GzipStream>();
}

}  // namespace hw::record
