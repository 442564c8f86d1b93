#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/image/topic_name.h"
#include "protocol/base/arena.h"
#include "protocol/record/batch.h"
#include "protocol/record/control_record.h"
#include "protocol/record/decompressor.h"
#include "protocol/record/record.h"
#include "protocol/schema/metadata_record.h"
#include "protocol/schema/record/control.h"
#include "protocol/wire/reader.h"
#include "storage/batch_walker.h"
#include "storage/text_lines.h"
#include "tools/dump/dump_job.h"

namespace hw::dump {
namespace {

/// How the values of records are printed: as their bytes, or as the JSON of a metadata record.
enum class Values : std::uint8_t { text, metadata };

using record::BatchHeader;
using record::ControlType;
using record::NullableBytes;
using record::RecordView;

/// Memory that a decoded record may take: structs are larger than the bytes they come from.
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
    HW_TRY_VOID(reader.finish());
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
    HW_TRY(epoch, record::parse_end_transaction(value));
    return fmt::format("endTxnMarker: {} coordinatorEpoch: {}",
                       type == ControlType::commit ? "COMMIT" : "ABORT", epoch);
}

Result<std::string> control_text(const RecordView& record) {
    HW_TRY(type, record::parse_control_key(record.key.value_or(ByteView{})));
    const ByteView value = record.value.value_or(ByteView{});
    switch (type) {
        case ControlType::abort:
        case ControlType::commit:
            return marker_text(type, value);
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
    return fail(ErrorKind::unsupported, "unknown type of control record");
}

Result<std::string> metadata_text(const RecordView& record) {
    const ByteView value = record.value.value_or(ByteView{});
    Arena arena(arena_budget(value));
    HW_TRY(decoded, schema::decode_metadata_record(value, arena));
    std::string text;
    schema::print_metadata_record(decoded, text);
    return text;
}

/// `text`, or the reason why it could not be decoded.
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

/// The line of a batch that starts at `position` in its file.
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

/// The line of a record. Keys and values are printed as raw bytes. A part that cannot be decoded is
/// reported in the line.
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

constexpr std::string_view kBootstrapName = "bootstrap.checkpoint";

bool is_in_metadata_folder(std::string_view path) {
    // A path without a folder is in the working directory.
    std::error_code ignored;
    const std::filesystem::path whole = std::filesystem::absolute(path, ignored);
    const std::string folder = whole.lexically_normal().parent_path().filename().string();
    return storage::parse_folder_name(folder).log.topic == controller::kMetadataTopic;
}

/// One walk over the batches of a file. A batch with damaged contents is skipped, because the next
/// one can be found; bytes that are not a batch end the walk.
class SegmentDump {
public:
    SegmentDump(const DumpJob& job, Values values) : job_(&job), values_(values) {}

    Result<void> run();

private:
    void dump_batch(const record::BatchView& batch, std::uint64_t position);
    Result<void> dump_records(const record::BatchView& batch);
    void remark_gap(Offset offset);
    void keep_damage(std::uint64_t position, const Error& error);

    const DumpJob* job_;
    Values values_;
    record::Decompressor decompressor_;
    Offset last_offset_ = kNoOffset;
    bool has_gaps_ = false;
    std::optional<Error> damage_;  ///< the first
    std::size_t damages_ = 0;
};

Result<void> SegmentDump::run() {
    HW_TRY(opened, job_->open());
    storage::BatchWalker batches(*opened.file, 0, opened.size, storage::BatchWalker::kLargeWindow);
    while (true) {
        HW_TRY(batch, batches.next_batch());
        if (!batch) {
            break;
        }
        dump_batch(*batch, batches.position());
    }
    if (batches.problem()) {
        job_->output->line(fmt::format("Found {} invalid bytes at the end of {}",
                                       opened.size - batches.next_position(), job_->name()));
        keep_damage(batches.next_position(), *batches.problem());
    }
    if (!damage_) {
        return {};
    }
    const std::string others =
        damages_ > 1 ? fmt::format(" (damaged places in total: {})", damages_) : "";
    return fail(damage_->kind, "{}{}", damage_->message, others);
}

void SegmentDump::dump_batch(const record::BatchView& batch, std::uint64_t position) {
    job_->output->line(batch_text(batch, position));
    const auto dumped = job_->options->with_records ? dump_records(batch) : Result<void>{};
    if (!batch.crc_matches()) {
        keep_damage(position, {ErrorKind::corrupt,
                               fmt::format("the CRC in its header is {}, the computed CRC is {}",
                                           batch.crc(), batch.computed_crc())});
    } else if (!dumped) {
        keep_damage(position, dumped.error());
    }
}

Result<void> SegmentDump::dump_records(const record::BatchView& batch) {
    const auto codec = batch.codec();
    if (!codec) {
        return fail(ErrorKind::corrupt, "unknown codec number {}", batch.codec_number());
    }
    Buffer decompressed;
    ByteView bytes = batch.records();
    if (*codec != record::Codec::none) {
        HW_TRY(plain, decompressor_.decompress(*codec, bytes));
        decompressed = std::move(plain);
        bytes = decompressed.view();
    }
    record::RecordCursor records(batch, bytes);
    while (const auto record = records.next()) {
        remark_gap(record->offset);
        job_->output->line(record_text(batch, *record, values_));
    }
    return records.status();
}

void SegmentDump::remark_gap(Offset offset) {
    if (offset != last_offset_ + 1) {
        if (!has_gaps_) {
            job_->output->remark(fmt::format("Non-consecutive offsets in {}", job_->path));
        }
        has_gaps_ = true;
        job_->output->remark(fmt::format("  {} is followed by {}", last_offset_, offset));
    }
    last_offset_ = offset;
}

void SegmentDump::keep_damage(std::uint64_t position, const Error& error) {
    ++damages_;
    if (!damage_) {
        damage_ = Error{error.kind,
                        fmt::format("{}: at byte {}: {}", job_->path, position, error.message)};
    }
}

/// The title of a snapshot, from its name; nothing for a name that is not Kafka's.
std::optional<std::string> checkpoint_title(std::string_view name) {
    if (name == kBootstrapName) {
        return "KRaft bootstrap snapshot";
    }
    const std::string_view stem = name.substr(0, name.size() - kCheckpointSuffix.size());
    const std::size_t dash = stem.find('-');
    const auto offset = storage::parse_file_name(stem.substr(0, dash), "");
    const auto epoch = storage::parse_number<std::int32_t>(stem.substr(dash + 1));
    if (!offset || !epoch) {
        return std::nullopt;
    }
    return fmt::format("Snapshot end offset: {}, epoch: {}", *offset, *epoch);
}

}  // namespace

Result<void> dump_log(const DumpJob& job) {
    if (const auto offset = job.offset(storage::kLogSuffix)) {
        job.output->line(fmt::format("Log starting offset: {}", *offset));
    }
    const bool is_metadata =
        job.options->values == ValueFormat::metadata || is_in_metadata_folder(job.path);
    return SegmentDump(job, is_metadata ? Values::metadata : Values::text).run();
}

Result<void> dump_checkpoint(const DumpJob& job) {
    if (const auto title = checkpoint_title(job.name())) {
        job.output->line(*title);
    }
    return SegmentDump(job, Values::metadata).run();
}

}  // namespace hw::dump
