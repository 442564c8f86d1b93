#include <snappy.h>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/record/compressor.h"
#include "protocol/record/decompressor.h"
#include "protocol/record/record_scanner.h"
#include "protocol/record/xerial.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

constexpr std::size_t kMiB = std::size_t{1024} * 1024;

std::string compressed(Codec codec, const std::string& text) {
    Compressor compressor;
    Buffer output(Compressor::bound(codec, text.size()));
    const auto size = compressor.compress({codec, {}}, as_bytes(text), output.bytes());
    REQUIRE(size);
    return std::string(as_text(output.view().first(*size)));
}

TEST_CASE("limit: it is 1 MiB plus 200 times the compressed size, between 16 MiB and 100 MiB",
          "[record][limit]") {
    CHECK(decompressed_limit(0) == 16 * kMiB);
    CHECK(decompressed_limit(15 * kMiB / 200) <= 16 * kMiB);
    CHECK(decompressed_limit(100'000) == kMiB + 20'000'000);
    CHECK(decompressed_limit(99 * kMiB / 200) <= 100 * kMiB);
    CHECK(decompressed_limit(kMiB) == 100 * kMiB);
    CHECK(decompressed_limit(SIZE_MAX) == 100 * kMiB);
}

TEST_CASE("limit: data that decompresses to exactly the limit passes, one byte more does not",
          "[record][limit]") {
    Decompressor decompressor;
    for (const Codec codec : {Codec::gzip, Codec::zstd}) {
        CAPTURE(to_string(codec));
        // Finds a size for which decompressed_limit(compressed size) is the size itself. The steps
        // converge, because one more zero adds less than 1/200 byte of compressed data.
        std::size_t size = kMiB;
        std::string bytes = compressed(codec, std::string(size, '\0'));
        for (int step = 0; step < 20 && decompressed_limit(bytes.size()) != size; ++step) {
            size = decompressed_limit(bytes.size());
            bytes = compressed(codec, std::string(size, '\0'));
        }
        REQUIRE(decompressed_limit(bytes.size()) == size);
        const auto plain = decompressor.decompress(codec, as_bytes(bytes));
        REQUIRE(plain);
        CHECK(plain->size() == size);
        const std::string over = compressed(codec, std::string(size + 1, '\0'));
        REQUIRE(decompressed_limit(over.size()) == size);
        const auto refused = decompressor.decompress(codec, as_bytes(over));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::limit);
    }
}

TEST_CASE("limit: repetitive text that compresses by 1,000 to 1 passes", "[record][limit]") {
    std::string line;
    for (int field = 0; field < 5; ++field) {
        line += "level=info service=checkout region=eu-central-1 status=200 path=/cart/items ";
    }
    std::string text;
    while (text.size() < 15 * kMiB) {
        text += line;
    }
    Decompressor decompressor;
    const std::string bytes = compressed(Codec::zstd, text);
    REQUIRE(text.size() > 1000 * bytes.size());
    const auto plain = decompressor.decompress(Codec::zstd, as_bytes(bytes));
    REQUIRE(plain);
    CHECK(plain->size() == text.size());
}

TEST_CASE("limit: a decompression bomb in each codec stops at the limit, with a limit error",
          "[record][limit]") {
    RecordScanner scanner;
    Decompressor decompressor;
    // The ratios of lz4 and snappy are low, so they are tested at the highest limit, 100 MiB.
    auto records = test::plain_records(1);
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        CAPTURE(to_string(codec));
        const bool dense = codec == Codec::gzip || codec == Codec::zstd;
        records[0].value = std::string(dense ? 17 * kMiB : 101 * kMiB, '\0');
        const Buffer bomb = test::build(records, codec);
        const BatchView batch = test::parsed(bomb.view());
        const std::size_t limit = decompressed_limit(batch.records().size());
        REQUIRE(limit < records[0].value->size());
        REQUIRE(scanner.start(batch));
        RecordSummary summary;
        REQUIRE_FALSE(scanner.next(summary));
        REQUIRE(scanner.status().error().kind == ErrorKind::limit);
        CHECK(scanner.scanned_bytes() <= limit);
        const auto plain = decompressor.decompress(codec, batch.records());
        REQUIRE_FALSE(plain);
        CHECK(plain.error().kind == ErrorKind::limit);
    }
}

TEST_CASE("limit: a snappy block with a false length is refused before memory is allocated",
          "[record][limit]") {
    Decompressor decompressor;
    // A block without framing that claims 2^32 - 1 bytes.
    const std::string bare = "\xFF\xFF\xFF\xFF\x0F some bytes";
    const auto plain = decompressor.decompress(Codec::snappy, as_bytes(bare));
    REQUIRE_FALSE(plain);
    CHECK(plain.error().kind == ErrorKind::corrupt);
    // Framed blocks that claim lengths of 2^31 - 1 and -1.
    for (const std::int32_t length : {INT32_MAX, -1}) {
        std::string framed(compressed(Codec::snappy, "some text"));
        store_big_endian(reinterpret_cast<std::byte*>(framed.data()) + Xerial::kHeaderSize, length);
        const auto unframed = decompressor.decompress(Codec::snappy, as_bytes(framed));
        REQUIRE_FALSE(unframed);
        CHECK(unframed.error().kind == ErrorKind::corrupt);
    }
}

TEST_CASE("limit: many framed snappy blocks together must not exceed it", "[record][limit]") {
    Decompressor decompressor;
    const std::string text(32 * std::size_t{1024}, '\0');
    std::string block;
    snappy::Compress(text.data(), text.size(), &block);
    std::string framed = compressed(Codec::snappy, "");
    std::string length(Xerial::kLengthSize, '\0');
    store_big_endian(reinterpret_cast<std::byte*>(length.data()),
                     static_cast<std::int32_t>(block.size()));
    for (std::size_t size = 0; size <= 100 * kMiB; size += text.size()) {
        framed += length + block;
    }
    const auto plain = decompressor.decompress(Codec::snappy, as_bytes(framed));
    REQUIRE_FALSE(plain);
    CHECK(plain.error().kind == ErrorKind::limit);
}

}  // namespace
}  // namespace hw::record
