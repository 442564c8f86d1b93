#include "protocol/record/record_scanner.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/compressor.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

std::int32_t length_of(const test::Text& text) {
    return text ? static_cast<std::int32_t>(text->size()) : -1;
}

/// Checks that a scan of `bytes` reports `records`, in order.
void check_scan(RecordScanner& scanner, ByteView bytes,
                const std::vector<test::OwnedRecord>& records) {
    REQUIRE(scanner.start(test::parsed(bytes)));
    RecordSummary summary;
    for (const test::OwnedRecord& record : records) {
        REQUIRE(scanner.next(summary));
        REQUIRE(summary.offset_delta == record.offset_delta);
        REQUIRE(summary.timestamp == record.timestamp);
        REQUIRE(summary.key_length == length_of(record.key));
        REQUIRE(summary.value_length == length_of(record.value));
    }
    REQUIRE_FALSE(scanner.next(summary));
    REQUIRE(scanner.status());
}

TEST_CASE("scan: a scan of random batches in all codecs reports their records", "[record][scan]") {
    const std::uint64_t seed = 11;
    CAPTURE(seed);
    Random random(seed);
    RecordScanner scanner;
    for (int round = 0; round < 60; ++round) {
        const auto records = test::random_records(random, round % 3 == 0 ? 20'000 : 300);
        const std::uint64_t plain_size = test::build(records).size() - BatchLayout::kHeaderSize;
        for (const Codec codec : test::kCodecs) {
            CAPTURE(round, to_string(codec));
            const Buffer batch = test::build(records, codec);
            check_scan(scanner, batch.view(), records);
            REQUIRE(scanner.scanned_bytes() == plain_size);
        }
    }
}

TEST_CASE("scan: records that cross the end of the window at any byte are read whole",
          "[record][scan]") {
    RecordScanner scanner;
    for (std::size_t shift = 0; shift < 60; ++shift) {
        auto records = test::plain_records(3);
        records[0].value = std::string(RecordScanner::kWindow - 70 + shift, 'a');
        records[1].headers = {{"first", "1"}, {"second", std::nullopt}};
        for (const Codec codec : {Codec::lz4, Codec::zstd, Codec::snappy}) {
            CAPTURE(shift, to_string(codec));
            check_scan(scanner, test::build(records, codec).view(), records);
        }
    }
}

TEST_CASE("scan: a record that is larger than several windows is skipped correctly",
          "[record][scan]") {
    RecordScanner scanner;
    auto records = test::plain_records(3);
    records[0].key = std::string(3 * RecordScanner::kWindow + 17, 'k');
    records[1].value = std::string(RecordScanner::kWindow, 'v');
    records[1].headers = {{std::string(2 * RecordScanner::kWindow, 'h'), "x"}};
    for (const Codec codec : test::kCodecs) {
        CAPTURE(to_string(codec));
        check_scan(scanner, test::build(records, codec).view(), records);
    }
}

TEST_CASE("scan: fewer or more compressed records than announced are refused", "[record][scan]") {
    RecordScanner scanner;
    RecordSummary summary;
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        for (const std::int32_t announced : {2, 4}) {
            CAPTURE(to_string(codec), announced);
            Buffer bytes = test::build(test::plain_records(3), codec);
            store_big_endian(bytes.data() + BatchLayout::kCount, announced);
            REQUIRE(scanner.start(test::parsed(bytes.view())));
            while (scanner.next(summary)) {
            }
            const auto status = scanner.status();
            REQUIRE_FALSE(status);
            CHECK(status.error().kind == ErrorKind::corrupt);
        }
    }
}

TEST_CASE("scan: a record that is longer than the rest of its batch is refused", "[record][scan]") {
    // A record that claims about 2^30 bytes, with a value of 2^30 bytes, of which only 3 exist.
    const std::vector<std::byte> raw = {
        std::byte{0xA8}, std::byte{0x80}, std::byte{0x80}, std::byte{0x80}, std::byte{0x08},
        std::byte{0},    std::byte{0},    std::byte{0},    std::byte{1},    std::byte{0x80},
        std::byte{0x80}, std::byte{0x80}, std::byte{0x80}, std::byte{0x08}, std::byte{'a'},
        std::byte{'b'},  std::byte{'c'}};
    Compressor compressor;
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        CAPTURE(to_string(codec));
        Buffer compressed(Compressor::bound(codec, raw.size()));
        const auto size = compressor.compress({codec, {}}, raw, compressed.bytes());
        REQUIRE(size);
        const Buffer bytes = test::batch_of(compressed.view().first(*size), 1, codec);
        RecordScanner scanner;
        RecordSummary summary;
        REQUIRE(scanner.start(test::parsed(bytes.view())));
        CHECK_FALSE(scanner.next(summary));
        CHECK_THAT(scanner.status().error().message, Catch::Contains("longer than what is left"));
    }
}

TEST_CASE("scan: a key that extends beyond its record is refused before it is skipped",
          "[record][scan]") {
    // A record that claims 1000 bytes and a key of 2000 bytes. The batch holds only a few of them.
    const std::array raw{std::byte{0xD0}, std::byte{0x0F}, std::byte{0},    std::byte{0},
                         std::byte{0},    std::byte{0xA0}, std::byte{0x1F}, std::byte{'k'}};
    const Buffer bytes = test::batch_of(raw, 1);
    RecordScanner scanner;
    RecordSummary summary;
    REQUIRE(scanner.start(test::parsed(bytes.view())));
    CHECK_FALSE(scanner.next(summary));
    CHECK_THAT(scanner.status().error().message, Catch::Contains("points beyond its end"));
}

TEST_CASE("scan: an unknown codec is unsupported", "[record][scan]") {
    Buffer bytes = test::build(test::plain_records(1));
    store_big_endian(bytes.data() + BatchLayout::kAttributes, std::int16_t{6});
    RecordScanner scanner;
    const auto started = scanner.start(test::parsed(bytes.view()));
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == ErrorKind::unsupported);
}

}  // namespace
}  // namespace hw::record
