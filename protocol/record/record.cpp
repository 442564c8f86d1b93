#include "protocol/record/record.h"

#include <algorithm>

#include "protocol/base/assert.h"
#include "protocol/record/record_shape.h"

namespace hw::record {
namespace {

bool equal(const NullableBytes& a, const NullableBytes& b) {
    return a.has_value() == b.has_value() && (!a || std::ranges::equal(*a, *b));
}

NullableBytes nullable(const std::byte* bytes, std::int32_t length) {
    if (length < 0) {
        return std::nullopt;
    }
    return ByteView(bytes, static_cast<std::size_t>(length));
}

}  // namespace

bool HeaderView::operator==(const HeaderView& other) const {
    return key == other.key && equal(value, other.value);
}

std::optional<HeaderView> HeaderCursor::next() {
    if (left_ == 0) {
        return std::nullopt;
    }
    const std::byte* end = bytes_.data() + bytes_.size();
    const std::byte* key = nullptr;
    const std::byte* value = nullptr;
    std::int32_t key_length = 0;
    std::int32_t value_length = 0;
    const std::byte* at = bytes_.data();
    const bool taken = take_bytes(at, end, key, key_length) && key_length >= 0 &&
                       take_bytes(at, end, value, value_length);
    HW_ASSERT(taken);
    bytes_ = ByteView(at, end);
    --left_;
    return HeaderView{as_text({key, static_cast<std::size_t>(key_length)}),
                      nullable(value, value_length)};
}

RecordCursor::RecordCursor(const BatchHeader& batch, ByteView records)
    : batch_(batch),
      cursor_(records.data()),
      end_(records.data() + records.size()),
      count_(batch.count()) {}

std::optional<RecordView> RecordCursor::next() {
    if (failure_ != nullptr || index_ >= count_) {
        return std::nullopt;
    }
    std::int32_t length = 0;
    const std::byte* body = cursor_;
    if (!take_int32(body, end_, length) || length < 0 || length > end_ - body) {
        failure_ = "its length is cut short, negative or beyond the batch";
        return std::nullopt;
    }
    RecordShape shape;
    failure_ = load_shape(body, body + length, shape);
    if (failure_ != nullptr) {
        return std::nullopt;
    }
    cursor_ = body + length;
    ++index_;
    return view_of(shape, cursor_);
}

RecordView RecordCursor::view_of(const RecordShape& shape, const std::byte* end) const {
    return {batch_.base_offset() + shape.offset_delta,
            batch_.timestamp_of(shape.timestamp_delta),
            shape.offset_delta,
            nullable(shape.key, shape.key_length),
            nullable(shape.value, shape.value_length),
            HeaderCursor(ByteView(shape.headers, end), shape.header_count)};
}

Result<void> RecordCursor::status() const {
    if (failure_ != nullptr) {
        return fail(ErrorKind::corrupt, "record {} of {}: {}", index_, count_, failure_);
    }
    if (index_ != count_) {
        return fail(ErrorKind::corrupt, "the batch announces {} records, but {} were read", count_,
                    index_);
    }
    if (cursor_ != end_) {
        return fail(ErrorKind::corrupt, "{} bytes are left after the last of {} records",
                    end_ - cursor_, count_);
    }
    return {};
}

}  // namespace hw::record
