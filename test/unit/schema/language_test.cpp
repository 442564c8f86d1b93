#include <array>

#include <catch2/catch.hpp>

#include "test/unit/schema/sample/api/sample.h"
#include "test/unit/schema/sample/record/sample.h"
#include "test/unit/schema/support.h"

namespace hw::schema {
namespace {

using testing::bytes_of;
using testing::decode_all;
using testing::joined;
using testing::kAmple;
using testing::text_of;
using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;
using sample::RangesRequest;
using sample::RangesResponse;
using sample::ScalarsRequest;

constexpr ApiVersion kFixed(0);    // of ScalarsRequest
constexpr ApiVersion kCompact(1);  // of ScalarsRequest

template <class Message>
std::string refusal(const Message& message, ApiVersion version) {
    const Result<wire::Size> size = measure(message, version);
    return size ? "accepted" : size.error().message;
}

/// Decodes and prints a message. Returns the error if it cannot be decoded.
template <class Message>
std::string read(std::string_view bytes, ApiVersion version) {
    Arena arena(kAmple);
    const Result<Message> message = decode_all<Message>(bytes, version, arena);
    return message ? text_of(*message, version) : message.error().message;
}

TEST_CASE("schema: every scalar type has its width and byte order", "[schema][language]") {
    ScalarsRequest scalars;
    scalars.flag = true;
    scalars.int_8 = -2;
    scalars.int_16 = 0x0102;
    scalars.uint_16 = 0xFFFE;
    scalars.int_32 = 0x03040506;
    scalars.uint_32 = 0xFFFFFFFD;
    scalars.int_64 = 0x0708090A0B0C0D0E;
    scalars.float_64 = 1.5;
    scalars.id = {0x1112131415161718, 0x191A1B1C1D1E1F20};
    scalars.flag_on = false;
    const std::string bytes = bytes_of(scalars, kFixed);
    CHECK(bytes ==
          "\x01\xFE\x01\x02\xFF\xFE\x03\x04\x05\x06\xFF\xFF\xFF\xFD"
          "\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x3F\xF8\0\0\0\0\0\0"
          "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F\x20"
          "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
          "\0\x7F\xFF\xFF\xFF\x80\0\0\0\0\0\0\0\x3F\xE0\0\0\0\0\0\0\0\x05plain\0\x03"sv);
    CHECK(bytes_of(scalars, kCompact) == bytes.substr(0, 83) + "\x06plain\0\x03\0"s.substr(0));
    CHECK(read<ScalarsRequest>(bytes, kFixed) ==
          R"({"flag":true,"int8":-2,"int16":258,"uInt16":65534,"int32":50595078,)"
          R"("uInt32":4294967293,"int64":506664896818842894,"float64":1.5,)"
          R"("id":"ERITFBUWFxgZGhscHR4fIA","topic":"AAAAAAAAAAAAAAAAAAAAAA","flagOn":false,)"
          R"("hex":2147483647,"lowest":-9223372036854775808,"half":0.5,"text":"plain","code":3})");
}

TEST_CASE("schema: a new message holds its defaults", "[schema][language]") {
    const ScalarsRequest scalars;
    CHECK(scalars.flag_on);
    CHECK(scalars.hex == 0x7FFFFFFF);
    CHECK(scalars.lowest == INT64_MIN);
    CHECK(scalars.half == 0.5);
    CHECK(scalars.text == "plain");
    CHECK(scalars.code == wire::ErrorCode::unknown_topic_or_partition);
    const RangesRequest ranges;
    CHECK(ranges.middle == 7);
    CHECK(wire::is_null(ranges.late));
    CHECK(wire::is_empty(ranges.often_null));
    CHECK(ranges.texts.is_null());
    CHECK_FALSE(ranges.ids.is_null());
    CHECK(wire::is_empty(ranges.blob));
    CHECK(ranges.maybe == nullptr);
    CHECK(ranges.tag_number == -1);
}

TEST_CASE("schema: fields that a version does not have are not sent and are read as the default",
          "[schema][language]") {
    RangesRequest sent;
    sent.always = "x";
    sent.early_dropped = "dropped";
    CHECK(read<RangesRequest>(bytes_of(sent, ApiVersion(2)), ApiVersion(2)) ==
          R"({"always":"x","early":"","earlyDropped":"dropped","oftenNull":"","endpoints":[],)"
          R"("ids":[],"texts":null,"blob":"","batchesSizeInBytes":0,"fixed":""})");
    CHECK(read<RangesRequest>(bytes_of(sent, ApiVersion(6)), ApiVersion(6)) ==
          R"({"always":"x","late":null,"oftenNull":"","endpoints":[],"ids":[],"texts":null,)"
          R"("blob":"","batchesSizeInBytes":0,"maybe":null,"must":{"value":0,"deep":)"
          R"({"offset":-1}},"fixed":""})");
}

TEST_CASE("schema: a field that is set but not in the version is refused, unless it is ignorable",
          "[schema][language]") {
    RangesRequest message;
    message.early_dropped = "dropped";
    CHECK(refusal(message, ApiVersion(4)) == "accepted");
    message.early = "kept";
    CHECK(refusal(message, ApiVersion(3)) == "accepted");
    CHECK(refusal(message, ApiVersion(4)) ==
          "RangesRequest version 4 has no field Early, which is set");
    message.early = {};
    message.middle = 8;
    CHECK(refusal(message, ApiVersion(2)) ==
          "RangesRequest version 2 has no field Middle, which is set");
    CHECK(refusal(message, ApiVersion(5)) == "accepted");
    CHECK(refusal(message, ApiVersion(6)) ==
          "RangesRequest version 6 has no field Middle, which is set");
    message.middle = 7;
    message.must.deep.offset = Offset(0);
    CHECK(refusal(message, ApiVersion(2)) ==
          "RangesRequest version 2 has no field Must, which is set");
    message.must = {};
    message.tag_text = "";
    CHECK(refusal(message, ApiVersion(4)) ==
          "RangesRequest version 4 has no field TagText, which is set");
    message.tag_text = {};
    const RangesRequest::Inner inner;
    message.maybe = &inner;
    CHECK(refusal(message, ApiVersion(2)) ==
          "RangesRequest version 2 has no field Maybe, which is set");
    message.maybe = nullptr;
    const std::array<RangesRequest::Endpoint, 1> endpoints{{{.host = "h", .rack = "r"}}};
    message.endpoints = endpoints;
    CHECK(refusal(message, ApiVersion(2)) ==
          "RangesRequest version 2 has no field Endpoint.Rack, which is set");
    CHECK(refusal(message, ApiVersion(3)) == "accepted");
}

TEST_CASE("schema: null is refused when it is sent in a version that does not allow it",
          "[schema][language]") {
    RangesRequest message;
    message.often_null = {};
    CHECK(refusal(message, ApiVersion(4)) == "accepted");
    CHECK(refusal(message, ApiVersion(3)) == "RangesRequest version 3: OftenNull must not be null");
    message.often_null = "";
    message.ids = wire::Array<std::int32_t>::null();
    CHECK(refusal(message, ApiVersion(2)) == "RangesRequest version 2: Ids must not be null");
    message.ids = {};
    message.blob = {};
    CHECK(refusal(message, ApiVersion(2)) == "RangesRequest version 2: Blob must not be null");
    message.blob = wire::kEmptyBytes;
    message.batches = wire::Records::null();
    CHECK(refusal(message, ApiVersion(2)) == "RangesRequest version 2: Batches must not be null");
    message.batches = {};
    message.endpoints = wire::Array<RangesRequest::Endpoint>::null();
    CHECK(refusal(message, ApiVersion(4)) == "RangesRequest version 4: Endpoints must not be null");
}

TEST_CASE("schema: null is refused when it is received in a version that does not allow it",
          "[schema][language]") {
    RangesRequest message;
    message.often_null = {};
    std::string bytes = bytes_of(message, ApiVersion(4));
    CHECK(read<RangesRequest>(bytes, ApiVersion(4)).find(R"("oftenNull":null)") !=
          std::string::npos);
    bytes[0] = 0;  // Always, as a compact null
    CHECK(read<RangesRequest>(bytes, ApiVersion(4))
              .starts_with("null or a negative length where a value is required (at byte 1 of"));
    const std::string plain = bytes_of(RangesRequest(), ApiVersion(2));
    // Positions of the counts of Endpoints, which is never null, and of Ids.
    for (const std::size_t count : {8U, 12U}) {
        std::string with_null = plain;
        with_null.replace(count, 4, 4, '\xFF');
        CHECK(read<RangesRequest>(with_null, ApiVersion(2))
                  .starts_with("null or a negative count where an array is required"));
    }
}

TEST_CASE("schema: a string may have 32767 bytes in either form", "[schema][language]") {
    const std::string longest(wire::kMaxString, 'x');
    const std::string longer(wire::kMaxString + 1, 'x');
    RangesRequest message;
    for (const ApiVersion version : {ApiVersion(2), ApiVersion(4)}) {
        message.always = longest;
        CHECK(refusal(message, version) == "accepted");
        message.always = longer;
        CHECK(
            refusal(message, version) ==
            "RangesRequest version " + std::to_string(version.value()) +
                ": Always has a length of 32768; a string has at most 32767 bytes, any other field"
                " at most 2147483647 bytes or elements");
    }
    CHECK(read<RangesRequest>("\x81\x80\x02" + longer, ApiVersion(4))
              .starts_with("a string is longer than 32767 bytes"));
}

RangesRequest with_all_tags() {
    static constexpr std::array<std::string_view, 1> kNames{"n"};
    static constexpr std::array<RangesRequest::Endpoint, 1> kEndpoints{{{.host = "h"}}};
    static constexpr RangesRequest::Small kSmall{.x = 5};
    RangesRequest message;
    message.tag_number = 7;
    message.tag_text = "t";
    message.tag_struct.epoch = LeaderEpoch(3);
    message.tag_struct.names = kNames;
    message.tag_array = kEndpoints;
    message.tag_maybe = &kSmall;
    return message;
}

TEST_CASE("schema: tagged fields are written in the order of their tags with their sizes",
          "[schema][language]") {
    const std::string bytes = bytes_of(with_all_tags(), ApiVersion(6));
    const std::string tags =
        "\x05"
        "\x00\x02\x02t"
        "\x01\x08\0\0\0\0\0\0\0\x07"
        "\x02\x07\x02\x02h\0\0\0\0"
        "\x03\x08\0\0\0\x03\x02\x02n\0"
        "\x04\x03\x01\x05\0"s;
    CHECK(bytes.substr(bytes.size() - tags.size()) == tags);
}

TEST_CASE("schema: tagged fields at their default are not written", "[schema][language]") {
    const std::string bytes = bytes_of(RangesRequest(), ApiVersion(6));
    CHECK(bytes.back() == '\0');
    CHECK(read<RangesRequest>(bytes, ApiVersion(6)).find("tag") == std::string::npos);
}

TEST_CASE("schema: tagged fields are read in any order and unknown ones are skipped",
          "[schema][language]") {
    std::string bytes = bytes_of(RangesRequest(), ApiVersion(6));
    bytes.pop_back();
    bytes += "\x04\x63\x02zz\x01\x08\0\0\0\0\0\0\0\x07\x0A\0\x00\x02\x02t"s;
    const std::string text = read<RangesRequest>(bytes, ApiVersion(6));
    CHECK(text.ends_with(R"("fixed":"","tagNumber":7,"tagText":"t"})"));
}

TEST_CASE("schema: a tag that only a later version has is skipped", "[schema][language]") {
    std::string bytes = bytes_of(RangesRequest(), ApiVersion(4));
    bytes.pop_back();
    bytes += "\x01\x00\x02\x02t"s;
    Arena arena(kAmple);
    const auto received = decode_all<RangesRequest>(bytes, ApiVersion(4), arena);
    REQUIRE(received);
    CHECK(wire::is_null(received->tag_text));
}

TEST_CASE("schema: a tagged field is refused if its size differs from that of its value",
          "[schema][language]") {
    std::string bytes = bytes_of(RangesRequest(), ApiVersion(6));
    bytes.pop_back();
    CHECK(read<RangesRequest>(bytes + "\x01\x01\x09\0\0\0\0\0\0\0\x07\0"s, ApiVersion(6))
              .starts_with("a tagged field is longer than its value"));
    CHECK(read<RangesRequest>(bytes + "\x01\x01\x07\0\0\0\0\0\0\0"s, ApiVersion(6))
              .starts_with("the message ends inside a number"));
}

TEST_CASE("schema: a nullable struct is absent if its first byte is negative, otherwise present",
          "[schema][language]") {
    constexpr std::size_t kMark = 8;  // each field before it takes one byte here
    const RangesRequest::Inner inner{.value = 5, .name = "n"};
    RangesRequest message;
    CHECK(bytes_of(message, ApiVersion(6))[kMark] == '\xFF');
    message.maybe = &inner;
    std::string bytes = bytes_of(message, ApiVersion(6));
    CHECK(bytes[kMark] == '\x01');
    bytes[kMark] = '\0';
    CHECK(read<RangesRequest>(bytes, ApiVersion(6)).find(R"("maybe":{"value":5,"name":"n"})") !=
          std::string::npos);
}

TEST_CASE("schema: a tagged struct that is not null by default is absent only if it is the default",
          "[schema][language]") {
    constexpr ApiVersion kTagged(1);
    sample::Defaults message;
    CHECK(bytes_of(message, kTagged) == "\0\x01\0\x01\0"s);
    CHECK(bytes_of(message, ApiVersion(0)) == "\0"s);
    CHECK(read<sample::Defaults>("\0\x01\0\x01\0"sv, kTagged) == R"({"value":0,"maybe":null})");
    sample::Defaults::Item item;
    message.maybe = &item;
    CHECK(bytes_of(message, kTagged) == "\0\0"s);
    item.number = 5;
    CHECK(refusal(message, ApiVersion(0)) == "Defaults version 0 has no field Maybe, which is set");
    CHECK(bytes_of(message, kTagged) == "\0\x01\0\x07\x01\0\0\0\x05\x01\0"s);
    CHECK(text_of(message, kTagged) == R"({"value":0,"maybe":{"number":5,"names":[]}})");

    Arena arena(kAmple);
    const auto absent = decode_all<sample::Defaults>("\0\0"sv, kTagged, arena);
    REQUIRE(absent);
    REQUIRE(absent->maybe != nullptr);
    CHECK(absent->maybe->number == 7);
}

TEST_CASE("schema: a field with flexible=none keeps its fixed length", "[schema][language]") {
    RangesRequest message;
    message.fixed = "f";
    const std::string bytes = bytes_of(message, ApiVersion(6));
    CHECK(bytes.substr(bytes.size() - 4) ==
          "\0\x01"
          "f\0"s);
}

TEST_CASE("schema: records are sent without a copy and received as one slice",
          "[schema][language]") {
    const std::array<std::string, 2> parts{"first", "second"};
    const std::array<ByteView, 2> slices{as_bytes(parts[0]), as_bytes(parts[1])};
    RangesRequest message;
    message.batches = slices;
    const auto encoded = wire::encode_message(message, ApiVersion(4));
    REQUIRE(encoded);
    CHECK(std::ranges::count(encoded->slices, slices[0].data(), &ByteView::data) == 1);
    CHECK(std::ranges::count(encoded->slices, slices[1].data(), &ByteView::data) == 1);
    CHECK(encoded->size == encoded->own.size() + 11);
    const std::string bytes = joined(*encoded);
    Arena arena(kAmple);
    const auto received = decode_all<RangesRequest>(bytes, ApiVersion(4), arena);
    REQUIRE(received);
    REQUIRE(received->batches.size() == 1);
    CHECK(as_text(received->batches[0]) == "firstsecond");
    const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
    CHECK(received->batches[0].data() >= begin);
    CHECK(received->batches[0].data() < begin + bytes.size());
}

TEST_CASE("schema: records are printed as their size, null records as null", "[schema][language]") {
    RangesRequest message;
    CHECK(text_of(message, ApiVersion(4)).find(R"("batchesSizeInBytes":0)") != std::string::npos);
    message.batches = wire::Records::null();
    CHECK(text_of(message, ApiVersion(4)).find(R"("batches":null)") != std::string::npos);
}

TEST_CASE("schema: a sensitive field is not printed", "[schema][language]") {
    RangesResponse message;
    message.secret = "hunter2";
    CHECK(text_of(message, ApiVersion(2)) ==
          R"x({"secret":"(hidden)","shared":{"host":"","port":0}})x");
}

TEST_CASE("schema: decoding stays within the budget of the arena", "[schema][language]") {
    RangesRequest message;
    const std::vector<std::int32_t> ids(100, 1);
    message.ids = ids;
    const std::string bytes = bytes_of(message, ApiVersion(2));
    Arena ample(400);
    CHECK(decode_all<RangesRequest>(bytes, ApiVersion(2), ample));
    CHECK(ample.used() == 400);
    Arena scarce(399);
    const auto refused = decode_all<RangesRequest>(bytes, ApiVersion(2), scarce);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::limit);
}

TEST_CASE("schema: the records of one file that have versions form a variant",
          "[schema][language]") {
    STATIC_REQUIRE(std::is_same_v<sample::SampleRecord,
                                  std::variant<sample::FirstRecord, sample::OtherRecord>>);
    CHECK(sample::OtherRecord::kKey == 7);
    CHECK(sample::OtherRecord::kType == "OTHER_RECORD");
    CHECK(bytes_of(sample::FirstRecord{.value = 1, .second = "s"}, ApiVersion(1)) ==
          "\0\0\0\x01\0\x01s"sv);
}

}  // namespace
}  // namespace hw::schema
