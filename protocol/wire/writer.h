#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "protocol/base/assert.h"
#include "protocol/base/bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/array.h"
#include "protocol/wire/varint.h"

namespace hw::wire {

/// A records field of a message: slices that are sent as one field. Points to the record bytes.
using Records = Array<ByteView>;

[[nodiscard]] constexpr std::size_t total_size(const Records& records) {
    std::size_t size = 0;
    for (const ByteView slice : records) {
        size += slice.size();
    }
    return size;
}

/// Encoded size of a message: `own` bytes that the writer encodes, and `outside` bytes (records)
/// that it only points to.
struct Size {
    std::size_t own = 0;
    std::size_t outside = 0;

    [[nodiscard]] constexpr std::size_t total() const { return own + outside; }
};

/// Parts of an encoded message, in the order in which they are sent. Most messages have one part.
using Slices = boost::container::small_vector<ByteView, 1>;

/// An encoded message: its own bytes, and the slices to send in order. Some slices may point to
/// outside record bytes, which must outlive it.
struct Encoded {
    Buffer own;
    Slices slices;
    std::size_t size = 0;
};

/// Encodes the primitive types of the Kafka protocol into a buffer of exactly the measured size.
/// Writes are not checked against its end; only `finish` asserts that the sizes agree. Record bytes
/// are added to the slices and not copied.
class Writer {
public:
    Writer(MutableBytes own, Slices& slices)
        : cursor_(own.data()), part_(own.data()), end_(own.data() + own.size()), slices_(&slices) {}

    template <std::integral T>
    void integer(T value) {
        store_big_endian(cursor_, value);
        cursor_ += sizeof(T);
    }
    void boolean(bool value) { integer(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void float64(double value) { integer(std::bit_cast<std::uint64_t>(value)); }
    void uuid(const Uuid& uuid) {
        integer(uuid.high);
        integer(uuid.low);
    }
    void uvarint(std::uint32_t value) { cursor_ = store_varint(cursor_, value); }

    /// Lengths and counts in the two forms; -1 means null.
    void length16(std::int64_t length) { integer(static_cast<std::int16_t>(length)); }
    void length32(std::int64_t length) { integer(static_cast<std::int32_t>(length)); }
    void length_compact(std::int64_t length) { uvarint(static_cast<std::uint32_t>(length + 1)); }

    /// The bytes alone, without their length.
    void bytes(ByteView view) {
        if (!view.empty()) {
            std::memcpy(cursor_, view.data(), view.size());
        }
        cursor_ += view.size();
    }
    void string(std::string_view text) { bytes(as_bytes(text)); }

    /// Adds slices that are sent at this place of the message.
    void outside(const Records& records) {
        end_part();
        slices_->insert(slices_->end(), records.begin(), records.end());
    }

    /// Ends the message; asserts that exactly the measured bytes were written.
    void finish() {
        HW_ASSERT(cursor_ == end_);
        end_part();
    }

private:
    void end_part() {
        if (cursor_ != part_) {
            slices_->emplace_back(part_, static_cast<std::size_t>(cursor_ - part_));
            part_ = cursor_;
        }
    }

    std::byte* cursor_;
    std::byte* part_;
    std::byte* end_;
    Slices* slices_;
};

}  // namespace hw::wire
