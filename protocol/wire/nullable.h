#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/wire/array.h"

namespace hw::wire {

/// How lengths and counts look in a message: integers of a fixed width, or, in the flexible
/// versions of KIP-482, unsigned varints of the length plus one.
enum class Form : std::uint8_t { fixed, compact };

/// Whether a field may be null in the version at hand: in no version, not in this one, or yes. A
/// text that can never be null may point nowhere when it is empty (see below).
enum class Null : std::uint8_t { never, refused, allowed };

/// The longest text of a message: Kafka refuses longer ones in both forms.
inline constexpr std::size_t kMaxString = 32767;

/// Texts and byte sequences are null when they point nowhere. Where a field may be null, an empty
/// value must therefore point somewhere: `""`, kEmptyBytes, or a view into a message. Where it may
/// not, both mean empty.
[[nodiscard]] constexpr bool is_null(std::string_view text) {
    return text.data() == nullptr;
}
[[nodiscard]] constexpr bool is_null(ByteView bytes) {
    return bytes.data() == nullptr;
}
template <class T>
[[nodiscard]] constexpr bool is_null(const Array<T>& array) {
    return array.is_null();
}

/// Empty, and not null.
template <class T>
[[nodiscard]] constexpr bool is_empty(const T& value) {
    return value.empty() && !is_null(value);
}

inline constexpr std::byte kNoByte{};
inline constexpr ByteView kEmptyBytes{&kNoByte, 0};

}  // namespace hw::wire
