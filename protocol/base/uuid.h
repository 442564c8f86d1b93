#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "protocol/base/result.h"

namespace hw {

class Entropy;

/// A 128-bit id: 16 bytes big-endian on the wire, 22 characters of unpadded base64url as text (as
/// Kafka prints topic and directory ids). All zero means "none".
struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    constexpr auto operator<=>(const Uuid&) const = default;
    [[nodiscard]] constexpr bool is_zero() const { return high == 0 && low == 0; }
};

[[nodiscard]] std::string to_string(const Uuid& uuid);

/// Reads 22 characters of base64url. Errors: invalid.
[[nodiscard]] Result<Uuid> parse_uuid(std::string_view text);

/// A version 4 uuid (RFC 9562) whose text does not start with a dash, because a command line would
/// read that as an option.
[[nodiscard]] Uuid random_uuid(Entropy& entropy);

}  // namespace hw

template <>
struct std::hash<hw::Uuid> {
    /// Uuids of this system are random, so both halves combined are a good hash.
    std::size_t operator()(const hw::Uuid& uuid) const { return uuid.high ^ uuid.low; }
};

template <>
struct fmt::formatter<hw::Uuid> : fmt::formatter<std::string_view> {
    auto format(const hw::Uuid& uuid, fmt::format_context& context) const {
        return fmt::formatter<std::string_view>::format(hw::to_string(uuid), context);
    }
};
