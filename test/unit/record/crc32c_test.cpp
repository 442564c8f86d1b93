#include "protocol/record/crc32c.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::record {
namespace {

/// The CRC computed bit by bit, as RFC 3720 defines it.
std::uint32_t by_definition(ByteView bytes) {
    std::uint32_t state = ~0U;
    for (const std::byte byte : bytes) {
        state ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            state = (state >> 1) ^ ((state & 1) != 0 ? 0x82F6'3B78U : 0U);
        }
    }
    return ~state;
}

TEST_CASE("crc32c: the test vectors of RFC 3720 give the values of the RFC", "[record][crc32c]") {
    std::array<std::byte, 32> bytes{};
    CHECK(crc32c(bytes) == 0x8A91'36AA);
    bytes.fill(std::byte{0xFF});
    CHECK(crc32c(bytes) == 0x62A8'AB43);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i);
    }
    CHECK(crc32c(bytes) == 0x46DD'794E);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(31 - i);
    }
    CHECK(crc32c(bytes) == 0x113F'DB5C);
    CHECK(crc32c(as_bytes("123456789")) == 0xE306'9283);
    CHECK(crc32c({}) == 0);
}

TEST_CASE("crc32c: the value agrees with the definition for every length and alignment",
          "[record][crc32c]") {
    std::vector<std::byte> bytes(1200);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i * 131 + i / 256);
    }
    for (std::size_t size = 0; size < 1100; size += 1 + size / 16) {
        for (std::size_t start = 0; start < 9; ++start) {
            const ByteView part = ByteView(bytes).subspan(start, size);
            REQUIRE(crc32c(part) == by_definition(part));
        }
    }
}

TEST_CASE("crc32c: a CRC that is continued over two parts equals that of the whole",
          "[record][crc32c]") {
    const std::string text(3000, 'q');
    const ByteView whole = as_bytes(text);
    for (std::size_t cut = 0; cut <= whole.size(); cut += 97) {
        REQUIRE(crc32c(whole.subspan(cut), crc32c(whole.first(cut))) == crc32c(whole));
    }
}

}  // namespace
}  // namespace hw::record
