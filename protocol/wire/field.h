#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/nullable.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

/// Functions that the generated codecs call to read and write whole fields, in either form. A
/// failed read leaves the reader failed and returns an empty value or null.
namespace hw::wire {

/// Loads a value from bytes that Reader::take has checked, and moves `at` behind it.
template <std::integral T>
[[nodiscard]] T load(const std::byte*& at) {
    const T value = load_big_endian<T>(at);
    at += sizeof(T);
    return value;
}
[[nodiscard]] inline bool load_bool(const std::byte*& at) {
    return load<std::uint8_t>(at) != 0;
}
[[nodiscard]] inline double load_float64(const std::byte*& at) {
    return std::bit_cast<double>(load<std::uint64_t>(at));
}
[[nodiscard]] inline Uuid load_uuid(const std::byte*& at) {
    const auto high = load<std::uint64_t>(at);
    const auto low = load<std::uint64_t>(at);
    return {high, low};
}

[[nodiscard]] inline std::int64_t read_length32(Reader& in, Form form) {
    return form == Form::compact ? in.length_compact() : in.length32();
}

[[nodiscard]] inline std::string_view read_string(Reader& in, Form form, Null null) {
    const std::int64_t length = form == Form::compact ? in.length_compact() : in.length16();
    if (length == -1 && null == Null::allowed) {
        return {};
    }
    if (length > static_cast<std::int64_t>(kMaxString)) [[unlikely]] {
        in.fail("a string is longer than 32767 bytes");
        return {};
    }
    return in.string(length);
}

[[nodiscard]] inline ByteView read_bytes(Reader& in, Form form, Null null) {
    const std::int64_t length = read_length32(in, form);
    if (length == -1 && null == Null::allowed) {
        return {};
    }
    return in.bytes(length);
}

/// Reads a records field as one slice of the input. Only the slice object is allocated in the
/// arena; the bytes are not copied.
[[nodiscard]] inline Records read_records(Reader& in, Form form, Null null) {
    const std::int64_t length = read_length32(in, form);
    if (length == -1 && null == Null::allowed) {
        return Records::null();
    }
    const ByteView bytes = in.bytes(length);
    ByteView* slice = bytes.empty() ? nullptr : in.elements<ByteView>(1, 0);
    return slice == nullptr ? Records() : Records(new (slice) ByteView(bytes), 1);
}

/// Reads an array; `one(T&)` reads an element, `min_size` is the smallest size of one in bytes.
template <class T, class One>
[[nodiscard]] Array<T> read_array(Reader& in, Form form, Null null, std::size_t min_size, One one) {
    const std::int64_t count = read_length32(in, form);
    if (count == -1 && null == Null::allowed) {
        return Array<T>::null();
    }
    T* items = count == 0 ? nullptr : in.elements<T>(count, min_size);
    if (items == nullptr) {
        return {};
    }
    const auto size = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < size; ++i) {
        one(*new (items + i) T{});
        if (in.failed()) [[unlikely]] {
            return {};
        }
    }
    return Array<T>(items, size);
}

/// Reads an array of fixed-size values with one length check. `one(at)` loads a value and moves
/// `at`; `width` is the size of a value in bytes.
template <class T, class One>
[[nodiscard]] Array<T> read_numbers(Reader& in, Form form, Null null, std::size_t width, One one) {
    const std::int64_t count = read_length32(in, form);
    if (count == -1 && null == Null::allowed) {
        return Array<T>::null();
    }
    T* items = count == 0 ? nullptr : in.elements<T>(count, width);
    if (items == nullptr) {
        return {};
    }
    const auto size = static_cast<std::size_t>(count);
    const std::byte* at = in.take(size * width);
    for (std::size_t i = 0; i < size; ++i) {
        new (items + i) T(one(at));
    }
    return Array<T>(items, size);
}

/// Reads a struct into the arena.
template <class T, class One>
[[nodiscard]] const T* read_one(Reader& in, One one) {
    T* item = in.elements<T>(1, 0);
    if (item != nullptr) {
        one(*new (item) T{});
    }
    return item;
}

/// Reads a struct that may be null. Its first byte is negative for null.
template <class T, class One>
[[nodiscard]] const T* read_nullable(Reader& in, One one) {
    const bool absent = in.integer<std::int8_t>() < 0;
    return absent || in.failed() ? nullptr : read_one<T>(in, one);
}

/// The same for a tagged field, where the struct follows a uvarint that is zero for null.
template <class T, class One>
[[nodiscard]] const T* read_tagged_nullable(Reader& in, One one) {
    const bool absent = in.uvarint() == 0;
    return absent || in.failed() ? nullptr : read_one<T>(in, one);
}

inline void write_length32(Writer& out, std::int64_t length, Form form) {
    if (form == Form::compact) {
        out.length_compact(length);
    } else {
        out.length32(length);
    }
}

inline void write_string(Writer& out, std::string_view text, Form form, Null null) {
    const bool absent = null == Null::allowed && is_null(text);
    const std::int64_t length = absent ? -1 : static_cast<std::int64_t>(text.size());
    if (form == Form::compact) {
        out.length_compact(length);
    } else {
        out.length16(length);
    }
    out.string(text);
}

inline void write_bytes(Writer& out, ByteView bytes, Form form, Null null) {
    const bool absent = null == Null::allowed && is_null(bytes);
    write_length32(out, absent ? -1 : static_cast<std::int64_t>(bytes.size()), form);
    out.bytes(bytes);
}

inline void write_records(Writer& out, const Records& records, Form form, Null) {
    const auto size = static_cast<std::int64_t>(total_size(records));
    write_length32(out, records.is_null() ? -1 : size, form);
    out.outside(records);
}

template <class T>
void write_count(Writer& out, const Array<T>& array, Form form) {
    write_length32(out, array.is_null() ? -1 : static_cast<std::int64_t>(array.size()), form);
}

}  // namespace hw::wire
