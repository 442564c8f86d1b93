#include "protocol/record/decompressor.h"

#include <algorithm>
#include <cstring>

#include "protocol/base/assert.h"
#include "protocol/record/decompress_stream.h"

namespace hw::record {
namespace {

constexpr std::size_t kMaxLimit = std::size_t{100} * 1024 * 1024;
constexpr std::size_t kRatio = 200;
constexpr std::size_t kAllowance = std::size_t{1024} * 1024;
constexpr std::size_t kAlwaysAllowed = std::size_t{16} * 1024 * 1024;
constexpr std::size_t kFirstPiece = std::size_t{64} * 1024;

std::unique_ptr<DecompressStream> make_stream(Codec codec) {
    switch (codec) {
        case Codec::gzip:
            return make_gzip_stream();
        case Codec::snappy:
            return make_snappy_stream();
        case Codec::lz4:
            return make_lz4_stream();
        case Codec::zstd:
            return make_zstd_stream();
        case Codec::none:
            break;
    }
    return nullptr;
}

Buffer grown(Buffer buffer) {
    Buffer larger(buffer.capacity() * 2);
    std::memcpy(larger.data(), buffer.data(), buffer.size());
    larger.resize(buffer.size());
    return larger;
}

}  // namespace

std::size_t decompressed_limit(std::size_t compressed_size) {
    if (compressed_size > kMaxLimit / kRatio) {
        return kMaxLimit;
    }
    return std::min(kMaxLimit, std::max(kAlwaysAllowed, kRatio * compressed_size + kAllowance));
}

Decompressor::Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

Result<void> Decompressor::start(Codec codec, ByteView compressed) {
    HW_ASSERT(codec != Codec::none);
    auto& stream = streams_[static_cast<std::size_t>(codec)];
    if (!stream) {
        stream = make_stream(codec);
    }
    current_ = stream.get();
    limit_ = decompressed_limit(compressed.size());
    produced_ = 0;
    compressed_size_ = compressed.size();
    return current_->start(compressed, limit_);
}

Result<std::size_t> Decompressor::read(MutableBytes into) {
    // Asks for one byte more than allowed, to tell output at the limit from output beyond it.
    const std::size_t wanted = std::min(into.size(), limit_ - produced_ + 1);
    auto got = current_->read(into.first(wanted));
    if (!got) {
        return got;
    }
    if (*got > limit_ - produced_) {
        return fail(ErrorKind::limit,
                    "{} compressed bytes of records decompress to more than the limit of {} bytes "
                    "(200 x compressed + 1 MiB, at least 16 MiB, at most 100 MiB). Send smaller "
                    "batches",
                    compressed_size_, limit_);
    }
    produced_ += *got;
    return got;
}

Result<Buffer> Decompressor::decompress(Codec codec, ByteView compressed) {
    HW_TRY_VOID(start(codec, compressed));
    Buffer out(std::max(kFirstPiece, compressed.size() * 4));
    out.resize(0);
    while (true) {
        if (out.size() == out.capacity()) {
            out = grown(std::move(out));
        }
        HW_TRY(got, read({out.data() + out.size(), out.capacity() - out.size()}));
        if (got == 0) {
            return out;
        }
        out.resize(out.size() + got);
    }
}

}  // namespace hw::record
