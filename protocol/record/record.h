#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"

namespace hw::record {

/// One record of a batch, format v2. All numbers except the attributes are zig-zag varints.
///
/// | field | type | meaning |
/// |---|---|---|
/// | length | int32 | bytes after this field |
/// | attributes | int8, one byte | unused: written 0, ignored when read |
/// | timestamp delta | int64 | from the batch's base timestamp |
/// | offset delta | int32 | from the batch's base offset |
/// | key length | int32 | -1: null key |
/// | key | | |
/// | value length | int32 | -1: null value, a tombstone in a compacted topic |
/// | value | | |
/// | header count | int32 | number of headers |
/// | headers | | each: key length, key, value length (-1: null), value |
struct RecordLayout {
    /// Maximum size in bytes of the fields from the length to the key length.
    static constexpr std::size_t kMaxHead = 5 + 1 + 10 + 5 + 5;
};

/// Bytes, or null.
using NullableBytes = std::optional<ByteView>;

struct HeaderView {
    std::string_view key;
    NullableBytes value;

    bool operator==(const HeaderView& other) const;
};

struct RecordShape;

/// Iterates over the headers of one record, which RecordCursor has already checked.
class HeaderCursor {
public:
    HeaderCursor() = default;
    HeaderCursor(ByteView bytes, std::int32_t count) : bytes_(bytes), left_(count) {}

    [[nodiscard]] std::optional<HeaderView> next();
    [[nodiscard]] std::int32_t remaining() const { return left_; }

private:
    ByteView bytes_;
    std::int32_t left_ = 0;
};

/// A record. Key, value and headers are views into the bytes that it was read from.
struct RecordView {
    Offset offset;
    Timestamp timestamp;
    std::int32_t offset_delta = 0;
    NullableBytes key;
    NullableBytes value;
    HeaderCursor headers;
};

/// Iterates over the records of a batch. `records` are its decompressed record bytes. They and the
/// batch must outlive the cursor. The first violation ends it. Allocates only an error's message.
class RecordCursor {
public:
    RecordCursor(const BatchHeader& batch, ByteView records);

    /// The next record; nullopt at the end or at the first violation.
    [[nodiscard]] std::optional<RecordView> next();

    /// Call after `next` has returned nullopt. Success if the bytes hold exactly as many records as
    /// the batch announces, and no more bytes. Errors: corrupt.
    [[nodiscard]] Result<void> status() const;

private:
    [[nodiscard]] RecordView view_of(const RecordShape& shape, const std::byte* end) const;

    BatchHeader batch_;
    const std::byte* cursor_;
    const std::byte* end_;
    std::int32_t index_ = 0;
    std::int32_t count_;
    const char* failure_ = nullptr;
};

}  // namespace hw::record
