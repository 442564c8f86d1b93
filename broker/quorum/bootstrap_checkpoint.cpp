#include "broker/quorum/bootstrap_checkpoint.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "broker/quorum/metadata_batch.h"
#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/record/control_record.h"
#include "protocol/record/record.h"
#include "protocol/schema/metadata_record.h"
#include "protocol/schema/record/control.h"
#include "protocol/wire/encode_message.h"
#include "protocol/wire/reader.h"

namespace hw::broker {
namespace {

constexpr ApiVersion kVersion{0};

/// Builds a snapshot. Batches of so few bytes cannot fail to be built.
class SnapshotBuilder {
public:
    explicit SnapshotBuilder(Timestamp now) : now_(now) {}

    template <class Message>
    void add_control(record::ControlType type, const Message& message) {
        const auto value = wire::encode_message(message, kVersion);
        HW_ASSERT(value.has_value());
        const auto key = record::encode_control_key(type);
        auto builder = begin(true);
        add(builder, ByteView(key), value->own.view());
        finish(builder);
    }
    /// Adds the records in one batch.
    void add_data(const std::vector<schema::MetadataRecord>& records) {
        auto builder = begin(false);
        for (const schema::MetadataRecord& record : records) {
            const auto value = schema::encode_metadata_record(record, kVersion);
            HW_ASSERT(value.has_value());
            add(builder, {}, value->view());
        }
        finish(builder);
    }
    [[nodiscard]] std::string bytes() && { return std::move(bytes_); }

private:
    [[nodiscard]] record::BatchBuilder begin(bool is_control) const {
        return record::BatchBuilder({.base_offset = next_offset_,
                                     .leader_epoch = LeaderEpoch(0),
                                     .compression = {},
                                     .control = is_control});
    }
    void add(record::BatchBuilder& builder, std::optional<ByteView> key, ByteView value) {
        builder.add({.key = key, .value = value, .headers = {}, .timestamp = now_});
        next_offset_ = next_offset_ + 1;
    }
    void finish(record::BatchBuilder& builder) {
        const auto batch = builder.finish(compressor_);
        HW_ASSERT(batch.has_value());
        bytes_ += as_text(batch->view());
    }

    Timestamp now_;
    Offset next_offset_{0};
    record::Compressor compressor_;
    std::string bytes_;
};

/// Reads the batches of a checkpoint; used once. Collects what is used of them.
class BootstrapReader {
public:
    explicit BootstrapReader(std::string_view path) : path_(path) {}

    Result<Bootstrap> read(ByteView bytes);

private:
    Result<void> add_controls(const record::BatchView& batch);
    Result<void> check_kraft_version(const record::RecordView& record) const;
    Result<void> add_records(const controller::MetadataBatch& batch);
    Result<void> add_feature(const schema::FeatureLevelRecord& feature);
    [[nodiscard]] std::unexpected<Error> bad(const Error& error) const {
        return fail(error.kind, "{}: {}", path_, error.message);
    }

    std::string_view path_;
    Bootstrap bootstrap_;
    bool has_footer_ = false;
};

Result<Bootstrap> BootstrapReader::read(ByteView bytes) {
    record::BatchCursor cursor(bytes);
    while (const auto batch = cursor.next()) {
        const auto decoded = DecodedBatch::decode(*batch);
        if (!decoded) {
            return bad(decoded.error());
        }
        HW_TRY_VOID(batch->is_control() ? add_controls(*batch) : add_records(decoded->view()));
    }
    if (const auto status = cursor.status(); !status) {
        return bad(status.error());
    }
    if (!has_footer_) {
        return fail(ErrorKind::corrupt, "{}: the snapshot has no footer, so its end is missing",
                    path_);
    }
    return std::move(bootstrap_);
}

Result<void> BootstrapReader::add_controls(const record::BatchView& batch) {
    record::RecordCursor cursor(batch, batch.records());
    while (const auto record = cursor.next()) {
        const auto type = record::parse_control_key(record->key.value_or(ByteView()));
        if (!type && type.error().kind != ErrorKind::unsupported) {
            return bad(type.error());
        }
        has_footer_ = has_footer_ || type == record::ControlType::snapshot_footer;
        if (type == record::ControlType::kraft_version) {
            HW_TRY_VOID(check_kraft_version(*record));
        }
    }
    const auto status = cursor.status();
    return status ? Result<void>() : bad(status.error());
}

Result<void> BootstrapReader::check_kraft_version(const record::RecordView& record) const {
    constexpr std::size_t kArena = 1024;
    Arena arena(kArena);
    wire::Reader reader(record.value.value_or(ByteView()), arena);
    schema::KRaftVersionRecord version;
    decode(reader, kVersion, version);
    if (const auto status = reader.finish(); !status) {
        return bad(status.error());
    }
    if (version.kraft_version != 0) {
        return fail(ErrorKind::unsupported,
                    "{} has kraft.version {}: its controllers can be changed at run time, and are "
                    "listed in the metadata log. This version supports only controllers that are "
                    "listed in controller.quorum.voters (kraft.version 0). For a new cluster, set "
                    "that key on all nodes, remove everything in the data directories and run "
                    "`highwater format`",
                    path_, version.kraft_version);
    }
    return {};
}

Result<void> BootstrapReader::add_records(const controller::MetadataBatch& batch) {
    for (const schema::VersionedMetadataRecord& each : batch.records) {
        if (const auto* feature = std::get_if<schema::FeatureLevelRecord>(&each.record)) {
            HW_TRY_VOID(add_feature(*feature));
            continue;
        }
        bootstrap_.ignored.emplace_back(
            std::visit([]<class Record>(const Record&) { return Record::kName; }, each.record));
    }
    return {};
}

Result<void> BootstrapReader::add_feature(const schema::FeatureLevelRecord& feature) {
    if (feature.name == controller::kGroupVersionFeature &&
        controller::find_feature(feature.name)->supported.contains(feature.feature_level)) {
        bootstrap_.group_version = controller::GroupVersion(feature.feature_level);
        return {};
    }
    if (feature.name != controller::kMetadataVersionFeature) {
        if (feature.feature_level > 0) {
            bootstrap_.ignored.push_back(fmt::format("{} {}", feature.name, feature.feature_level));
        }
        return {};
    }
    constexpr std::int16_t kLowest = controller::kLowestMetadataVersion.level();
    constexpr std::int16_t kHighest = controller::kHighestMetadataVersion.level();
    if (feature.feature_level < kLowest || feature.feature_level > kHighest) {
        return fail(ErrorKind::unsupported,
                    "{} has metadata.version {}, but this version supports {} to {}. For a new "
                    "cluster, remove everything in the data directories and run `highwater format`",
                    path_, feature.feature_level, kLowest, kHighest);
    }
    bootstrap_.metadata_version = controller::MetadataVersion(feature.feature_level);
    return {};
}

}  // namespace

std::string format_bootstrap(const controller::InitialFeatures& features, Timestamp now) {
    SnapshotBuilder builder(now);
    builder.add_control(
        record::ControlType::snapshot_header,
        schema::SnapshotHeaderRecord{.version = 0, .last_contained_log_timestamp = now});
    std::vector<schema::MetadataRecord> records{
        schema::FeatureLevelRecord{.name = controller::kMetadataVersionFeature,
                                   .feature_level = features.metadata_version.level()}};
    if (features.group_version.level() > 0) {
        records.emplace_back(
            schema::FeatureLevelRecord{.name = controller::kGroupVersionFeature,
                                       .feature_level = features.group_version.level()});
    }
    builder.add_data(records);
    builder.add_control(record::ControlType::snapshot_footer, schema::SnapshotFooterRecord{});
    return std::move(builder).bytes();
}

Result<Bootstrap> parse_bootstrap(ByteView bytes, std::string_view path) {
    return BootstrapReader(path).read(bytes);
}

}  // namespace hw::broker
