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

/// Which parts of a produced batch are checked (`highwater.produce.validation`).
enum class ProduceValidation : std::uint8_t {
    full,    ///< every record
    header,  ///< header and CRC; the records only in a compacted topic, whose records need keys
};

/// `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`, in milliseconds.
struct TimestampWindow {
    static constexpr std::int64_t kNoBound = INT64_MAX;

    std::int64_t before_max = kNoBound;
    std::int64_t after_max = 3'600'000;
};

/// Rules for a produced batch, from the topic's configuration and the request's version, and the
/// current time.
struct ProduceRules {
    ProduceValidation validation = ProduceValidation::full;
    std::int32_t max_message_bytes = 1'048'588;  ///< `max.message.bytes`, for the whole batch
    TimestampType timestamp_type = TimestampType::create_time;  ///< `message.timestamp.type`
    TimestampWindow timestamp_window;
    Timestamp now = kNoTimestamp;
    bool compacted = false;          ///< `cleanup.policy` has compact: null keys are refused
    bool zstd_allowed = true;        ///< from Produce version 7 on
    std::size_t record_errors = 64;  ///< maximum number of record errors in an answer
};

/// A batch that passed the checks. Before it is appended, its base offset and leader epoch must be
/// set (batch_patch.h), and its timestamps if `timestamps_differ`.
struct ValidBatch {
    BatchView batch;
    std::int32_t count = 0;
    /// The right value for the header: the largest timestamp of the records, or `now` with log
    /// append time. A wrong value from the producer is corrected silently, as in Kafka. Without a
    /// check of the records it is the header's value.
    Timestamp max_timestamp = kNoTimestamp;
    /// Offset delta of the first record with that timestamp; of the last record if the records are
    /// not checked, 0 with log append time.
    std::int32_t max_timestamp_delta = 0;
    /// Max timestamp or timestamp type differ from the header: the caller must set_timestamps.
    bool timestamps_differ = false;
    std::uint64_t records_size = 0;  ///< of the uncompressed records; 0 if they are not checked
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

/// Checks the records field of one partition in a client's Produce request, in this order:
///
/// | violation | code |
/// |---|---|
/// | no batch, a cut batch, more than one batch, bytes after it | INVALID_RECORD |
/// | magic 0 or 1 | INVALID_RECORD |
/// | another wrong magic, a length too small for the header | CORRUPT_MESSAGE |
/// | unknown codec; zstd where it is not allowed | UNSUPPORTED_COMPRESSION_TYPE |
/// | base offset not 0 | INVALID_RECORD |
/// | larger than max.message.bytes | MESSAGE_TOO_LARGE |
/// | wrong CRC | CORRUPT_MESSAGE |
/// | count below 1, last offset delta not count - 1 | INVALID_RECORD |
/// | control batch, delete horizon | INVALID_RECORD |
/// | producer id without sequence or epoch; transactional without producer id | INVALID_RECORD |
/// | timestamp type LogAppendTime, with the exception below | INVALID_TIMESTAMP |
/// | lz4 frame of linked blocks, which Java cannot read | INVALID_RECORD |
/// | broken compressed data, malformed record | INVALID_RECORD |
/// | offset deltas not 0, 1, 2... | INVALID_RECORD |
/// | more decompressed bytes than allowed | MESSAGE_TOO_LARGE |
/// | timestamp outside the window (a record error) | INVALID_TIMESTAMP |
/// | null key in a compacted topic (a record error) | INVALID_RECORD |
///
/// Only brokers set LogAppendTime. As in Kafka, a topic with CreateTime accepts it from a client,
/// and clears it, if the batch has a max timestamp.
///
/// A record error does not stop the check; the answer lists the refused records. With both kinds
/// the code is INVALID_TIMESTAMP.
///
/// The codes are Kafka's (LogValidator, UnifiedLog, ProduceRequest), with two differences. Kafka
/// answers UNKNOWN_SERVER_ERROR for an unknown codec, a broken frame or linked blocks. It does not
/// check offset deltas of uncompressed batches, delete horizon and negative epochs.
///
/// `scanner` is reused for later batches. Allocates memory only for an error.
[[nodiscard]] std::expected<ValidBatch, ProduceError> validate_produce(ByteView records,
                                                                       const ProduceRules& rules,
                                                                       RecordScanner& scanner);

}  // namespace hw::record
