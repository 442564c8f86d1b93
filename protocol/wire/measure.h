#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/wire/nullable.h"
#include "protocol/wire/varint.h"
#include "protocol/wire/writer.h"

namespace hw::wire {

/// Computes the encoded size of a message and keeps the first reason why it cannot be encoded.
/// Generated code calls it field by field, in the order of the writer. `field` is a literal such as
/// "Topic.Name".
class Measure {
public:
    void add(std::size_t bytes) { size_.own += bytes; }
    [[nodiscard]] std::size_t own() const { return size_.own; }

    /// Notes that the version does not have this field, although its value is not the default.
    void lacks(const char* field) { note(Reason::lacking, field, 0); }

    void string(std::string_view text, Form form, Null null, const char* field) {
        if (text.size() > kMaxString) [[unlikely]] {
            note(Reason::too_long, field, text.size());
        }
        refuse_null(is_null(text), null, field);
        add((form == Form::compact ? varint_size(text.size() + 1) : 2) + text.size());
    }
    void bytes(ByteView bytes, Form form, Null null, const char* field) {
        refuse_null(is_null(bytes), null, field);
        add(length_size(bytes.size(), form, field) + bytes.size());
    }
    void records(const Records& records, Form form, Null null, const char* field) {
        refuse_null_array(records, null, field);
        const std::size_t size = total_size(records);
        add(length_size(size, form, field));
        size_.outside += size;
    }
    /// The count of an array, without its elements.
    template <class T>
    void count(const Array<T>& array, Form form, Null null, const char* field) {
        refuse_null_array(array, null, field);
        add(length_size(array.size(), form, field));
    }
    /// Adds the tag and length of a tagged field. Its `size` bytes have been added before.
    void tag(std::uint32_t tag, std::size_t size) { add(varint_size(tag) + varint_size(size)); }

    /// Errors: unsupported (a set field that the version does not have), invalid (null where a
    /// value is required), limit (too long for its length field).
    [[nodiscard]] Result<Size> result(std::string_view message, ApiVersion version) const;

private:
    enum class Reason : std::uint8_t { none, lacking, null, too_long };

    void refuse_null(bool is_null, Null null, const char* field) {
        if (is_null && null == Null::refused) [[unlikely]] {
            note(Reason::null, field, 0);
        }
    }
    template <class T>
    void refuse_null_array(const Array<T>& array, Null null, const char* field) {
        refuse_null(array.is_null(), null == Null::never ? Null::refused : null, field);
    }
    [[nodiscard]] std::size_t length_size(std::size_t size, Form form, const char* field) {
        if (size > INT32_MAX) [[unlikely]] {
            note(Reason::too_long, field, size);
        }
        return form == Form::compact ? varint_size(size + 1) : 4;
    }
    void note(Reason reason, const char* field, std::size_t size);

    Size size_;
    Reason reason_ = Reason::none;
    const char* field_ = nullptr;
    std::size_t field_size_ = 0;
};

}  // namespace hw::wire
