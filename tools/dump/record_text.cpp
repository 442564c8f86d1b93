#include "tools/dump/record_text.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "protocol/base/arena.h"
#include "protocol/record/control_record.h"
#include "protocol/schema/metadata_record.h"
#include "protocol/schema/record/control.h"
#include "protocol/wire/reader.h"

namespace hw::dump {
namespace {

using record::BatchHeader;
using record::ControlType;
using record::NullableBytes;
using record::RecordView;

/// What a record may take in memory once decoded: a struct is larger than its bytes.
std::size_t arena_budget(ByteView value) {
    constexpr std::size_t kFactor = 64;
    constexpr std::size_t kLeast = std::size_t{64} * 1024;
    return kFactor * value.size() + kLeast;
}

std::string time_text(const BatchHeader& batch, Timestamp timestamp) {
    const bool append = batch.timestamp_type() == record::TimestampType::log_append_time;
    return fmt::format("{}: {}", append ? "LogAppendTime" : "CreateTime", timestamp);
}

std::string codec_text(const BatchHeader& batch) {
    const auto codec = batch.codec();
    return codec ? to_string(*codec) : fmt::format("{}", batch.codec_number());
}

std::int64_t size_of(const NullableBytes& bytes) {
    return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

template <class Message>
Result<std::string> control_json(ByteView value) {
    if (value.size() < sizeof(std::int16_t)) {
        return fail(ErrorKind::corrupt, "{} has {} of the {} bytes of its version", Message::kName,
                    value.size(), sizeof(std::int16_t));
    }
    const ApiVersion version(load_big_endian<std::int16_t>(value.data()));
    if (!Message::kVersions.contains(version)) {
        return fail(ErrorKind::unsupported, "{} has version {}, known are {} to {}", Message::kName,
                    version, Message::kVersions.low, Message::kVersions.high);
    }
    Arena arena(arena_budget(value));
    wire::Reader reader(value, arena);
    Message message;
    decode(reader, version, message);
    if (const auto finished = reader.finish(); !finished) {
        return std::unexpected(finished.error());
    }
    std::string text;
    print(message, version, text);
    return text;
}

template <class Message>
Result<std::string> named_json(std::string_view name, ByteView value) {
    auto json = control_json<Message>(value);
    if (!json) {
        return json;
    }
    return fmt::format("{} {}", name, *json);
}

Result<std::string> marker_text(ControlType type, ByteView value) {
    const auto epoch = record::parse_end_transaction(value);
    if (!epoch) {
        return std::unexpected(epoch.error());
    }
    return fmt::format("endTxnMarker: {} coordinatorEpoch: {}",
                       type == ControlType::commit ? "COMMIT" : "ABORT", *epoch);
}

Result<std::string> control_text(const RecordView& record) {
    const auto type = record::parse_control_key(record.key.value_or(ByteView{}));
    if (!type) {
        return std::unexpected(type.error());
    }
    const ByteView value = record.value.value_or(ByteView{});
    switch (*type) {
        case ControlType::abort:
        case ControlType::commit:
            return marker_text(*type, value);
        case ControlType::leader_change:
            return named_json<schema::LeaderChangeMessage>("LeaderChange:", value);
        case ControlType::snapshot_header:
            return named_json<schema::SnapshotHeaderRecord>("SnapshotHeader", value);
        case ControlType::snapshot_footer:
            return named_json<schema::SnapshotFooterRecord>("SnapshotFooter", value);
        case ControlType::kraft_version:
            return named_json<schema::KRaftVersionRecord>("KRaftVersion", value);
        case ControlType::kraft_voters:
            return named_json<schema::VotersRecord>("KRaftVoters", value);
    }
    return fail(ErrorKind::unsupported, "a control record of another type");
}

Result<std::string> metadata_text(const RecordView& record) {
    const ByteView value = record.value.value_or(ByteView{});
    Arena arena(arena_budget(value));
    const auto decoded = schema::decode_metadata_record(value, arena);
    if (!decoded) {
        return std::unexpected(decoded.error());
    }
    std::string text;
    schema::print_metadata_record(*decoded, text);
    return text;
}

/// In place of what cannot be decoded.
std::string or_reason(const Result<std::string>& text, Offset offset) {
    return text ? *text : fmt::format("Error at {}, skipping. {}", offset, text.error().message);
}

std::string plain_text(const RecordView& record) {
    std::string text;
    if (record.key) {
        text += fmt::format(" key: {}", as_text(*record.key));
    }
    if (record.value) {
        text += fmt::format(" payload: {}", as_text(*record.value));
    }
    return text;
}

}  // namespace

std::string batch_text(const record::BatchView& batch, std::uint64_t position) {
    const auto horizon = batch.delete_horizon();
    return fmt::format(
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} "
        "producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} isControl: {} "
        "deleteHorizonMs: OptionalLong{} position: {} {} size: {} magic: {} compresscodec: {} "
        "crc: {} isvalid: {}",
        batch.base_offset(), batch.last_offset(), batch.count(), batch.base_sequence(),
        batch.last_sequence(), batch.producer_id(), batch.producer_epoch(), batch.leader_epoch(),
        batch.is_transactional(), batch.is_control(),
        horizon ? fmt::format("[{}]", *horizon) : ".empty", position,
        time_text(batch, batch.max_timestamp()), batch.size(), record::BatchLayout::kMagicValue,
        codec_text(batch), batch.crc(), batch.crc_matches());
}

std::string record_text(const BatchHeader& batch, const RecordView& record, Values values) {
    std::vector<std::string_view> headers;
    record::HeaderCursor cursor = record.headers;
    while (const auto header = cursor.next()) {
        headers.push_back(header->key);
    }
    std::string text = fmt::format(
        "| offset: {} {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]", record.offset,
        time_text(batch, record.timestamp), size_of(record.key), size_of(record.value),
        record::sequence_after(batch.base_sequence(), record.offset_delta),
        fmt::join(headers, ","));
    if (batch.is_control()) {
        return text + " " + or_reason(control_text(record), record.offset);
    }
    if (values == Values::metadata) {
        return text + " payload: " + or_reason(metadata_text(record), record.offset);
    }
    return text + plain_text(record);
}

}  // namespace hw::dump
