#include "protocol/base/random.h"

#include <array>

#include <catch2/catch.hpp>

namespace hw {
namespace {

TEST_CASE("random: the same seed gives the same numbers on every machine", "[base][random]") {
    Random random(42);
    CHECK(random.next() == 0x15780b2e0c2ec716);
    CHECK(random.next() == 0x6104d9866d113a7e);
    CHECK(random.next() == 0xae17533239e499a1);
}

TEST_CASE("random: between gives each number of its range, both ends included", "[base][random]") {
    Random random(1);
    std::array<int, 3> seen{};
    for (int i = 0; i < 1000; ++i) {
        const std::int64_t value = random.between(-1, 1);
        REQUIRE(value >= -1);
        REQUIRE(value <= 1);
        ++seen[static_cast<std::size_t>(value + 1)];
    }
    for (const int count : seen) {
        CHECK(count > 200);
    }
    CHECK(random.between(5, 5) == 5);
    static_cast<void>(random.between(INT64_MIN, INT64_MAX));
}

}  // namespace
}  // namespace hw
