#include "protocol/record/produce_validator.h"

#include <utility>

#include <fmt/format.h>

#include "protocol/record/batch_cursor.h"

namespace hw::record {
namespace {

using wire::ErrorCode;

template <class... Args>
std::unexpected<ProduceError> refuse(ErrorCode code, fmt::format_string<Args...> text,
                                     Args&&... args) {
    return std::unexpected(ProduceError{code, fmt::format(text, std::forward<Args>(args)...), {}});
}

using Checked = std::expected<void, ProduceError>;

/// Allowed timestamps of records, both ends included. A bound that overflows is no bound.
struct Allowed {
    std::int64_t earliest;
    std::int64_t latest;

    [[nodiscard]] bool has(Timestamp timestamp) const {
        return timestamp == kNoTimestamp ||
               (timestamp.value() >= earliest && timestamp.value() <= latest);
    }
};

Allowed allowed_timestamps(const ProduceRules& rules) {
    Allowed allowed{};
    if (__builtin_sub_overflow(rules.now.value(), rules.timestamp_window.before_max,
                               &allowed.earliest)) {
        allowed.earliest = INT64_MIN;
    }
    if (rules.timestamp_window.before_max == TimestampWindow::kNoBound) {
        allowed.earliest = INT64_MIN;
    }
    if (__builtin_add_overflow(rules.now.value(), rules.timestamp_window.after_max,
                               &allowed.latest)) {
        allowed.latest = INT64_MAX;
    }
    return allowed;
}

std::expected<BatchView, ProduceError> only_batch(ByteView records) {
    BatchCursor cursor(records);
    const auto batch = cursor.next();
    if (!batch) {
        const auto status = cursor.status();
        if (status) {
            return refuse(ErrorCode::invalid_record, "the request holds no record batch");
        }
        const bool corrupt =
            cursor.end() == BatchesEnd::bad && status.error().kind == ErrorKind::corrupt;
        return refuse(corrupt ? ErrorCode::corrupt_message : ErrorCode::invalid_record, "{}",
                      status.error().message);
    }
    if (cursor.position() != records.size()) {
        return refuse(ErrorCode::invalid_record,
                      "a partition's records have {} bytes after their first batch of {} bytes; "
                      "exactly one batch is allowed",
                      records.size() - cursor.position(), cursor.position());
    }
    return *batch;
}

Checked check_envelope(const BatchView& batch, const ProduceRules& rules) {
    const auto codec = batch.codec();
    if (!codec) {
        return refuse(ErrorCode::unsupported_compression_type,
                      "the batch has the unknown compression codec {}", batch.codec_number());
    }
    if (*codec == Codec::zstd && !rules.zstd_allowed) {
        return refuse(ErrorCode::unsupported_compression_type,
                      "zstd needs Produce version 7 or later");
    }
    if (batch.base_offset() != Offset{0}) {
        return refuse(ErrorCode::invalid_record, "the batch has base offset {}, but it must be 0",
                      batch.base_offset());
    }
    if (std::cmp_greater(batch.size(), rules.max_message_bytes)) {
        return refuse(ErrorCode::message_too_large,
                      "the batch of {} bytes is over max.message.bytes ({})", batch.size(),
                      rules.max_message_bytes);
    }
    const std::uint32_t computed = batch.computed_crc();
    if (batch.crc() != computed) {
        return refuse(ErrorCode::corrupt_message,
                      "the batch is corrupt: its header has CRC {}, but its bytes have CRC {}",
                      batch.crc(), computed);
    }
    return {};
}

/// As in Kafka, a topic with CreateTime accepts a batch with LogAppendTime and clears the type
/// (set_timestamps), unless the batch has no max timestamp.
Checked check_timestamp_type(const BatchView& batch, const ProduceRules& rules) {
    const bool can_clear =
        rules.timestamp_type == TimestampType::create_time && batch.max_timestamp() != kNoTimestamp;
    if (batch.timestamp_type() == TimestampType::log_append_time && !can_clear) {
        return refuse(ErrorCode::invalid_timestamp,
                      "the batch has timestamp type LogAppendTime, which only brokers set");
    }
    return {};
}

Checked check_header(const BatchView& batch) {
    if (batch.count() < 1 || batch.last_offset_delta() != batch.count() - 1) {
        return refuse(ErrorCode::invalid_record,
                      "the batch announces {} records and last offset delta {}; it must have at "
                      "least one record, and the delta must be one less than the count",
                      batch.count(), batch.last_offset_delta());
    }
    if (batch.is_control()) {
        return refuse(ErrorCode::invalid_record, "clients may not write control batches");
    }
    if (batch.delete_horizon()) {
        return refuse(ErrorCode::invalid_record,
                      "clients may not write batches with a delete horizon");
    }
    const bool numbered = batch.base_sequence().value() >= 0 && batch.producer_epoch().value() >= 0;
    if (batch.has_producer_id() && !numbered) {
        return refuse(ErrorCode::invalid_record,
                      "the batch of producer id {} has base sequence {} and epoch {}; both must be "
                      "0 or more",
                      batch.producer_id(), batch.base_sequence(), batch.producer_epoch());
    }
    if (batch.is_transactional() && !batch.has_producer_id()) {
        return refuse(ErrorCode::invalid_record,
                      "the batch is transactional but has no producer id");
    }
    return {};
}

/// Java's reader refuses linked blocks, so one such batch would block every Java consumer.
bool lz4_blocks_linked(const BatchView& batch) {
    constexpr std::size_t kFlags = 4;  // after the frame's magic
    constexpr auto kIndependent = std::byte{0x20};
    const ByteView frame = batch.records();
    return batch.codec() == Codec::lz4 && frame.size() > kFlags &&
           (frame[kFlags] & kIndependent) == std::byte{0};
}

/// Checks the records of one batch, and collects record errors and the largest timestamp.
class RecordsCheck {
public:
    RecordsCheck(const BatchView& batch, const ProduceRules& rules)
        : rules_(rules), allowed_(allowed_timestamps(rules)), valid_{.batch = batch} {}

    std::expected<ValidBatch, ProduceError> run(RecordScanner& scanner) {
        // Checks the producer's timestamps even if the batch claims LogAppendTime: set_timestamps
        // clears that type later, and then consumers see them.
        const auto started = scanner.start(valid_.batch, TimestampType::create_time);
        if (!started) {
            return refuse_records(started.error());
        }
        const bool check_time = rules_.timestamp_type == TimestampType::create_time;
        valid_.max_timestamp = kNoTimestamp;
        RecordSummary record;
        std::int32_t index = 0;
        for (; scanner.next(record); ++index) {
            if (record.offset_delta != index) [[unlikely]] {
                return refuse(ErrorCode::invalid_record,
                              "record {} has offset delta {}; the delta must equal the record's "
                              "index",
                              index, record.offset_delta);
            }
            if (rules_.compacted && record.key_length < 0) [[unlikely]] {
                add_error(ErrorCode::invalid_record, index,
                          "a compacted topic takes no record without key");
            } else if (check_time && !allowed_.has(record.timestamp)) [[unlikely]] {
                add_timestamp_error(index, record.timestamp);
            }
            if (record.timestamp > valid_.max_timestamp) {
                valid_.max_timestamp = record.timestamp;
                valid_.max_timestamp_delta = index;
            }
        }
        if (const auto scanned = scanner.status(); !scanned) {
            return refuse_records(scanned.error());
        }
        valid_.records_size = scanner.scanned_bytes();
        return result(index);
    }

    std::expected<ValidBatch, ProduceError> without_records() {
        const BatchView& batch = valid_.batch;
        valid_.max_timestamp = batch.max_timestamp();
        valid_.max_timestamp_delta = batch.last_offset_delta();
        if (rules_.timestamp_type == TimestampType::create_time &&
            !allowed_.has(batch.max_timestamp())) {
            return refuse(ErrorCode::invalid_timestamp,
                          "the batch's max timestamp {} is outside [{}, {}] "
                          "(message.timestamp.before.max.ms, message.timestamp.after.max.ms)",
                          batch.max_timestamp(), allowed_.earliest, allowed_.latest);
        }
        return result(batch.count());
    }

private:
    static std::unexpected<ProduceError> refuse_records(const Error& error) {
        const ErrorCode code = error.kind == ErrorKind::limit ? ErrorCode::message_too_large
                                                              : ErrorCode::invalid_record;
        return refuse(code, "{}", error.message);
    }

    void add_timestamp_error(std::int32_t index, Timestamp timestamp) {
        add_error(ErrorCode::invalid_timestamp, index,
                  "timestamp {} is outside [{}, {}] (message.timestamp.before.max.ms, "
                  "message.timestamp.after.max.ms)",
                  timestamp, allowed_.earliest, allowed_.latest);
    }

    template <class... Args>
    void add_error(ErrorCode code, std::int32_t index, fmt::format_string<Args...> text,
                   Args&&... args) {
        if (error_.code != ErrorCode::invalid_timestamp) {
            error_.code = code;
        }
        ++bad_records_;
        if (error_.records.size() < rules_.record_errors) {
            error_.records.push_back({index, fmt::format(text, std::forward<Args>(args)...)});
        }
    }

    std::expected<ValidBatch, ProduceError> result(std::int32_t count) {
        if (bad_records_ != 0) {
            error_.message = fmt::format(
                "{} of {} records are refused{}{}", bad_records_, count,
                error_.records.empty() ? "" : ", the first because ",
                error_.records.empty() ? std::string_view() : error_.records.front().message);
            return std::unexpected(std::move(error_));
        }
        valid_.count = count;
        if (rules_.timestamp_type == TimestampType::log_append_time) {
            valid_.max_timestamp = rules_.now;
            valid_.max_timestamp_delta = 0;
            valid_.timestamps_differ = true;
        } else {
            valid_.timestamps_differ =
                valid_.max_timestamp != valid_.batch.max_timestamp() ||
                valid_.batch.timestamp_type() == TimestampType::log_append_time;
        }
        return valid_;
    }

    const ProduceRules& rules_;
    Allowed allowed_;
    ValidBatch valid_;
    ProduceError error_;
    std::int32_t bad_records_ = 0;
};

}  // namespace

std::expected<ValidBatch, ProduceError> validate_produce(ByteView records,
                                                         const ProduceRules& rules,
                                                         RecordScanner& scanner) {
    HW_TRY(batch, only_batch(records));
    if (auto checked = check_envelope(batch, rules); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    if (auto checked = check_header(batch); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    if (auto checked = check_timestamp_type(batch, rules); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    RecordsCheck check(batch, rules);
    if (rules.validation == ProduceValidation::header && !rules.compacted) {
        return check.without_records();
    }
    if (lz4_blocks_linked(batch)) {
        return refuse(ErrorCode::invalid_record,
                      "the batch is an lz4 frame of linked blocks, which Java clients cannot read; "
                      "compress with independent blocks");
    }
    return check.run(scanner);
}

}  // namespace hw::record
