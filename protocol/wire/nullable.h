#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/wire/array.h"

namespace hw::wire {

/// How lengths and counts are encoded: as integers of a fixed width, or, in the flexible versions
/// of KIP-482, as unsigned varints of the length plus one.
enum class Form : std::uint8_t { fixed, compact };

/// Whether a field may be null: never (in no version), refused (not in this version) or allowed (in
/// this version). If never, a null pointer means empty (see is_null).
enum class Null : std::uint8_t { never, refused, allowed };

/// Longest string in a message, in bytes. Kafka refuses longer ones in both forms.
inline constexpr std::size_t kMaxString = 32767;

/// Strings and byte sequences are null when their pointer is null. So in a field that may be null,
/// an empty value needs a pointer that is not null: `""`, kEmptyBytes, or a view into a message. In
/// a field that can never be null, both mean empty.
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

/// True if the value is empty but not null.
template <class T>
[[nodiscard]] constexpr bool is_empty(const T& value) {
    return value.empty() && !is_null(value);
}

inline constexpr std::byte kNoByte{};
inline constexpr ByteView kEmptyBytes{&kNoByte, 0};

}  // namespace hw::wire
