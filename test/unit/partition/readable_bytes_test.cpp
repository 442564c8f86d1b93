#include "replication/partition/readable_bytes.h"

#include <catch2/catch.hpp>

namespace hw::replication {
namespace {

TEST_CASE("readable bytes: a write counts when the watermark has passed all of it",
          "[partition][wait]") {
    ReadableBytes bytes;
    bytes.on_written(Offset(10), 100);
    bytes.on_written(Offset(20), 50);
    bytes.on_written(Offset(30), 25);
    CHECK(bytes.total() == 0);
    bytes.on_high_watermark(Offset(19));
    CHECK(bytes.total() == 100);
    bytes.on_high_watermark(Offset(30));
    CHECK(bytes.total() == 175);
}

TEST_CASE("readable bytes: what a truncation leaves of a write counts", "[partition][wait]") {
    ReadableBytes bytes;
    bytes.on_written(Offset(10), 100);
    bytes.on_written(Offset(20), 50);
    bytes.on_written(Offset(30), 25);
    SECTION("cut inside of a write") {
        bytes.on_truncated(Offset(15));
        bytes.on_high_watermark(Offset(14));
        CHECK(bytes.total() == 100);
        bytes.on_high_watermark(Offset(15));
        CHECK(bytes.total() == 150);
    }
    SECTION("cut between two writes") {
        bytes.on_truncated(Offset(20));
        bytes.on_high_watermark(Offset(20));
        CHECK(bytes.total() == 150);
    }
    SECTION("cut inside of the first") {
        bytes.on_truncated(Offset(5));
        bytes.on_high_watermark(Offset(5));
        CHECK(bytes.total() == 100);
    }
    bytes.on_written(Offset(40), 8);
    bytes.on_high_watermark(Offset(40));
    CHECK(bytes.total() == bytes.written());
}

TEST_CASE("readable bytes: writes beyond the limit are merged with the last one",
          "[partition][wait]") {
    ReadableBytes bytes;
    constexpr auto kWrites = static_cast<std::int64_t>(ReadableBytes::kMaxWrites);
    for (std::int64_t write = 1; write <= kWrites + 2; ++write) {
        bytes.on_written(Offset(write), 1);
    }
    bytes.on_high_watermark(Offset(kWrites - 1));
    CHECK(bytes.total() == static_cast<std::uint64_t>(kWrites - 1));
    bytes.on_high_watermark(Offset(kWrites + 1));
    CHECK(bytes.total() == static_cast<std::uint64_t>(kWrites - 1));
    bytes.on_high_watermark(Offset(kWrites + 2));
    CHECK(bytes.total() == static_cast<std::uint64_t>(kWrites + 2));
}

}  // namespace
}  // namespace hw::replication
