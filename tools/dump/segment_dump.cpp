#include "tools/dump/segment_dump.h"

#include <filesystem>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "controller/image/topic_name.h"
#include "protocol/record/decompressor.h"
#include "storage/batch_walker.h"
#include "storage/text_lines.h"
#include "tools/dump/record_text.h"

namespace hw::dump {
namespace {

constexpr std::string_view kBootstrapName = "bootstrap.checkpoint";

bool is_in_metadata_folder(std::string_view path) {
    // A name alone is in the working directory.
    std::error_code ignored;
    const std::filesystem::path whole = std::filesystem::absolute(path, ignored);
    const std::string folder = whole.lexically_normal().parent_path().filename().string();
    return storage::parse_folder_name(folder).log.topic == controller::kMetadataTopic;
}

/// One walk over the batches of a file. A batch whose inside is damaged is passed over, because
/// the next one can be found; bytes that are no batch end the walk.
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
    const auto opened = job_->open();
    if (!opened) {
        return std::unexpected(opened.error());
    }
    storage::BatchWalker batches(*opened->file, 0, opened->size,
                                 storage::BatchWalker::kLargeWindow);
    while (true) {
        const auto batch = batches.next_batch();
        if (!batch) {
            return std::unexpected(batch.error());
        }
        if (!*batch) {
            break;
        }
        dump_batch(**batch, batches.position());
    }
    if (batches.problem()) {
        job_->output->line(fmt::format("Found {} invalid bytes at the end of {}",
                                       opened->size - batches.next_position(), job_->name()));
        keep_damage(batches.next_position(), *batches.problem());
    }
    if (!damage_) {
        return {};
    }
    const std::string others =
        damages_ > 1 ? fmt::format(" (damaged places in all: {})", damages_) : "";
    return fail(damage_->kind, "{}{}", damage_->message, others);
}

void SegmentDump::dump_batch(const record::BatchView& batch, std::uint64_t position) {
    job_->output->line(batch_text(batch, position));
    const auto dumped = job_->options->with_records ? dump_records(batch) : Result<void>{};
    if (!batch.crc_matches()) {
        keep_damage(position,
                    {ErrorKind::corrupt, fmt::format("the batch says its CRC is {}, it is {}",
                                                     batch.crc(), batch.computed_crc())});
    } else if (!dumped) {
        keep_damage(position, dumped.error());
    }
}

Result<void> SegmentDump::dump_records(const record::BatchView& batch) {
    const auto codec = batch.codec();
    if (!codec) {
        return fail(ErrorKind::corrupt, "no codec has the number {}", batch.codec_number());
    }
    Buffer decompressed;
    ByteView bytes = batch.records();
    if (*codec != record::Codec::none) {
        auto plain = decompressor_.decompress(*codec, bytes);
        if (!plain) {
            return std::unexpected(plain.error());
        }
        decompressed = std::move(*plain);
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

/// What the name of a snapshot says of it; nothing for a name that is not Kafka's.
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
