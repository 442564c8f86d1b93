#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/array.h"

namespace hw::wire {

/// Reads the primitive types of the Kafka protocol from bytes that nobody has checked.
///
/// The first violation stops it for good: it remembers the reason and the position, and every
/// later read returns zero or empty without looking at the bytes. So decoders are straight-line
/// code that ask `failed()` before they loop and `status()` at the end. Strings and bytes are
/// views into the input; arrays are made in the arena.
class Reader {
public:
    /// Elements of one array, and unknown tagged fields of one message, at most.
    static constexpr std::size_t kMaxArrayElements = 1'000'000;
    static constexpr std::size_t kMaxTaggedFields = 10'000;

    Reader(ByteView input, Arena& arena)
        : begin_(input.data()),
          cursor_(input.data()),
          end_(input.data() + input.size()),
          arena_(&arena) {}

    [[nodiscard]] bool failed() const { return failure_ != nullptr; }
    [[nodiscard]] std::size_t position() const {
        return static_cast<std::size_t>(cursor_ - begin_);
    }
    [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end_ - cursor_); }
    /// What is left, without moving.
    [[nodiscard]] ByteView rest() const { return {cursor_, remaining()}; }
    [[nodiscard]] Arena& arena() { return *arena_; }

    /// Stops the reader; `reason` is a literal without a full stop. The first reason stays.
    void fail(const char* reason);
    /// Success only if nothing failed and nothing is left. Errors: corrupt, limit.
    [[nodiscard]] Result<void> finish() const;
    /// Success if nothing failed. Errors: corrupt, limit.
    [[nodiscard]] Result<void> status() const;

    template <std::integral T>
    [[nodiscard]] T integer() {
        if (remaining() < sizeof(T)) [[unlikely]] {
            fail("the message ends inside a number");
            return T{};
        }
        const T value = load_big_endian<T>(cursor_);
        cursor_ += sizeof(T);
        return value;
    }
    /// The next `size` bytes, which are consumed: several numbers with one check. nullptr, and
    /// failed, when they are not there.
    [[nodiscard]] const std::byte* take(std::size_t size) {
        if (remaining() < size) [[unlikely]] {
            fail("the message ends inside a number");
            return nullptr;
        }
        const std::byte* at = cursor_;
        cursor_ += size;
        return at;
    }
    [[nodiscard]] bool boolean() { return integer<std::uint8_t>() != 0; }
    [[nodiscard]] double float64();
    [[nodiscard]] Uuid uuid();
    [[nodiscard]] std::uint32_t uvarint() {
        if (cursor_ != end_ && *cursor_ < std::byte{0x80}) [[likely]] {
            return std::to_integer<std::uint32_t>(*cursor_++);
        }
        return long_uvarint();
    }

    /// A string or byte sequence of the given length; -1 from `nullable_` lengths means null.
    [[nodiscard]] ByteView bytes(std::int64_t length) {
        if (static_cast<std::uint64_t>(length) > remaining()) [[unlikely]] {
            refuse_length(length);
            return {};
        }
        const ByteView view(cursor_, static_cast<std::size_t>(length));
        cursor_ += length;
        return view;
    }
    [[nodiscard]] std::string_view string(std::int64_t length) { return as_text(bytes(length)); }

    /// Lengths and counts in the two encodings; null is -1. `..._compact` are uvarints plus one.
    [[nodiscard]] std::int64_t length16() { return integer<std::int16_t>(); }
    [[nodiscard]] std::int64_t length32() { return integer<std::int32_t>(); }
    [[nodiscard]] std::int64_t length_compact() { return std::int64_t{uvarint()} - 1; }

    /// Memory for `count` elements of at least `least_size` bytes each on the wire; nullptr, and
    /// failed, when they cannot fit in what is left, are too many, or pass the arena's budget.
    template <class T>
    [[nodiscard]] T* elements(std::int64_t count, std::size_t least_size) {
        if (!admits(count, least_size)) [[unlikely]] {
            return nullptr;
        }
        T* memory = arena_->allocate<T>(static_cast<std::size_t>(count));
        if (memory == nullptr) [[unlikely]] {
            fail_over_budget();
        }
        return memory;
    }

    /// Skips `size` bytes of a tagged field that this version does not know; counts and caps them.
    void skip_tagged_field(std::uint32_t size);
    /// Skips all tagged fields of a struct that knows none.
    void skip_tagged_fields() {
        if (const std::uint32_t count = uvarint(); count != 0) [[unlikely]] {
            skip_tagged_fields(count);
        }
    }

    /// A reader of the next `size` bytes, for a tagged field; they are consumed here. On a size
    /// beyond what is left, this reader fails and the result is empty.
    [[nodiscard]] Reader nested(std::uint32_t size);
    /// Takes over the failure of a nested reader, and fails if it has bytes left.
    void join(const Reader& inner);

private:
    [[nodiscard]] std::uint32_t long_uvarint();
    void fail_over_budget();
    void refuse_length(std::int64_t length);
    void skip_tagged_fields(std::uint32_t count);
    [[nodiscard]] bool admits(std::int64_t count, std::size_t least_size);

    const std::byte* begin_;
    const std::byte* cursor_;
    const std::byte* end_;
    Arena* arena_;
    const char* failure_ = nullptr;
    std::size_t failed_at_ = 0;
    std::size_t skipped_fields_ = 0;
};

}  // namespace hw::wire
