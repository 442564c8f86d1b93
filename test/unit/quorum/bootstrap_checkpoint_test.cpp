#include "broker/quorum/bootstrap_checkpoint.h"

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/batch_builder.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/record/control_record.h"
#include "protocol/record/record.h"
#include "protocol/schema/metadata_record.h"

namespace hw::broker {
namespace {

constexpr Timestamp kNow{1'767'225'600'000};

std::string kafka_file() {
    std::ifstream file(HW_KAFKA_FILES "/bootstrap.checkpoint", std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    REQUIRE(bytes.size() == 411);
    return bytes;
}

/// The batches of a snapshot; their bytes must outlive them.
std::vector<record::BatchView> batches_of(const std::string& bytes) {
    std::vector<record::BatchView> batches;
    record::BatchCursor cursor(as_bytes(bytes));
    while (const auto batch = cursor.next()) {
        batches.push_back(*batch);
    }
    REQUIRE(cursor.status());
    return batches;
}

/// Key and value of the first record of a batch.
std::pair<std::string, std::string> first_record(const record::BatchView& batch) {
    const auto record = record::RecordCursor(batch, batch.records()).next();
    REQUIRE(record.has_value());
    return {std::string(as_text(record->key.value_or(ByteView()))),
            std::string(as_text(record->value.value_or(ByteView())))};
}

/// A batch with one record.
std::string batch(std::optional<record::ControlType> type, ByteView value) {
    record::BatchBuilder builder(
        {.leader_epoch = LeaderEpoch(0), .compression = {}, .control = type.has_value()});
    const auto key = record::encode_control_key(type.value_or(record::ControlType::commit));
    builder.add({.key = type ? record::NullableBytes(ByteView(key)) : std::nullopt,
                 .value = value,
                 .headers = {},
                 .timestamp = kNow});
    record::Compressor compressor;
    return std::string(as_text(builder.finish(compressor)->view()));
}

std::string feature(std::string_view name, std::int16_t level) {
    const auto value = schema::encode_metadata_record(
        schema::FeatureLevelRecord{.name = name, .feature_level = level}, ApiVersion(0));
    REQUIRE(value.has_value());
    return batch(std::nullopt, value->view());
}

std::string footer() {
    return batch(record::ControlType::snapshot_footer, as_bytes(std::string_view("\0\0\0", 3)));
}

std::string refusal(const std::string& bytes) {
    const auto parsed = parse_bootstrap(as_bytes(bytes), "/data/x");
    REQUIRE_FALSE(parsed.has_value());
    return parsed.error().message;
}

TEST_CASE(
    "bootstrap checkpoint: that of Kafka gives metadata.version and group.version, other features "
    "do not count",
    "[quorum][bootstrap]") {
    const auto parsed = parse_bootstrap(as_bytes(kafka_file()), "x");
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->metadata_version.has_value());
    CHECK(parsed->metadata_version->level() == 30);
    CHECK(parsed->group_version.level() == 1);
    CHECK(parsed->ignored == std::vector<std::string>{"eligible.leader.replicas.version 1",
                                                      "share.version 1", "streams.version 1",
                                                      "transaction.version 2"});
}

TEST_CASE("bootstrap checkpoint: ours has the batches and records of Kafka's",
          "[quorum][bootstrap]") {
    const std::string own = format_bootstrap({}, kNow);
    const std::string kafka = kafka_file();
    const auto ours = batches_of(own);
    const auto theirs = batches_of(kafka);
    REQUIRE(ours.size() == 3);
    REQUIRE(theirs.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CAPTURE(i);
        CHECK(ours[i].crc_matches());
        CHECK(ours[i].leader_epoch() == theirs[i].leader_epoch());
        CHECK(ours[i].is_control() == theirs[i].is_control());
        CHECK(first_record(ours[i]).first == first_record(theirs[i]).first);
    }
    CHECK(ours[1].base_offset() == Offset(1));
    CHECK(ours[2].base_offset() == Offset(3));
    // Kafka 4.3 writes no timestamp into the header, 4.4 the time of the format.
    const std::string header = first_record(ours[0]).second;
    const std::string zero = first_record(theirs[0]).second;
    CHECK(header ==
          zero.substr(0, 2) + std::string("\0\0\x01\x9b\x76\xda\xa8\0", 8) + zero.substr(10));
    CHECK(first_record(ours[1]).second == first_record(theirs[1]).second);
    CHECK(first_record(ours[2]).second == first_record(theirs[2]).second);
}

TEST_CASE("bootstrap checkpoint: ours is read back", "[quorum][bootstrap]") {
    for (const int level : {7, 30, 33}) {
        for (const int groups : {0, 1}) {
            const controller::InitialFeatures features{
                .metadata_version = controller::MetadataVersion(static_cast<std::int16_t>(level)),
                .group_version = controller::GroupVersion(static_cast<std::int16_t>(groups))};
            const auto parsed = parse_bootstrap(as_bytes(format_bootstrap(features, kNow)), "x");
            REQUIRE(parsed.has_value());
            CHECK(parsed->metadata_version->level() == level);
            CHECK(parsed->group_version.level() == groups);
            CHECK(parsed->ignored.empty());
        }
    }
}

TEST_CASE("bootstrap checkpoint: a metadata.version out of range is refused with the range",
          "[quorum][bootstrap]") {
    for (const int level : {6, 34}) {
        const std::string bytes =
            feature("metadata.version", static_cast<std::int16_t>(level)) + footer();
        CHECK(refusal(bytes).starts_with(fmt::format(
            "/data/x has metadata.version {}, but this version supports 7 to 33. ", level)));
    }
}

TEST_CASE("bootstrap checkpoint: a group.version that is not supported is named as ignored",
          "[quorum][bootstrap]") {
    const auto parsed = parse_bootstrap(as_bytes(feature("group.version", 2) + footer()), "x");
    REQUIRE(parsed.has_value());
    CHECK(parsed->group_version.level() == 0);
    CHECK(parsed->ignored == std::vector<std::string>{"group.version 2"});
}

TEST_CASE("bootstrap checkpoint: kraft.version 1 is refused, 0 and unknown control records are not",
          "[quorum][bootstrap]") {
    const auto kraft_version = [](char level) {
        const std::string value{'\0', '\0', '\0', level, '\0'};
        return batch(record::ControlType::kraft_version, as_bytes(value)) + footer();
    };
    CHECK(refusal(kraft_version(1))
              .starts_with("/data/x has kraft.version 1: its controllers can be changed at run"));
    CHECK(parse_bootstrap(as_bytes(kraft_version(0)), "x").has_value());
    const auto unknown = static_cast<record::ControlType>(99);
    CHECK(parse_bootstrap(as_bytes(batch(unknown, {}) + footer()), "x").has_value());
}

TEST_CASE("bootstrap checkpoint: records of other types are named as ignored",
          "[quorum][bootstrap]") {
    const auto value = schema::encode_metadata_record(
        schema::ConfigRecord{.name = "min.insync.replicas", .value = "1"}, ApiVersion(0));
    const auto parsed =
        parse_bootstrap(as_bytes(batch(std::nullopt, value->view()) + footer()), "x");
    REQUIRE(parsed.has_value());
    CHECK_FALSE(parsed->metadata_version.has_value());
    CHECK(parsed->ignored == std::vector<std::string>{"ConfigRecord"});
}

TEST_CASE("bootstrap checkpoint: every shorter and every changed file is refused",
          "[quorum][bootstrap]") {
    const std::string bytes = format_bootstrap({}, kNow);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        CHECK(refusal(bytes.substr(0, size)).starts_with("/data/x: "));
    }
    // The checksum covers the bytes from 21 on of the second batch.
    const std::size_t second = batches_of(bytes)[0].size() + 21;
    for (std::size_t at = second; at < second + 40; ++at) {
        std::string changed = bytes;
        changed[at] ^= 1;
        CHECK(refusal(changed).find("corrupt") != std::string::npos);
    }
}

}  // namespace
}  // namespace hw::broker
