#include "tools/cli/record_printer.h"

#include <algorithm>
#include <cstdint>

#include "protocol/schema/json_printer.h"

namespace hw::cli {
namespace {

/// The JSON names of a field: one for UTF-8 text, one for other bytes.
struct FieldNames {
    std::string_view text;
    std::string_view base64;
};

constexpr FieldNames kKey{"key", "keyBase64"};
constexpr FieldNames kValue{"value", "valueBase64"};

void put(schema::JsonPrinter& json, const FieldNames& names, const record::NullableBytes& bytes) {
    if (!bytes) {
        json.key(names.text);
        json.null();
    } else if (is_utf8(*bytes)) {
        json.key(names.text);
        json.string(as_text(*bytes));
    } else {
        json.key(names.base64);
        json.bytes(*bytes);
    }
}

void put_headers(schema::JsonPrinter& json, record::HeaderCursor headers) {
    json.key("headers");
    json.begin_array();
    while (const auto header = headers.next()) {
        json.begin_object();
        json.key("name");
        json.string(header->key);
        put(json, kValue, header->value);
        json.end_object();
    }
    json.end_array();
}

std::string_view text_of(const record::NullableBytes& bytes) {
    return bytes ? as_text(*bytes) : std::string_view();
}

/// What may follow the first byte of a character: how many bytes, and the range of the next. The
/// range excludes overlong forms, surrogates and numbers beyond U+10FFFF.
struct Sequence {
    std::size_t following;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
};

constexpr std::size_t kNone = 4;

Sequence sequence_of(std::uint8_t first) {
    if (first < 0x80) {
        return {0};
    }
    if (first < 0xc2 || first > 0xf4) {
        return {kNone};
    }
    if (first < 0xe0) {
        return {1};
    }
    if (first < 0xf0) {
        return {2, static_cast<std::uint8_t>(first == 0xe0 ? 0xa0 : 0x80),
                static_cast<std::uint8_t>(first == 0xed ? 0x9f : 0xbf)};
    }
    return {3, static_cast<std::uint8_t>(first == 0xf0 ? 0x90 : 0x80),
            static_cast<std::uint8_t>(first == 0xf4 ? 0x8f : 0xbf)};
}

}  // namespace

std::string record_json(std::string_view topic, PartitionIndex partition,
                        const record::RecordView& record) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(topic);
    json.key("partition");
    json.number(partition.value());
    json.key("offset");
    json.number(record.offset.value());
    json.key("timestamp");
    json.number(record.timestamp.value());
    put(json, kKey, record.key);
    put_headers(json, record.headers);
    put(json, kValue, record.value);
    json.end_object();
    return text;
}

std::string record_text(const record::RecordView& record, RecordText text) {
    std::string line;
    if (text == RecordText::key_value) {
        line.append(text_of(record.key)).append(1, '\t');
    }
    return line.append(text_of(record.value));
}

bool is_utf8(ByteView bytes) {
    while (!bytes.empty()) {
        const auto [following, low, high] =
            sequence_of(std::to_integer<std::uint8_t>(bytes.front()));
        if (following >= bytes.size() || following == kNone) {
            return false;
        }
        const ByteView rest = bytes.subspan(1, following);
        if (!rest.empty() && (rest[0] < std::byte{low} || rest[0] > std::byte{high})) {
            return false;
        }
        if (!std::ranges::all_of(
                rest, [](std::byte b) { return (b & std::byte{0xc0}) == std::byte{0x80}; })) {
            return false;
        }
        bytes = bytes.subspan(1 + following);
    }
    return true;
}

}  // namespace hw::cli
