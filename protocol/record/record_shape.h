#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/base/bytes.h"
#include "protocol/record/varint_load.h"

namespace hw::record {

/// One parsed record: its numbers, and pointers to its key, value and headers. A length of -1 means
/// null.
struct RecordShape {
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
    std::int32_t key_length = -1;
    std::int32_t value_length = -1;
    std::int32_t header_count = 0;
    const std::byte* key = nullptr;
    const std::byte* value = nullptr;
    const std::byte* headers = nullptr;
};

/// Reads a length of -1 or more, and sets `bytes` to the start of as many bytes. False if the
/// length is invalid or the bytes are cut short.
[[nodiscard, gnu::always_inline]] inline bool take_bytes(const std::byte*& at, const std::byte* end,
                                                         const std::byte*& bytes,
                                                         std::int32_t& length) {
    if (!take_int32(at, end, length) || length < -1 || length > end - at) [[unlikely]] {
        return false;
    }
    bytes = at;
    at += length > 0 ? length : 0;
    return true;
}

/// Checks that [at, end) holds exactly `count` headers. Returns nullptr, or the violation.
[[nodiscard, gnu::always_inline]] inline const char* check_headers(const std::byte* at,
                                                                   const std::byte* end,
                                                                   std::int32_t count) {
    for (; count > 0; --count) {
        const std::byte* bytes = nullptr;
        std::int32_t key_length = 0;
        std::int32_t value_length = 0;
        if (!take_bytes(at, end, bytes, key_length) || key_length < 0 ||
            !take_bytes(at, end, bytes, value_length)) [[unlikely]] {
            return "one of its headers is cut short or has a negative length";
        }
    }
    return at == end ? nullptr : "bytes are left in it after its headers";
}

/// Parses the record in [at, end), which begins after its length field. Returns nullptr, or the
/// violation.
[[nodiscard, gnu::always_inline]] inline const char* load_shape(const std::byte* at,
                                                                const std::byte* end,
                                                                RecordShape& shape) {
    if (at == end) [[unlikely]] {
        return "it is empty";
    }
    ++at;  // its attributes
    if (!take_int64(at, end, shape.timestamp_delta) || !take_int32(at, end, shape.offset_delta))
        [[unlikely]] {
        return "a number in it is cut short or too large";
    }
    if (!take_bytes(at, end, shape.key, shape.key_length)) [[unlikely]] {
        return "its key is cut short or has a negative length";
    }
    if (!take_bytes(at, end, shape.value, shape.value_length)) [[unlikely]] {
        return "its value is cut short or has a negative length";
    }
    if (!take_int32(at, end, shape.header_count) || shape.header_count < 0) [[unlikely]] {
        return "its header count is cut short or negative";
    }
    shape.headers = at;
    return check_headers(at, end, shape.header_count);
}

}  // namespace hw::record
