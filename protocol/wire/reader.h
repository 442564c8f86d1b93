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

/// Decodes the primitive types of the Kafka protocol from unchecked bytes.
///
/// After the first violation it stays failed: it keeps the reason and the position, and every later
/// read returns zero or empty without looking at the bytes. So decoders are straight-line code that
/// checks `failed()` before it loops and `status()` at the end. Strings and bytes are views into
/// the input; arrays are allocated in the arena.
class Reader {
public:
    /// Limits: elements of one array, and unknown tagged fields of one message.
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
    /// The remaining bytes; consumes nothing.
    [[nodiscard]] ByteView rest() const { return {cursor_, remaining()}; }
    [[nodiscard]] Arena& arena() { return *arena_; }

    /// Fails the reader; `reason` is a literal without a full stop. The first reason is kept.
    void fail(const char* reason);
    /// Success if nothing failed and no bytes are left. Errors: corrupt, limit.
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
    /// Consumes the next `size` bytes, to read several numbers with one length check. If there are
    /// fewer, fails and returns nullptr.
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

    /// A view of the next `length` bytes. Fails if `length` is negative or too large: the caller
    /// handles -1, which means null.
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

    /// Lengths and counts in the two forms; -1 means null. The compact form is a uvarint of the
    /// length plus one.
    [[nodiscard]] std::int64_t length16() { return integer<std::int16_t>(); }
    [[nodiscard]] std::int64_t length32() { return integer<std::int32_t>(); }
    [[nodiscard]] std::int64_t length_compact() { return std::int64_t{uvarint()} - 1; }

    /// Allocates memory in the arena for `count` elements of at least `min_size` bytes each on
    /// the wire. Fails and returns nullptr if they cannot fit in the remaining bytes, are more than
    /// kMaxArrayElements, or exceed the arena's budget.
    template <class T>
    [[nodiscard]] T* elements(std::int64_t count, std::size_t min_size) {
        if (!admits(count, min_size)) [[unlikely]] {
            return nullptr;
        }
        T* memory = arena_->allocate<T>(static_cast<std::size_t>(count));
        if (memory == nullptr) [[unlikely]] {
            fail_over_budget();
        }
        return memory;
    }

    /// Skips an unknown tagged field of `size` bytes. Fails after kMaxTaggedFields of them.
    void skip_tagged_field(std::uint32_t size);
    /// Skips all tagged fields of a struct that has none in its schema.
    void skip_tagged_fields() {
        if (const std::uint32_t count = uvarint(); count != 0) [[unlikely]] {
            skip_tagged_fields(count);
        }
    }

    /// Consumes the next `size` bytes and returns a reader for them, to decode a tagged field. If
    /// there are fewer, this reader fails and the result is empty.
    [[nodiscard]] Reader nested(std::uint32_t size);
    /// Takes over the failure and the counts of a nested reader. Fails if it has bytes left.
    void join(const Reader& inner);

private:
    [[nodiscard]] std::uint32_t long_uvarint();
    void fail_over_budget();
    void refuse_length(std::int64_t length);
    void skip_tagged_fields(std::uint32_t count);
    [[nodiscard]] bool admits(std::int64_t count, std::size_t min_size);

    const std::byte* begin_;
    const std::byte* cursor_;
    const std::byte* end_;
    Arena* arena_;
    const char* failure_ = nullptr;
    std::size_t failed_at_ = 0;
    std::size_t skipped_fields_ = 0;
};

}  // namespace hw::wire
