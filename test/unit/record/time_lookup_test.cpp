#include "protocol/record/time_lookup.h"

#include <catch2/catch.hpp>

#include "protocol/record/batch_patch.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

/// Timestamps, relative to kNow: 10, 30, 20, 30, 40 at offsets 100, 101, 105, 106, 107.
Buffer batch_in(Codec codec) {
    auto records = test::plain_records(5);
    const std::array<std::int64_t, 5> times{10, 30, 20, 30, 40};
    const std::array<std::int32_t, 5> deltas{0, 1, 5, 6, 7};
    for (std::size_t i = 0; i < records.size(); ++i) {
        records[i].timestamp = test::kNow + times[i];
        records[i].offset_delta = deltas[i];
    }
    BatchOptions options;
    options.base_offset = Offset{100};
    options.compression.codec = codec;
    return test::build(records, options);
}

std::optional<TimestampedOffset> found(const Buffer& bytes, std::int64_t target,
                                       std::int64_t start = 0) {
    RecordScanner scanner;
    const auto result =
        find_by_timestamp(test::parsed(bytes.view()), test::kNow + target, Offset{start}, scanner);
    REQUIRE(result);
    return *result;
}

TEST_CASE("time lookup: the first record at or after the time is found, in every codec",
          "[record][time]") {
    for (const Codec codec : test::kCodecs) {
        CAPTURE(to_string(codec));
        const Buffer bytes = batch_in(codec);
        CHECK(found(bytes, -1000) == TimestampedOffset{Offset{100}, test::kNow + 10});
        CHECK(found(bytes, 10) == TimestampedOffset{Offset{100}, test::kNow + 10});
        CHECK(found(bytes, 11) == TimestampedOffset{Offset{101}, test::kNow + 30});
        CHECK(found(bytes, 31) == TimestampedOffset{Offset{107}, test::kNow + 40});
        CHECK(found(bytes, 41) == std::nullopt);
    }
}

TEST_CASE("time lookup: records below the start offset are skipped", "[record][time]") {
    const Buffer bytes = batch_in(Codec::lz4);
    CHECK(found(bytes, 0, 102) == TimestampedOffset{Offset{105}, test::kNow + 20});
    CHECK(found(bytes, 25, 102) == TimestampedOffset{Offset{106}, test::kNow + 30});
    CHECK(found(bytes, 0, 108) == std::nullopt);
}

TEST_CASE("time lookup: with log append time the first record of the batch is found",
          "[record][time]") {
    Buffer bytes = batch_in(Codec::zstd);
    set_timestamps(bytes.bytes(), TimestampType::log_append_time, test::kNow + 500);
    CHECK(found(bytes, 500) == TimestampedOffset{Offset{100}, test::kNow + 500});
    CHECK(found(bytes, 501) == std::nullopt);
}

TEST_CASE("time lookup: a batch that cannot be decompressed is an error, not an empty result",
          "[record][time]") {
    const Buffer bytes = test::batch_of(as_bytes("no gzip"), 3, Codec::gzip);
    RecordScanner scanner;
    const auto result =
        find_by_timestamp(test::parsed(bytes.view()), test::kNow, Offset{0}, scanner);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::corrupt);
}

}  // namespace
}  // namespace hw::record
