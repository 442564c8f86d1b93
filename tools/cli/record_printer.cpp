#include "tools/cli/record_printer.h"

#include "protocol/schema/json_printer.h"
#include "tools/cli/utf8.h"

namespace hw::cli {
namespace {

/// The two names that a field has, for text and for other bytes.
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

}  // namespace hw::cli
