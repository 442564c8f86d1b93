#include "protocol/wire/reader.h"

#include <bit>

#include "protocol/wire/varint.h"

namespace hw::wire {
namespace {

// An array, not a pointer to a literal, because `status` recognises this reason by its address.
constexpr char kOverBudget[] = "the message needs more memory than its API allows";
constexpr const char* kTooManyTaggedFields =
    "the message has more than 10000 unknown tagged fields";

}  // namespace

void Reader::fail(const char* reason) {
    if (failure_ == nullptr) {
        failure_ = reason;
        failed_at_ = position();
    }
    cursor_ = end_;
}

Result<void> Reader::status() const {
    if (failure_ == nullptr) {
        return {};
    }
    const ErrorKind kind = failure_ == kOverBudget ? ErrorKind::limit : ErrorKind::corrupt;
    return hw::fail(kind, "{} (at byte {} of {})", failure_, failed_at_,
                    static_cast<std::size_t>(end_ - begin_));
}

Result<void> Reader::finish() const {
    if (failure_ == nullptr && remaining() != 0) {
        return hw::fail(ErrorKind::corrupt,
                        "{} bytes are left after the message (at byte {} of {})", remaining(),
                        position(), static_cast<std::size_t>(end_ - begin_));
    }
    return status();
}

double Reader::float64() {
    return std::bit_cast<double>(integer<std::uint64_t>());
}

Uuid Reader::uuid() {
    const auto high = integer<std::uint64_t>();
    const auto low = integer<std::uint64_t>();
    return {high, low};
}

std::uint32_t Reader::long_uvarint() {
    std::uint64_t value = 0;
    const std::byte* after = load_varint(cursor_, end_, 32, value);
    if (after == nullptr) [[unlikely]] {
        fail("a varint is cut short or too large");
        return 0;
    }
    cursor_ = after;
    return static_cast<std::uint32_t>(value);
}

void Reader::fail_over_budget() {
    fail(kOverBudget);
}

void Reader::refuse_length(std::int64_t length) {
    fail(length < 0 ? "null or a negative length where a value is required"
                    : "a length is larger than the rest of the message");
}

bool Reader::admits(std::int64_t count, std::size_t min_size) {
    if (failed()) {
        return false;
    }
    if (count < 0) {
        fail("null or a negative count where an array is required");
        return false;
    }
    const auto wanted = static_cast<std::uint64_t>(count);
    if (wanted > kMaxArrayElements) {
        fail("an array has more than 1000000 elements");
        return false;
    }
    if (wanted * min_size > remaining()) {
        fail("an array has more elements than fit in the rest of the message");
        return false;
    }
    return true;
}

void Reader::skip_tagged_field(std::uint32_t size) {
    if (++skipped_fields_ > kMaxTaggedFields) {
        fail(kTooManyTaggedFields);
        return;
    }
    static_cast<void>(bytes(size));
}

void Reader::skip_tagged_fields(std::uint32_t count) {
    for (; count > 0 && !failed(); --count) {
        static_cast<void>(uvarint());
        skip_tagged_field(uvarint());
    }
}

Reader Reader::nested(std::uint32_t size) {
    return Reader(bytes(size), *arena_);
}

void Reader::join(const Reader& inner) {
    if (inner.failed()) {
        fail(inner.failure_);
    } else if (inner.remaining() != 0) {
        fail("a tagged field is longer than its value");
    }
    skipped_fields_ += inner.skipped_fields_;
    if (skipped_fields_ > kMaxTaggedFields) {
        fail(kTooManyTaggedFields);
    }
}

}  // namespace hw::wire
