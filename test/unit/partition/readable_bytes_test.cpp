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
