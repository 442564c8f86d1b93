#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace hw::wire {

/// Maximum sizes of varints in bytes. Kafka's variable-length integers have 7 bits per byte, least
/// significant first; the high bit is set on all bytes but the last. Signed ones are zig-zag coded.
inline constexpr std::size_t kMaxVarint32 = 5;
inline constexpr std::size_t kMaxVarint64 = 10;

[[nodiscard]] constexpr std::uint32_t zigzag(std::int32_t value) {
    return (static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31);
}
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int32_t unzigzag(std::uint32_t value) {
    return static_cast<std::int32_t>((value >> 1) ^ (~(value & 1) + 1));
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

/// Size of `value` as an unsigned varint: 1 to 10 bytes.
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// Writes `value` and returns the position after it. The caller provides room for
/// varint_size(value) bytes.
inline std::byte* store_varint(std::byte* to, std::uint64_t value) {
    while (value >= 0x80) {
        *to++ = static_cast<std::byte>(value | 0x80);
        value >>= 7;
    }
    *to++ = static_cast<std::byte>(value);
    return to;
}

/// Reads an unsigned varint of at most `max_bits` (32 or 64) from [from, end). Returns the position
/// after it, or nullptr if it is cut short or too large.
[[nodiscard]] inline const std::byte* load_varint(const std::byte* from, const std::byte* end,
                                                  unsigned max_bits, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; from != end && shift < max_bits; shift += 7) {
        const auto byte = std::to_integer<std::uint64_t>(*from++);
        const std::uint64_t bits = byte & 0x7F;
        if (shift + 7 > max_bits && (bits >> (max_bits - shift)) != 0) {
            return nullptr;
        }
        value |= bits << shift;
        if (byte < 0x80) {
            return from;
        }
    }
    return nullptr;
}

}  // namespace hw::wire
