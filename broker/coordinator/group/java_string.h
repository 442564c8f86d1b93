#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Strings as Java has them: UTF-16. Two facts of the protocol depend on it: the partition of a
/// group, and the limit of an offset's metadata. The text is UTF-8; what is not counts as U+FFFD,
/// byte for byte.
namespace hw::broker {

/// String.hashCode.
[[nodiscard]] std::int32_t java_hash(std::string_view text);
/// String.length.
[[nodiscard]] std::size_t java_length(std::string_view text);

}  // namespace hw::broker
