#include "protocol/wire/varint.h"

#include <array>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"

namespace hw::wire {
namespace {

TEST_CASE("varint: any value is stored in varint_size bytes and loads unchanged",
          "[wire][varint]") {
    Random random(3);
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t value = random.next() >> random.below(64);
        std::array<std::byte, kMaxVarint64> bytes{};
        const std::byte* end = store_varint(bytes.data(), value);
        REQUIRE(static_cast<std::size_t>(end - bytes.data()) == varint_size(value));
        std::uint64_t loaded = 0;
        REQUIRE(load_varint(bytes.data(), end, 64, loaded) == end);
        REQUIRE(loaded == value);
        REQUIRE(load_varint(bytes.data(), end - 1, 64, loaded) == nullptr);
    }
}

TEST_CASE("varint: a value with more bits than requested is refused", "[wire][varint]") {
    std::array<std::byte, kMaxVarint64> bytes{};
    std::uint64_t loaded = 0;
    const std::byte* end = store_varint(bytes.data(), std::uint64_t{UINT32_MAX} + 1);
    CHECK(load_varint(bytes.data(), end, 32, loaded) == nullptr);
    end = store_varint(bytes.data(), UINT32_MAX);
    CHECK(load_varint(bytes.data(), end, 32, loaded) == end);
    bytes.fill(std::byte{0xFF});
    CHECK(load_varint(bytes.data(), bytes.data() + bytes.size(), 64, loaded) == nullptr);
}

TEST_CASE("varint: zig-zag keeps small magnitudes small", "[wire][varint]") {
    CHECK(zigzag(0) == 0);
    CHECK(zigzag(-1) == 1);
    CHECK(zigzag(1) == 2);
    CHECK(unzigzag(zigzag(INT32_MIN)) == INT32_MIN);
    CHECK(unzigzag(zigzag(INT64_MAX)) == INT64_MAX);
    CHECK(unzigzag(zigzag(INT64_MIN)) == INT64_MIN);
}

}  // namespace
}  // namespace hw::wire
