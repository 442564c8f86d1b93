#include "protocol/record/batch_builder.h"

#include <string>

#include <catch2/catch.hpp>

#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

TEST_CASE("builder: random batches in all codecs come back record for record",
          "[record][builder]") {
    const std::uint64_t seed = 31;
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 100; ++round) {
        const auto records = test::random_records(random, round % 10 == 0 ? 100'000 : 500);
        for (const Codec codec : test::kCodecs) {
            CAPTURE(round, to_string(codec));
            const Buffer bytes = test::build(records, codec);
            const BatchView batch = test::parsed(bytes.view());
            REQUIRE(batch.size() == bytes.size());
            REQUIRE(batch.crc_matches());
            REQUIRE(test::read_all(batch) == records);
        }
    }
}

TEST_CASE("builder: base timestamp is the first record's, max timestamp the largest",
          "[record][builder]") {
    auto records = test::plain_records(3);
    records[0].timestamp = test::kNow + 5;
    records[1].timestamp = test::kNow + 50;
    records[2].timestamp = test::kNow - 50;
    const Buffer bytes = test::build(records);
    const BatchView batch = test::parsed(bytes.view());
    CHECK(batch.base_timestamp() == test::kNow + 5);
    CHECK(batch.max_timestamp() == test::kNow + 50);
    CHECK(test::read_all(batch) == records);
}

TEST_CASE("builder: gaps between offsets are kept", "[record][builder]") {
    auto records = test::plain_records(3);
    records[1].offset_delta = 7;
    records[2].offset_delta = 1'000'000;
    const Buffer bytes = test::build(records);
    const BatchView batch = test::parsed(bytes.view());
    CHECK(batch.count() == 3);
    CHECK(batch.last_offset_delta() == 1'000'000);
    CHECK(test::read_all(batch) == records);
}

TEST_CASE("builder: after finishing a batch it builds the next one like a new builder",
          "[record][builder]") {
    Compressor compressor;
    BatchBuilder builder(BatchOptions{});
    const NewRecord late{.key = {}, .value = as_bytes("v"), .headers = {}, .timestamp = test::kNow};
    const NewRecord early{
        .key = {}, .value = as_bytes("v"), .headers = {}, .timestamp = test::kNow - 9};
    builder.add(late);
    builder.add(late);
    REQUIRE(builder.finish(compressor));
    builder.add(early);
    CHECK(builder.count() == 1);
    const std::size_t announced = builder.uncompressed_size();
    const auto bytes = builder.finish(compressor);
    REQUIRE(bytes);
    CHECK(bytes->size() == announced);
    const BatchView batch = test::parsed(bytes->view());
    CHECK(batch.count() == 1);
    CHECK(batch.last_offset_delta() == 0);
    CHECK(batch.base_timestamp() == test::kNow - 9);
    CHECK(batch.max_timestamp() == test::kNow - 9);
}

TEST_CASE("builder: a compression level that the codec does not have is refused",
          "[record][builder]") {
    Compressor compressor;
    BatchOptions options;
    options.compression = {Codec::gzip, 12};
    BatchBuilder builder(options);
    builder.add({.key = {}, .value = as_bytes("v"), .headers = {}, .timestamp = test::kNow});
    const auto bytes = builder.finish(compressor);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().kind == ErrorKind::invalid);
}

}  // namespace
}  // namespace hw::record
