#define ZLIB_CONST
#include "protocol/record/compressor.h"

#include <algorithm>
#include <cstring>
#include <lz4frame.h>
#include <lz4hc.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include "protocol/base/assert.h"
#include "protocol/record/xerial.h"

namespace hw::record {
namespace {

constexpr int kGzipWindowBits = 15 + 16;
constexpr int kGzipMemory = 8;
/// Extra bytes for gzip's header and trailer; compressBound counts only the smaller ones of zlib.
constexpr std::size_t kGzipExtra = 32;
constexpr int kLz4DefaultLevel = 9;
constexpr int kLz4MaxLevel = 17;
constexpr int kZstdDefaultLevel = 3;

/// Independent blocks, because Java reads no others.
LZ4F_preferences_t lz4_preferences(int level) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    // As in Kafka, the default level selects the fast compressor, all others the high one.
    preferences.compressionLevel =
        level == kLz4DefaultLevel ? 0 : std::clamp(level, LZ4HC_CLEVEL_MIN, LZ4HC_CLEVEL_MAX);
    return preferences;
}

std::size_t xerial_bound(std::size_t size) {
    const std::size_t blocks = size / Xerial::kBlock + 1;
    return Xerial::kHeaderSize +
           blocks * (Xerial::kLengthSize + snappy::MaxCompressedLength(Xerial::kBlock));
}

std::size_t compress_xerial(ByteView input, MutableBytes output) {
    std::memcpy(output.data(), Xerial::kMagic.data(), Xerial::kMagic.size());
    store_big_endian(output.data() + 8, Xerial::kVersion);
    store_big_endian(output.data() + 12, Xerial::kVersion);
    std::byte* to = output.data() + Xerial::kHeaderSize;
    while (!input.empty()) {
        const ByteView block = input.first(std::min(input.size(), Xerial::kBlock));
        std::size_t size = 0;
        snappy::RawCompress(reinterpret_cast<const char*>(block.data()), block.size(),
                            reinterpret_cast<char*>(to + Xerial::kLengthSize), &size);
        store_big_endian(to, static_cast<std::int32_t>(size));
        to += Xerial::kLengthSize + size;
        input = input.subspan(block.size());
    }
    return static_cast<std::size_t>(to - output.data());
}

Result<std::size_t> bad_level(Codec codec, int level, int min, int max) {
    return fail(ErrorKind::invalid, "{} compression level {} is outside {} to {}", to_string(codec),
                level, min, max);
}

Result<std::size_t> compress_gzip(int level, ByteView input, MutableBytes output) {
    if (level != Z_DEFAULT_COMPRESSION && (level < Z_BEST_SPEED || level > Z_BEST_COMPRESSION)) {
        return bad_level(Codec::gzip, level, Z_BEST_SPEED, Z_BEST_COMPRESSION);
    }
    z_stream deflater{};
    const int made = deflateInit2(&deflater, level, Z_DEFLATED, kGzipWindowBits, kGzipMemory,
                                  Z_DEFAULT_STRATEGY);
    HW_ASSERT(made == Z_OK);
    deflater.next_in = reinterpret_cast<const Bytef*>(input.data());
    deflater.avail_in = static_cast<uInt>(input.size());
    deflater.next_out = reinterpret_cast<Bytef*>(output.data());
    deflater.avail_out = static_cast<uInt>(output.size());
    const int result = deflate(&deflater, Z_FINISH);
    HW_ASSERT(result == Z_STREAM_END);
    deflateEnd(&deflater);
    return output.size() - deflater.avail_out;
}

}  // namespace

struct Compressor::Contexts {
    struct FreeLz4 {
        void operator()(LZ4F_cctx* context) const { LZ4F_freeCompressionContext(context); }
    };
    struct FreeZstd {
        void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    };

    Result<std::size_t> compress_lz4(int level, ByteView input, MutableBytes output) {
        if (level < 1 || level > kLz4MaxLevel) {
            return bad_level(Codec::lz4, level, 1, kLz4MaxLevel);
        }
        if (!lz4) {
            LZ4F_cctx* context = nullptr;
            const auto made = LZ4F_createCompressionContext(&context, LZ4F_VERSION);
            HW_ASSERT(LZ4F_isError(made) == 0);
            lz4.reset(context);
        }
        const auto preferences = lz4_preferences(level);
        std::size_t size =
            LZ4F_compressBegin(lz4.get(), output.data(), output.size(), &preferences);
        size += LZ4F_compressUpdate(lz4.get(), output.data() + size, output.size() - size,
                                    input.data(), input.size(), nullptr);
        const std::size_t end =
            LZ4F_compressEnd(lz4.get(), output.data() + size, output.size() - size, nullptr);
        HW_ASSERT(LZ4F_isError(end) == 0);
        return size + end;
    }

    Result<std::size_t> compress_zstd(int level, ByteView input, MutableBytes output) {
        if (level < ZSTD_minCLevel() || level > ZSTD_maxCLevel()) {
            return bad_level(Codec::zstd, level, ZSTD_minCLevel(), ZSTD_maxCLevel());
        }
        if (!zstd) {
            zstd.reset(ZSTD_createCCtx());
        }
        const std::size_t size = ZSTD_compressCCtx(zstd.get(), output.data(), output.size(),
                                                   input.data(), input.size(), level);
        HW_ASSERT(ZSTD_isError(size) == 0);
        return size;
    }

    std::unique_ptr<LZ4F_cctx, FreeLz4> lz4;
    std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd;
};

Compressor::Compressor() : contexts_(std::make_unique<Contexts>()) {}
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

std::size_t Compressor::bound(Codec codec, std::size_t size) {
    switch (codec) {
        case Codec::none:
            return size;
        case Codec::gzip:
            return compressBound(size) + kGzipExtra;
        case Codec::snappy:
            return xerial_bound(size);
        case Codec::lz4: {
            const auto preferences = lz4_preferences(kLz4DefaultLevel);
            return LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(size, &preferences);
        }
        case Codec::zstd:
            return ZSTD_compressBound(size);
    }
    return size;
}

Result<std::size_t> Compressor::compress(const Compression& compression, ByteView input,
                                         MutableBytes output) {
    HW_ASSERT(output.size() >= bound(compression.codec, input.size()));
    switch (compression.codec) {
        case Codec::gzip:
            return compress_gzip(compression.level.value_or(Z_DEFAULT_COMPRESSION), input, output);
        case Codec::snappy:
            return compress_xerial(input, output);
        case Codec::lz4:
            return contexts_->compress_lz4(compression.level.value_or(kLz4DefaultLevel), input,
                                           output);
        case Codec::zstd:
            return contexts_->compress_zstd(compression.level.value_or(kZstdDefaultLevel), input,
                                            output);
        case Codec::none:
            break;
    }
    HW_ASSERT(compression.codec != Codec::none);
    return std::size_t{0};
}

}  // namespace hw::record
