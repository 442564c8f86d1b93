#include "protocol/schema/group_record.h"

#include <span>
#include <type_traits>
#include <utility>

#include <catch2/catch.hpp>

#include "protocol/schema/consumer_protocol.h"
#include "protocol/schema/json_printer.h"
#include "protocol/schema/random.h"
#include "test/unit/schema/log_records.h"
#include "test/unit/schema/support.h"

namespace hw::schema {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;
using testing::file;
using testing::kAmple;
using testing::lines_of;
using testing::LogRecord;
using testing::records_of;
using testing::text_of;

constexpr std::uint64_t kSeed = 13;

std::optional<ByteView> nullable(std::string_view value) {
    return value.data() == nullptr ? std::nullopt : std::optional(as_bytes(value));
}

/// The bytes of a record, so that two can be compared.
struct Parts {
    std::string key;
    std::optional<std::string> value;

    bool operator==(const Parts&) const = default;
};

Parts parts_of(const Result<EncodedGroupRecord>& encoded) {
    REQUIRE(encoded);
    const std::optional<ByteView> value = encoded->value();
    return {std::string(as_text(encoded->key())),
            value ? std::optional(std::string(as_text(*value))) : std::nullopt};
}

std::string base64(ByteView bytes) {
    std::string text;
    JsonPrinter(text).bytes(bytes);
    return text;
}

/// Replaces the bytes of a member by the message that they hold, as Kafka's dump does.
void expand(std::string& text, const std::string& field, ByteView bytes,
            const std::string& message) {
    const std::string before = "\"" + field + "\":" + base64(bytes);
    const std::size_t at = text.find(before);
    REQUIRE(at != std::string::npos);
    text.replace(at, before.size(), "\"" + field + "\":" + message);
}

template <class Value>
std::string value_text(const Value& value, ApiVersion version) {
    std::string text = text_of(value, version);
    if constexpr (std::is_same_v<Value, GroupMetadataValue>) {
        for (const GroupMetadataValue::MemberMetadata& member : value.members) {
            Arena arena(kAmple);
            const auto subscription = decode_subscription(member.subscription, arena);
            REQUIRE(subscription);
            expand(text, "subscription", member.subscription,
                   text_of(subscription->subscription, subscription->version));
            const auto assignment = decode_assignment(member.assignment, arena);
            REQUIRE(assignment);
            expand(text, "assignment", member.assignment,
                   text_of(assignment->assignment, assignment->version));
        }
    }
    return text;
}

std::string record_text(const UnknownGroupRecord& record, ApiVersion) {
    return fmt::format("unknown type {}", record.type);
}

/// The record as Kafka's dump prints it.
template <class Record>
std::string record_text(const Record& record, ApiVersion version) {
    return fmt::format(R"(key: {{"type":"{}","data":{}}} payload: {})", Record::kType,
                       text_of(record.key, ApiVersion(0)),
                       record.value ? fmt::format(R"({{"version":"{}","data":{}}})", version,
                                                  value_text(*record.value, version))
                                    : "<DELETE>");
}

std::string record_text(const LogRecord& record) {
    Arena arena(kAmple);
    const auto decoded = decode_group_record(as_bytes(record.key), nullable(record.value), arena);
    REQUIRE(decoded);
    const Parts again = parts_of(encode_group_record(decoded->record, decoded->version));
    CHECK(again.key == record.key);
    CHECK(again.value.has_value() == (record.value.data() != nullptr));
    CHECK(again.value.value_or("") == record.value);
    // Kafka 4.3.1 wrote these records in the versions that we write, too.
    CHECK(parts_of(encode_group_record(decoded->record)) == again);
    return std::visit([&](const auto& one) { return record_text(one, decoded->version); },
                      decoded->record);
}

void check_log(const std::string& name, std::size_t expected_records) {
    const std::string log = file(name + ".log");
    std::vector<std::string> printed;
    for (const LogRecord& record : records_of(log)) {
        if (!record.is_control) {
            printed.push_back(record_text(record));
        }
    }
    std::vector<std::string> expected;
    for (const std::string& line : lines_of(file(name + ".txt"))) {
        if (const std::size_t at = line.find(" key: "); at != std::string::npos) {
            expected.push_back(line.substr(at + 1));
        }
    }
    CHECK(printed.size() == expected_records);
    CHECK(printed == expected);
}

TEST_CASE("group record: logs of Kafka print like Kafka's dump and are rebuilt byte for byte",
          "[schema][golden]") {
    check_log("kafka/consumer_offsets-0", 7);
    check_log("kafka/consumer_offsets-1", 14);
}

/// Calls `visit.template operator()<Record>()` for every known type of record.
template <class Visit>
void for_each_type(Visit visit) {
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
        (visit.template operator()<std::variant_alternative_t<kIndex, GroupRecord>>(), ...);
    }(std::make_index_sequence<std::variant_size_v<GroupRecord> - 1>());
}

/// Calls `check(record, version)` with random records of all types and versions of values.
template <class Check>
void for_random_records(Check check) {
    Random random(kSeed);
    for_each_type([&]<class Record>() {
        constexpr VersionRange versions = Record::Value::kVersions;
        for (std::int16_t v = versions.low.value(); v <= versions.high.value(); ++v) {
            for (int i = 0; i < 10; ++i) {
                INFO(Record::Value::kName << " version " << v << " seed " << kSeed);
                Arena arena(kAmple);
                Record record;
                randomize(random, arena, ApiVersion(0), record.key);
                randomize(random, arena, ApiVersion(v), record.value.emplace());
                check(record, ApiVersion(v));
            }
        }
    });
}

TEST_CASE("group record: every version of every type decodes to what was encoded",
          "[schema][round-trip]") {
    for_random_records([]<class Record>(const Record& record, ApiVersion version) {
        const Parts sent = parts_of(encode_group_record(record, version));
        REQUIRE(sent.value);
        Arena arena(kAmple);
        const auto received = decode_group_record(as_bytes(sent.key), as_bytes(*sent.value), arena);
        REQUIRE(received);
        CHECK(received->version == version);
        CHECK(parts_of(encode_group_record(received->record, version)) == sent);
        const auto& same = std::get<Record>(received->record);
        CHECK(text_of(same.key, ApiVersion(0)) == text_of(record.key, ApiVersion(0)));
        CHECK(text_of(*same.value, version) == text_of(*record.value, version));
    });
}

TEST_CASE("group record: every key and value cut at every byte is refused", "[schema][cut]") {
    for_random_records([](const auto& record, ApiVersion version) {
        const Parts sent = parts_of(encode_group_record(record, version));
        std::size_t accepted = 0;
        const auto try_parts = [&](std::string_view key, std::string_view value) {
            // Allocations of the exact sizes, so that a sanitizer reports a read past the end.
            const std::vector<char> exact_key(key.begin(), key.end());
            const std::vector<char> exact_value(value.begin(), value.end());
            Arena arena(kAmple);
            accepted += decode_group_record(std::as_bytes(std::span(exact_key)),
                                            std::as_bytes(std::span(exact_value)), arena)
                            ? 1
                            : 0;
        };
        for (std::size_t cut = 0; cut < sent.key.size(); ++cut) {
            try_parts(std::string_view(sent.key).substr(0, cut), *sent.value);
        }
        for (std::size_t cut = 0; cut < sent.value->size(); ++cut) {
            try_parts(sent.key, std::string_view(*sent.value).substr(0, cut));
        }
        CHECK(accepted == 0);
    });
}

TEST_CASE("group record: random bytes are decoded or refused without harm", "[schema][cut]") {
    Random random(kSeed);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes(random.below(60), '\0');
        for (char& c : bytes) {
            c = random.chance(2, 3) ? '\0' : static_cast<char>(random.below(256));
        }
        const std::string key = "\0"s + static_cast<char>(random.below(20)) + bytes;
        Arena arena(kAmple);
        const auto decoded = decode_group_record(as_bytes(key), as_bytes(bytes), arena);
        CHECK((decoded || !decoded.error().message.empty()));
    }
}

TEST_CASE("group record: a tombstone has a key and no value", "[schema]") {
    const OffsetCommitRecord record{
        .key = {.group = "g", .topic = "t", .partition = PartitionIndex(3)}, .value = {}};
    const Parts parts = parts_of(encode_group_record(record));
    CHECK(parts.key == "\0\x01\0\x01g\0\x01t\0\0\0\x03"sv);
    CHECK_FALSE(parts.value);
    Arena arena(kAmple);
    const auto decoded = decode_group_record(as_bytes(parts.key), std::nullopt, arena);
    REQUIRE(decoded);
    const auto& same = std::get<OffsetCommitRecord>(decoded->record);
    CHECK(same.key.group == "g");
    CHECK(same.key.partition == PartitionIndex(3));
    CHECK_FALSE(same.value);
}

TEST_CASE("group record: an offset is written in version 4, and with an expire timestamp in 1",
          "[schema]") {
    OffsetCommitRecord record{.key = {.group = "g", .topic = "t"}, .value = OffsetCommitValue()};
    record.value->leader_epoch = LeaderEpoch(2);
    CHECK(written_version(record) == ApiVersion(4));
    CHECK(parts_of(encode_group_record(record)).value ==
          "\0\x04\0\0\0\0\0\0\0\0\0\0\0\x02\x01\0\0\0\0\0\0\0\0\0"s);
    record.value->expire_timestamp = Timestamp(1);
    CHECK(written_version(record) == ApiVersion(1));
    CHECK(parts_of(encode_group_record(record)).value ==
          "\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"s);
    CHECK(written_version(GroupMetadataRecord{}) == ApiVersion(3));
    CHECK(written_version(ConsumerGroupMetadataRecord{}) == ApiVersion(0));
}

TEST_CASE("group record: a record of an unknown type keeps its bytes", "[schema]") {
    Arena arena(kAmple);
    const auto decoded = decode_group_record(as_bytes("\0\x0Bkey"sv), as_bytes("value"sv), arena);
    REQUIRE(decoded);
    CHECK(std::get<UnknownGroupRecord>(decoded->record).type == 11);
    CHECK(parts_of(encode_group_record(decoded->record)) == Parts{"\0\x0Bkey"s, "value"});
}

std::string refusal(std::string_view key, std::string_view value) {
    Arena arena(kAmple);
    const auto decoded = decode_group_record(as_bytes(key), nullable(value), arena);
    return decoded ? "accepted" : decoded.error().message;
}

TEST_CASE("group record: the error about bad bytes says what is wrong and where", "[schema]") {
    constexpr std::string_view kKey = "\0\x02\0\x01g"sv;
    CHECK(refusal("\0"sv, {}) ==
          "the type of a group record: the message ends inside a number (at byte 0 of 1)");
    CHECK(refusal("\0\x02\0\x02g"sv, {}) ==
          "GroupMetadataKey version 0: a length is larger than the rest of the message (at byte 4 "
          "of 5)");
    CHECK(refusal("\0\x02\0\x01gh"sv, {}) ==
          "GroupMetadataKey version 0: 1 bytes are left after the message (at byte 5 of 6)");
    CHECK(refusal(kKey, ""sv) ==
          "the version of GroupMetadataValue: the message ends inside a number (at byte 0 of 0)");
    CHECK(refusal(kKey, "\0\x05"sv) == "GroupMetadataValue has version 5; 0 to 4 are supported");
    CHECK(refusal(kKey, "\xFF\xFF"sv) == "GroupMetadataValue has version -1; 0 to 4 are supported");
    CHECK(refusal(kKey, "\0\x03\0\x01p\0"sv) ==
          "GroupMetadataValue version 3: the message ends inside a number (at byte 5 of 6)");
}

TEST_CASE("group record: a member without classic metadata says so explicitly, as Kafka's do",
          "[schema]") {
    ConsumerGroupMemberMetadataRecord record{.key = {.group_id = "g", .member_id = "m"},
                                             .value = ConsumerGroupMemberMetadataValue()};
    const Parts parts = parts_of(encode_group_record(record));
    REQUIRE(parts.value);
    CHECK(parts.value->ends_with("\x01\0\x01\0"sv));
}

}  // namespace
}  // namespace hw::schema
