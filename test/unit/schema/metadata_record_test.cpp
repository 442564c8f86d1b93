#include "protocol/schema/metadata_record.h"

#include <catch2/catch.hpp>

#include "protocol/schema/record/control.h"
#include "test/unit/schema/log_records.h"
#include "test/unit/schema/support.h"

namespace hw::schema {
namespace {

using testing::bytes_of;
using testing::decode_all;
using testing::file;
using testing::kAmple;
using testing::lines_of;
using testing::LogRecord;
using testing::records_of;
using testing::text_of;

template <class Control>
std::string control_text(std::string_view value) {
    Arena arena(kAmple);
    const ApiVersion version(load_big_endian<std::int16_t>(as_bytes(value).data()));
    const Result<Control> control = decode_all<Control>(value, version, arena);
    REQUIRE(control);
    CHECK(bytes_of(*control, version) == value);
    return text_of(*control, version);
}

std::string control_text(const LogRecord& record) {
    Arena arena(kAmple);
    // The key is an int16 version followed by the body.
    const auto key =
        decode_all<ControlRecordTypeSchema>(record.key.substr(2), ApiVersion(0), arena);
    REQUIRE(key);
    switch (key->type) {
        case 2:
            return control_text<LeaderChangeMessage>(record.value);
        case 3:
            return control_text<SnapshotHeaderRecord>(record.value);
        case 4:
            return control_text<SnapshotFooterRecord>(record.value);
        default:
            return "unexpected";
    }
}

std::string record_text(const LogRecord& record) {
    if (record.is_control) {
        return control_text(record);
    }
    Arena arena(kAmple);
    const auto decoded = decode_metadata_record(as_bytes(record.value), arena);
    if (!decoded) {
        return decoded.error().message;
    }
    const auto again = encode_metadata_record(decoded->record, decoded->version);
    REQUIRE(again);
    CHECK(as_text(again->view()) == record.value);
    std::string text;
    print_metadata_record(*decoded, text);
    return text;
}

/// Kafka's dump shows secrets, which we print as (hidden).
std::string with_secrets_hidden(std::string line) {
    for (const std::string_view field : {"\"salt\":\"", "\"storedKey\":\"", "\"serverKey\":\""}) {
        const std::size_t at = line.find(field);
        if (at != std::string::npos) {
            const std::size_t begin = at + field.size();
            line.replace(begin, line.find('"', begin) - begin, "(hidden)");
        }
    }
    return line;
}

void check_log(const std::string& name, std::size_t expected_records) {
    const std::string log = file(name);
    const std::vector<LogRecord> records = records_of(log);
    const std::vector<std::string> expected = lines_of(file(name + ".txt"));
    REQUIRE(records.size() == expected_records);
    REQUIRE(expected.size() == expected_records);
    for (std::size_t i = 0; i < records.size(); ++i) {
        CHECK(record_text(records[i]) == with_secrets_hidden(expected[i]));
    }
}

TEST_CASE("metadata record: a log of Kafka prints like Kafka's dump and is rebuilt byte for byte",
          "[schema][golden]") {
    check_log("cluster_metadata.log", 203);
}

TEST_CASE("metadata record: a snapshot of Kafka prints like Kafka's dump", "[schema][golden]") {
    check_log("cluster_metadata.checkpoint", 20);
}

std::string refusal(std::string_view bytes) {
    Arena arena(kAmple);
    const auto decoded = decode_metadata_record(as_bytes(bytes), arena);
    REQUIRE_FALSE(decoded);
    return decoded.error().message;
}

TEST_CASE("metadata record: the error about an unknown type or version names it", "[schema]") {
    using std::string_view_literals::operator""sv;
    CHECK(refusal("\x02\x14\x00\x00"sv) ==
          "a metadata record has frame version 2; only 1 is supported");
    CHECK(refusal("\x01\x06\x00\x00"sv) == "unknown metadata record type 6");
    CHECK(refusal("\x01\x14\x01\x00"sv) == "NoOpRecord has version 1; 0 to 0 are supported");
    CHECK(refusal("\x01\x14\x00\x00\x00"sv) ==
          "NoOpRecord version 0: 1 bytes are left after the message (at byte 4 of 5)");
    CHECK(refusal(""sv) == "a varint is cut short or too large (at byte 0 of 0)");
}

TEST_CASE("metadata record: a field that the version does not have cannot be written", "[schema]") {
    RegisterBrokerRecord record;
    record.in_controlled_shutdown = true;
    CHECK(encode_metadata_record(record, ApiVersion(1)));
    const auto refused = encode_metadata_record(record, ApiVersion(0));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message ==
          "RegisterBrokerRecord version 0 has no field InControlledShutdown, which is set");
}

}  // namespace
}  // namespace hw::schema
