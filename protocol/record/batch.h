#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/codec.h"

namespace hw::record {

/// The record batch, format v2 (magic 2): the unit that is produced, stored, replicated and
/// fetched. Big-endian, the same bytes on the wire and on disk, since Kafka 0.11 (KIP-98).
///
/// | at | size | field | meaning |
/// |---|---|---|---|
/// | 0 | 8 | base offset | first offset of the batch as appended; compaction keeps it |
/// | 8 | 4 | length | bytes after this field, 49 or more |
/// | 12 | 4 | partition leader epoch | epoch of the leader that appended; -1 from a producer |
/// | 16 | 1 | magic | 2 |
/// | 17 | 4 | crc | CRC-32C of byte 21 to the end |
/// | 21 | 2 | attributes | below |
/// | 23 | 4 | last offset delta | last offset - base offset; compaction keeps it |
/// | 27 | 8 | base timestamp | base of the records' deltas; with bit 6, the delete horizon |
/// | 35 | 8 | max timestamp | largest timestamp of the records, or the time of append |
/// | 43 | 8 | producer id | -1: not idempotent |
/// | 51 | 2 | producer epoch | -1: not idempotent |
/// | 53 | 4 | base sequence | of the first record; -1: not idempotent, or a control batch |
/// | 57 | 4 | count | number of records; compaction can make it less than last offset delta + 1 |
/// | 61 | | records | `record.h`; compressed together unless the codec is none |
///
/// Attributes: bits 0-2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon set
/// (KIP-534). The other bits are unused and ignored, as in Kafka.
struct BatchLayout {
    static constexpr std::size_t kBaseOffset = 0;
    static constexpr std::size_t kLength = 8;
    static constexpr std::size_t kLeaderEpoch = 12;
    static constexpr std::size_t kMagic = 16;
    static constexpr std::size_t kCrc = 17;
    static constexpr std::size_t kAttributes = 21;
    static constexpr std::size_t kLastOffsetDelta = 23;
    static constexpr std::size_t kBaseTimestamp = 27;
    static constexpr std::size_t kMaxTimestamp = 35;
    static constexpr std::size_t kProducerId = 43;
    static constexpr std::size_t kProducerEpoch = 51;
    static constexpr std::size_t kBaseSequence = 53;
    static constexpr std::size_t kCount = 57;
    static constexpr std::size_t kRecords = 61;

    static constexpr std::size_t kHeaderSize = kRecords;
    /// Bytes that the length field does not count: the base offset and the length itself.
    static constexpr std::size_t kBeforeLength = 12;
    static constexpr auto kMinLength = static_cast<std::int32_t>(kHeaderSize - kBeforeLength);
    static constexpr std::int8_t kMagicValue = 2;

    static constexpr std::int16_t kCodecMask = 0x07;
    static constexpr std::int16_t kLogAppendTimeBit = 0x08;
    static constexpr std::int16_t kTransactionalBit = 0x10;
    static constexpr std::int16_t kControlBit = 0x20;
    static constexpr std::int16_t kDeleteHorizonBit = 0x40;
};

/// Who set the timestamps: the producer, or the broker at append.
enum class TimestampType : std::uint8_t { create_time = 0, log_append_time = 1 };

inline constexpr Sequence kNoSequence{-1};
inline constexpr ProducerEpoch kNoProducerEpoch{-1};

/// The sequence number `distance` records after `base`. It wraps from 2^31 - 1 to 0. kNoSequence
/// stays kNoSequence.
[[nodiscard]] Sequence sequence_after(Sequence base, std::int32_t distance);

/// View of the first 61 bytes of a batch. parse_header has checked magic and length. The CRC is not
/// checked here, because it covers the whole batch (see BatchView).
class BatchHeader {
public:
    [[nodiscard]] Offset base_offset() const { return Offset(load<std::int64_t>(L::kBaseOffset)); }
    [[nodiscard]] Offset last_offset() const { return base_offset() + last_offset_delta(); }
    /// Size of the whole batch in bytes, header included; at least 61.
    [[nodiscard]] std::size_t size() const {
        return L::kBeforeLength + static_cast<std::size_t>(load<std::int32_t>(L::kLength));
    }
    [[nodiscard]] LeaderEpoch leader_epoch() const {
        return LeaderEpoch(load<std::int32_t>(L::kLeaderEpoch));
    }
    [[nodiscard]] std::uint32_t crc() const { return load<std::uint32_t>(L::kCrc); }
    [[nodiscard]] std::int16_t attributes() const { return load<std::int16_t>(L::kAttributes); }
    [[nodiscard]] std::int32_t last_offset_delta() const {
        return load<std::int32_t>(L::kLastOffsetDelta);
    }
    [[nodiscard]] Timestamp base_timestamp() const {
        return Timestamp(load<std::int64_t>(L::kBaseTimestamp));
    }
    [[nodiscard]] Timestamp max_timestamp() const {
        return Timestamp(load<std::int64_t>(L::kMaxTimestamp));
    }
    [[nodiscard]] ProducerId producer_id() const {
        return ProducerId(load<std::int64_t>(L::kProducerId));
    }
    [[nodiscard]] ProducerEpoch producer_epoch() const {
        return ProducerEpoch(load<std::int16_t>(L::kProducerEpoch));
    }
    [[nodiscard]] Sequence base_sequence() const {
        return Sequence(load<std::int32_t>(L::kBaseSequence));
    }
    [[nodiscard]] Sequence last_sequence() const {
        return sequence_after(base_sequence(), last_offset_delta());
    }
    [[nodiscard]] std::int32_t count() const { return load<std::int32_t>(L::kCount); }

    [[nodiscard]] int codec_number() const { return attributes() & L::kCodecMask; }
    /// The codec; nullopt for the unknown numbers 5 to 7.
    [[nodiscard]] std::optional<Codec> codec() const;
    [[nodiscard]] TimestampType timestamp_type() const {
        return has(L::kLogAppendTimeBit) ? TimestampType::log_append_time
                                         : TimestampType::create_time;
    }
    [[nodiscard]] bool is_transactional() const { return has(L::kTransactionalBit); }
    [[nodiscard]] bool is_control() const { return has(L::kControlBit); }
    [[nodiscard]] bool has_producer_id() const { return producer_id().value() >= 0; }
    /// The time after which compaction may drop the tombstones and transaction markers of this
    /// batch; nullopt if none is set.
    [[nodiscard]] std::optional<Timestamp> delete_horizon() const;
    /// The timestamp of a record whose timestamp delta is `delta`.
    [[nodiscard]] Timestamp timestamp_of(std::int64_t delta) const;

protected:
    using L = BatchLayout;

    explicit BatchHeader(const std::byte* data) : data_(data) {}

    [[nodiscard]] const std::byte* data() const { return data_; }

private:
    friend Result<BatchHeader> parse_header(ByteView bytes);

    template <class T>
    [[nodiscard]] T load(std::size_t at) const {
        return load_big_endian<T>(data_ + at);
    }
    [[nodiscard]] bool has(std::int16_t bit) const { return (attributes() & bit) != 0; }

    const std::byte* data_;
};

/// View of a whole batch. Somebody else owns the bytes.
class BatchView : public BatchHeader {
public:
    [[nodiscard]] ByteView bytes() const { return {data(), size()}; }
    /// The bytes after the header, compressed or not.
    [[nodiscard]] ByteView records() const { return bytes().subspan(L::kRecords); }
    [[nodiscard]] std::uint32_t computed_crc() const;
    [[nodiscard]] bool crc_matches() const { return crc() == computed_crc(); }

private:
    friend Result<BatchView> parse_batch(ByteView bytes);

    explicit BatchView(const BatchHeader& header) : BatchHeader(header) {}
};

/// Parses the header at the start of `bytes`; checks magic and length field. Errors: unsupported
/// (magic 0 or 1), corrupt (also with fewer than 61 bytes).
[[nodiscard]] Result<BatchHeader> parse_header(ByteView bytes);

/// Parses the batch at the start of `bytes`, which must hold all of it; ignores the bytes after it.
/// Does not check the CRC. Errors: unsupported (magic 0 or 1), corrupt.
[[nodiscard]] Result<BatchView> parse_batch(ByteView bytes);

}  // namespace hw::record
