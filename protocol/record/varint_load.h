#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/wire/varint.h"

namespace hw::record {

/// A varint's value and the position after it. Small enough to be returned in registers.
struct LoadedVarint {
    const std::byte* after = nullptr;  ///< nullptr if the varint is cut short or too large
    std::uint64_t raw = 0;
};

/// Loads a varint of any length.
[[nodiscard]] LoadedVarint load_long_varint(const std::byte* from, const std::byte* end,
                                            unsigned max_bits);

// The functions below are always inlined: a loop over records does little else, and would run at
// half the speed if the cursor and the numbers were kept in memory instead of registers.

/// Loads a varint and moves `at` behind it; fast for one and two bytes. Returns false and leaves
/// `at` unchanged if the varint is cut short or too large for `max_bits`.
[[nodiscard, gnu::always_inline]] inline bool take_varint(const std::byte*& at,
                                                          const std::byte* end, unsigned max_bits,
                                                          std::uint64_t& raw) {
    if (end - at >= 2) [[likely]] {
        const auto first = std::to_integer<std::uint64_t>(at[0]);
        if (first < 0x80) [[likely]] {
            raw = first;
            at += 1;
            return true;
        }
        const auto second = std::to_integer<std::uint64_t>(at[1]);
        if (second < 0x80) [[likely]] {
            raw = (second << 7) | (first & 0x7F);
            at += 2;
            return true;
        }
    }
    const LoadedVarint loaded = load_long_varint(at, end, max_bits);
    if (loaded.after == nullptr) {
        return false;
    }
    raw = loaded.raw;
    at = loaded.after;
    return true;
}

/// The same for signed, zig-zag coded numbers.
[[nodiscard, gnu::always_inline]] inline bool take_int32(const std::byte*& at, const std::byte* end,
                                                         std::int32_t& value) {
    std::uint64_t raw = 0;
    const bool taken = take_varint(at, end, 32, raw);
    value = wire::unzigzag(static_cast<std::uint32_t>(raw));
    return taken;
}

[[nodiscard, gnu::always_inline]] inline bool take_int64(const std::byte*& at, const std::byte* end,
                                                         std::int64_t& value) {
    std::uint64_t raw = 0;
    const bool taken = take_varint(at, end, 64, raw);
    value = wire::unzigzag(raw);
    return taken;
}

}  // namespace hw::record
