#include "protocol/record/record_scanner.h"

#include <cstring>

#include "protocol/record/record.h"
#include "protocol/record/record_shape.h"
#include "protocol/wire/varint.h"

namespace hw::record {

Result<void> RecordScanner::start(const BatchView& batch, TimestampType type) {
    count_ = batch.count();
    stop_ = 0;
    const bool append_time = type == TimestampType::log_append_time;
    base_timestamp_ = append_time ? batch.max_timestamp() : batch.base_timestamp();
    delta_mask_ = append_time ? 0 : -1;
    begin_ = cursor_ = end_ = nullptr;
    before_window_ = 0;
    index_ = 0;
    more_ = false;
    violation_ = nullptr;
    codec_error_.reset();
    const auto codec = batch.codec();
    if (!codec) {
        return fail(ErrorKind::unsupported, "a batch has the unknown compression codec {}",
                    batch.codec_number());
    }
    if (*codec == Codec::none) {
        begin_ = cursor_ = batch.records().data();
        end_ = begin_ + batch.records().size();
        stop_ = count_;
        return {};
    }
    if (!window_) {
        window_ = std::make_unique_for_overwrite<std::byte[]>(kWindow);
    }
    begin_ = cursor_ = end_ = window_.get();
    HW_TRY_VOID(decompressor_.start(*codec, batch.records()));
    more_ = true;
    stop_ = count_;
    return {};
}

inline Timestamp RecordScanner::timestamp_of(std::int64_t delta) const {
    // Wraps like BatchHeader::timestamp_of.
    return Timestamp(static_cast<std::int64_t>(static_cast<std::uint64_t>(base_timestamp_.value()) +
                                               static_cast<std::uint64_t>(delta & delta_mask_)));
}

bool RecordScanner::next(RecordSummary& record) {
    if (index_ >= stop_) {
        return false;
    }
    need(RecordLayout::kMaxHead);
    const std::byte* body = cursor_;
    std::int32_t length = 0;
    if (!take_int32(body, end_, length) || length < 0) [[unlikely]] {
        return violation("its length is cut short or negative");
    }
    if (length <= end_ - body) [[likely]] {
        RecordShape shape;
        if (const char* reason = load_shape(body, body + length, shape)) [[unlikely]] {
            return violation(reason);
        }
        cursor_ = body + length;
        record.timestamp = timestamp_of(shape.timestamp_delta);
        record.offset_delta = shape.offset_delta;
        record.key_length = shape.key_length;
        record.value_length = shape.value_length;
    } else {
        cursor_ = body;
        if (!read_across(length, record)) {
            return false;
        }
    }
    if (index_ + 1 == stop_ && !at_end()) [[unlikely]] {
        return violation("it is the last record, but bytes are left after it");
    }
    ++index_;
    return true;
}

bool RecordScanner::read_across(std::int32_t length, RecordSummary& record) {
    std::int64_t timestamp_delta = 0;
    const std::byte* at = cursor_;
    if (at == end_) {
        return violation("it is cut short");
    }
    ++at;  // its attributes
    if (!take_int64(at, end_, timestamp_delta) || !take_int32(at, end_, record.offset_delta) ||
        !take_int32(at, end_, record.key_length) || at - cursor_ > length) {
        return violation("a number in it is cut short or too large");
    }
    record_left_ = length - (at - cursor_);
    cursor_ = at;
    record.timestamp = timestamp_of(timestamp_delta);
    return skip(record.key_length) && take_length(record.value_length) &&
           skip(record.value_length) && read_headers_across();
}

bool RecordScanner::read_headers_across() {
    std::int32_t count = 0;
    if (!take_length(count)) {
        return false;
    }
    if (count < 0) {
        return violation("its header count is negative");
    }
    for (; count > 0; --count) {
        std::int32_t key = 0;
        std::int32_t value = 0;
        if (!take_length(key) || !skip(key) || !take_length(value) || !skip(value)) {
            return false;
        }
        if (key < 0) {
            return violation("one of its headers has no key");
        }
    }
    return record_left_ == 0 || violation("bytes are left in it after its headers");
}

bool RecordScanner::take_length(std::int32_t& length) {
    need(wire::kMaxVarint32);
    const std::byte* at = cursor_;
    if (!take_int32(at, end_, length) || at - cursor_ > record_left_) {
        return violation("a number in it is cut short or too large");
    }
    record_left_ -= at - cursor_;
    cursor_ = at;
    return true;
}

bool RecordScanner::skip(std::int32_t length) {
    if (length <= 0) {
        return length >= -1 || violation("a length in it is below -1");
    }
    if (length > record_left_) {
        return violation("a length in it points beyond its end");
    }
    record_left_ -= length;
    if (length > end_ - cursor_) {
        return skip_beyond_window(length);
    }
    cursor_ += length;
    return true;
}

bool RecordScanner::skip_beyond_window(std::int32_t length) {
    std::ptrdiff_t left = length;
    while (left > end_ - cursor_) {
        left -= end_ - cursor_;
        cursor_ = end_;
        need(1);
        if (cursor_ == end_) {
            return violation("it is longer than what is left of the batch");
        }
    }
    cursor_ += left;
    return true;
}

bool RecordScanner::at_end() {
    need(1);
    return cursor_ == end_ && !codec_error_;
}

void RecordScanner::refill(std::ptrdiff_t size) {
    const auto kept = static_cast<std::size_t>(end_ - cursor_);
    before_window_ += static_cast<std::uint64_t>(cursor_ - begin_);
    std::memmove(window_.get(), cursor_, kept);
    begin_ = cursor_ = window_.get();
    end_ = begin_ + kept;
    while (end_ - cursor_ < size && more_) {
        const auto held = static_cast<std::size_t>(end_ - cursor_);
        const auto got = decompressor_.read({window_.get() + held, kWindow - held});
        if (!got) {
            codec_error_ = got.error();
            more_ = false;
            return;
        }
        end_ += *got;
        more_ = *got != 0;
    }
}

bool RecordScanner::violation(const char* reason) {
    violation_ = reason;
    stop_ = index_;
    return false;
}

Result<void> RecordScanner::status() const {
    if (codec_error_) {
        return std::unexpected(*codec_error_);
    }
    if (violation_ != nullptr) {
        return fail(ErrorKind::corrupt, "record {} of {}: {}", index_, count_, violation_);
    }
    if (index_ != count_) {
        return fail(ErrorKind::corrupt, "the batch announces {} records, but {} were read", count_,
                    index_);
    }
    return {};
}

}  // namespace hw::record
