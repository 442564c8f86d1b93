#include <lz4frame.h>
#include <snappy.h>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/compressor.h"
#include "protocol/record/decompressor.h"
#include "protocol/record/xerial.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

constexpr std::array kRealCodecs{Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};

std::string compressed(Compressor& compressor, const Compression& compression,
                       const std::string& text) {
    Buffer output(Compressor::bound(compression.codec, text.size()));
    const auto size = compressor.compress(compression, as_bytes(text), output.bytes());
    REQUIRE(size);
    return std::string(as_text(output.view().first(*size)));
}

std::string decompressed(Decompressor& decompressor, Codec codec, const std::string& bytes) {
    const auto plain = decompressor.decompress(codec, as_bytes(bytes));
    INFO((plain ? std::string() : plain.error().message));
    REQUIRE(plain);
    return std::string(as_text(plain->view()));
}

std::string random_text(Random& random, std::size_t size) {
    std::string text(size, 'r');
    for (std::size_t i = 0; i < size; i += 1 + random.below(9)) {
        text[i] = static_cast<char>(random.below(256));
    }
    return text;
}

TEST_CASE("compression: any text is restored, from every codec at several levels",
          "[record][compression]") {
    Random random(21);
    Compressor compressor;
    Decompressor decompressor;
    const std::vector<Compression> compressions = {
        {Codec::gzip, {}}, {Codec::gzip, 1},  {Codec::gzip, 9}, {Codec::snappy, {}},
        {Codec::lz4, {}},  {Codec::lz4, 1},   {Codec::lz4, 17}, {Codec::zstd, {}},
        {Codec::zstd, -5}, {Codec::zstd, 12},
    };
    for (const std::size_t size : {0U, 1U, 100U, 65'535U, 65'536U, 65'537U, 300'000U}) {
        const std::string text = random_text(random, size);
        for (const Compression& compression : compressions) {
            CAPTURE(size, to_string(compression.codec), compression.level.value_or(0));
            const std::string bytes = compressed(compressor, compression, text);
            REQUIRE(decompressed(decompressor, compression.codec, bytes) == text);
        }
    }
}

TEST_CASE("compression: a level that the codec does not have is refused", "[record][compression]") {
    Compressor compressor;
    for (const auto& [codec, level] : std::vector<std::pair<Codec, int>>{{Codec::gzip, 0},
                                                                         {Codec::gzip, 10},
                                                                         {Codec::lz4, 0},
                                                                         {Codec::lz4, 18},
                                                                         {Codec::zstd, 23}}) {
        CAPTURE(to_string(codec), level);
        Buffer output(Compressor::bound(codec, 4));
        const auto size = compressor.compress({codec, level}, as_bytes("text"), output.bytes());
        REQUIRE_FALSE(size);
        CHECK(size.error().kind == ErrorKind::invalid);
    }
}

TEST_CASE("compression: lz4 is written in independent blocks, which Java can read",
          "[record][compression]") {
    Compressor compressor;
    const std::string bytes = compressed(compressor, {Codec::lz4, {}}, std::string(200'000, 'l'));
    CHECK(as_bytes(bytes)[4] == std::byte{0x60});  // version 1, independent, no sizes or checksums
    CHECK(as_bytes(bytes)[5] == std::byte{0x40});  // blocks of 64 KiB
}

TEST_CASE("compression: lz4 frames with any options are read", "[record][compression]") {
    Random random(22);
    Decompressor decompressor;
    const std::string text = random_text(random, 200'000);
    for (int kind = 0; kind < 16; ++kind) {
        CAPTURE(kind);
        LZ4F_preferences_t preferences{};
        preferences.frameInfo.blockMode =
            (kind & 1) != 0 ? LZ4F_blockIndependent : LZ4F_blockLinked;
        preferences.frameInfo.contentSize = (kind & 2) != 0 ? text.size() : 0;
        preferences.frameInfo.contentChecksumFlag =
            (kind & 4) != 0 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
        preferences.frameInfo.blockChecksumFlag =
            (kind & 8) != 0 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
        preferences.frameInfo.blockSizeID = (kind & 1) != 0 ? LZ4F_max4MB : LZ4F_max64KB;
        std::string frame(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
        frame.resize(
            LZ4F_compressFrame(frame.data(), frame.size(), text.data(), text.size(), &preferences));
        REQUIRE(decompressed(decompressor, Codec::lz4, frame) == text);
        REQUIRE(decompressed(decompressor, Codec::lz4, frame + frame) == text + text);
    }
}

TEST_CASE("compression: gzip and zstd streams of several members are read",
          "[record][compression]") {
    Compressor compressor;
    Decompressor decompressor;
    for (const Codec codec : {Codec::gzip, Codec::zstd}) {
        CAPTURE(to_string(codec));
        const std::string two = compressed(compressor, {codec, {}}, "one ") +
                                compressed(compressor, {codec, {}}, "two");
        CHECK(decompressed(decompressor, codec, two) == "one two");
    }
}

TEST_CASE("compression: snappy is read without framing and with xerial framing",
          "[record][compression]") {
    Random random(23);
    Compressor compressor;
    Decompressor decompressor;
    for (const std::size_t size : {0U, 1U, 40'000U, 200'000U}) {
        CAPTURE(size);
        const std::string text = random_text(random, size);
        std::string bare;
        snappy::Compress(text.data(), text.size(), &bare);
        CHECK(decompressed(decompressor, Codec::snappy, bare) == text);
        const std::string framed = compressed(compressor, {Codec::snappy, {}}, text);
        CHECK(Xerial::is_framed(as_bytes(framed)));
        CHECK(decompressed(decompressor, Codec::snappy, framed) == text);
    }
}

TEST_CASE("compression: reads in pieces of any size give the whole text", "[record][compression]") {
    Random random(24);
    Compressor compressor;
    Decompressor decompressor;
    const std::string text = random_text(random, 150'000);
    for (const Codec codec : kRealCodecs) {
        CAPTURE(to_string(codec));
        const std::string bytes = compressed(compressor, {codec, {}}, text);
        REQUIRE(decompressor.start(codec, as_bytes(bytes)));
        std::string whole;
        while (true) {
            Buffer piece(1 + random.below(5000));
            const auto size = decompressor.read(piece.bytes());
            REQUIRE(size);
            if (*size == 0) {
                break;
            }
            whole += as_text(piece.view().first(*size));
        }
        REQUIRE(whole == text);
    }
}

TEST_CASE("compression: input that is cut at any byte is corrupt", "[record][compression]") {
    Compressor compressor;
    Decompressor decompressor;
    const std::string text = std::string(300, 'a') + "and some other text, 0123456789";
    for (const Codec codec : kRealCodecs) {
        const std::string bytes = compressed(compressor, {codec, {}}, text);
        // The xerial header alone is a valid stream without blocks.
        const std::size_t valid_size = codec == Codec::snappy ? Xerial::kHeaderSize : bytes.size();
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CAPTURE(to_string(codec), size);
            const Buffer cut = test::copy_of(as_bytes(bytes).first(size));
            const auto plain = decompressor.decompress(codec, cut.view());
            REQUIRE(plain.has_value() == (size == valid_size));
            if (!plain) {
                REQUIRE(plain.error().kind == ErrorKind::corrupt);
            }
        }
        REQUIRE(decompressed(decompressor, codec, bytes) == text);
    }
}

TEST_CASE("compression: bytes after the end of the stream are corrupt", "[record][compression]") {
    Compressor compressor;
    Decompressor decompressor;
    for (const Codec codec : kRealCodecs) {
        CAPTURE(to_string(codec));
        const std::string bytes = compressed(compressor, {codec, {}}, "text") + "garbage";
        const auto plain = decompressor.decompress(codec, as_bytes(bytes));
        REQUIRE_FALSE(plain);
        CHECK(plain.error().kind == ErrorKind::corrupt);
    }
}

}  // namespace
}  // namespace hw::record
