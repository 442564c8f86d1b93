#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/record/batch.h"
#include "protocol/record/record_scanner.h"
#include "protocol/wire/error_code.h"

namespace hw::record {

/// How much of a produced batch is looked at (`highwater.produce.validation`).
enum class ProduceValidation : std::uint8_t {
    full,    ///< every record
    header,  ///< header and CRC; records only where the topic is compacted and needs keys
};

/// `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`, in milliseconds.
struct TimestampWindow {
    static constexpr std::int64_t kNoBound = INT64_MAX;

    std::int64_t before_max = kNoBound;
    std::int64_t after_max = 3'600'000;
};

/// The topic's rules, the request's version, and the time.
struct ProduceRules {
    ProduceValidation validation = ProduceValidation::full;
    std::int32_t max_message_bytes = 1'048'588;  ///< `max.message.bytes`, of the whole batch
    TimestampType timestamp_type = TimestampType::create_time;  ///< `message.timestamp.type`
    TimestampWindow timestamp_window;
    Timestamp now = kNoTimestamp;
    bool compacted = false;          ///< `cleanup.policy` has compact: null keys are refused
    bool zstd_allowed = true;        ///< Produce from version 7 on
    std::size_t record_errors = 64;  ///< most record errors in an answer
};

/// A batch that may be appended after base offset and leader epoch are set (batch_patch.h), and
/// timestamps if `timestamps_differ`.
struct ValidBatch {
    BatchView batch;
    std::int32_t count = 0;
    /// What the header must say: the largest of the records, or `now` with log append time. Kafka
    /// corrects a wrong one of the producer silently; so does this. Taken from the header where
    /// records are not looked at.
    Timestamp max_timestamp = kNoTimestamp;
    /// Of the first record with that timestamp; the last record where records are not looked at.
    std::int32_t max_timestamp_delta = 0;
    /// Time or type differ from what the header says: set_timestamps is due.
    bool timestamps_differ = false;
    std::uint64_t records_size = 0;  ///< of the records, uncompressed; 0 if not looked at
};

/// RecordErrors of a Produce answer (from version 8 on).
struct RecordError {
    std::int32_t index = 0;
    std::string message;
};

struct ProduceError {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::string message;
    std::vector<RecordError> records;
};

/// Checks the records field of one partition in a Produce request of a client. In this order:
///
/// | violation | code |
/// |---|---|
/// | no batch, a cut batch, more than one batch, bytes after it | INVALID_RECORD |
/// | magic 0 or 1 | INVALID_RECORD |
/// | another magic, a length below the header's | CORRUPT_MESSAGE |
/// | unknown codec; zstd where it is not allowed | UNSUPPORTED_COMPRESSION_TYPE |
/// | base offset not 0 | INVALID_RECORD |
/// | larger than max.message.bytes | MESSAGE_TOO_LARGE |
/// | CRC | CORRUPT_MESSAGE |
/// | count below 1, last offset delta not count - 1 | INVALID_RECORD |
/// | control batch, delete horizon | INVALID_RECORD |
/// | producer id without sequence or epoch; transactional without producer id | INVALID_RECORD |
/// | timestamp type LogAppendTime, in a topic of that type or without a time | INVALID_TIMESTAMP |
/// | an lz4 frame of linked blocks, which Java cannot read | INVALID_RECORD |
/// | compressed data is broken; the structure of a record | INVALID_RECORD |
/// | offset deltas not 0, 1, 2... | INVALID_RECORD |
/// | more decompressed bytes than allowed | MESSAGE_TOO_LARGE |
/// | a timestamp outside the window (record errors; wins over null keys) | INVALID_TIMESTAMP |
/// | a null key in a compacted topic (record errors) | INVALID_RECORD |
///
/// The codes are those of Kafka (LogValidator, UnifiedLog, ProduceRequest), where an unknown codec,
/// a broken frame or a linked one are UNKNOWN_SERVER_ERROR, and where offset deltas of uncompressed
/// batches, delete horizon and negative epochs are not checked.
///
/// `scanner` is reused from batch to batch. Allocates only for an error.
[[nodiscard]] std::expected<ValidBatch, ProduceError> validate_produce(ByteView records,
                                                                       const ProduceRules& rules,
                                                                       RecordScanner& scanner);

}  // namespace hw::record
