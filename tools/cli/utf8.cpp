#include "tools/cli/utf8.h"

#include <algorithm>
#include <cstdint>

namespace hw::cli {
namespace {

/// What may follow a first byte: how many bytes, and from where to where the first of them goes,
/// which keeps out overlong forms, surrogates and what is beyond U+10FFFF.
struct Sequence {
    std::size_t following;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
};

constexpr std::size_t kNone = 4;

Sequence sequence_of(std::uint8_t first) {
    if (first < 0x80) {
        return {0};
    }
    if (first < 0xc2 || first > 0xf4) {
        return {kNone};
    }
    if (first < 0xe0) {
        return {1};
    }
    if (first < 0xf0) {
        return {2, static_cast<std::uint8_t>(first == 0xe0 ? 0xa0 : 0x80),
                static_cast<std::uint8_t>(first == 0xed ? 0x9f : 0xbf)};
    }
    return {3, static_cast<std::uint8_t>(first == 0xf0 ? 0x90 : 0x80),
            static_cast<std::uint8_t>(first == 0xf4 ? 0x8f : 0xbf)};
}

}  // namespace

bool is_utf8(ByteView bytes) {
    while (!bytes.empty()) {
        const auto [following, low, high] =
            sequence_of(std::to_integer<std::uint8_t>(bytes.front()));
        if (following >= bytes.size() || following == kNone) {
            return false;
        }
        const ByteView rest = bytes.subspan(1, following);
        if (!rest.empty() && (rest[0] < std::byte{low} || rest[0] > std::byte{high})) {
            return false;
        }
        if (!std::ranges::all_of(
                rest, [](std::byte b) { return (b & std::byte{0xc0}) == std::byte{0x80}; })) {
            return false;
        }
        bytes = bytes.subspan(1 + following);
    }
    return true;
}

}  // namespace hw::cli
