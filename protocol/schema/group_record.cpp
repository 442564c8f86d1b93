#include "protocol/schema/group_record.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace hw::schema {
namespace {

constexpr ApiVersion kKeyVersion{0};
/// Bytes of the type in a key, and of the version in a value.
constexpr std::size_t kPrefix = sizeof(std::int16_t);

/// The error of `in` with the name of the message that it has read.
Result<void> finish(const wire::Reader& in, std::string_view name, ApiVersion version) {
    const Result<void> finished = in.finish();
    if (!finished) {
        return fail(finished.error().kind, "{} version {}: {}", name, version,
                    finished.error().message);
    }
    return {};
}

/// Reads a value and returns its version.
template <class Value>
Result<ApiVersion> decode_value(ByteView bytes, Arena& arena, Value& out) {
    wire::Reader in(bytes, arena);
    const ApiVersion version(in.integer<std::int16_t>());
    if (const Result<void> status = in.status(); !status) {
        return fail(status.error().kind, "the version of {}: {}", Value::kName,
                    status.error().message);
    }
    if (!Value::kVersions.contains(version)) {
        return fail(ErrorKind::unsupported, "{} has version {}; {} to {} are supported",
                    Value::kName, version, Value::kVersions.low, Value::kVersions.high);
    }
    decode(in, version, out);
    HW_TRY_VOID(finish(in, Value::kName, version));
    return version;
}

/// Decodes a record whose type `key` has already read.
template <class Record>
Result<VersionedGroupRecord> decode_as(wire::Reader& key, std::optional<ByteView> value) {
    VersionedGroupRecord result{};
    auto& record = result.record.emplace<Record>();
    decode(key, kKeyVersion, record.key);
    HW_TRY_VOID(finish(key, Record::Key::kName, kKeyVersion));
    if (value) {
        HW_TRY(version, decode_value(*value, key.arena(), record.value.emplace()));
        result.version = version;
    }
    return result;
}

struct Kind {
    std::int16_t type;
    Result<VersionedGroupRecord> (*decode)(wire::Reader& key, std::optional<ByteView> value);
};

/// The kinds of all alternatives except the last, the unknown record.
template <std::size_t... kIndex>
constexpr auto kinds_of(std::index_sequence<kIndex...>) {
    return std::array{Kind{std::variant_alternative_t<kIndex, GroupRecord>::kType,
                           decode_as<std::variant_alternative_t<kIndex, GroupRecord>>}...};
}

constexpr auto kKinds = kinds_of(std::make_index_sequence<std::variant_size_v<GroupRecord> - 1>());

/// Writes `prefix` and then the message into all of `part`.
template <class Message>
void write_part(MutableBytes part, std::int16_t prefix, const Message& message,
                ApiVersion version) {
    store_big_endian(part.data(), prefix);
    wire::Slices slices;
    wire::Writer out(part.subspan(kPrefix), slices);
    encode(out, message, version);
    out.finish();
}

Result<EncodedGroupRecord> encode_one(const UnknownGroupRecord& record, ApiVersion) {
    const ByteView value = record.value.value_or(ByteView());
    Buffer bytes(record.key.size() + value.size());
    std::ranges::copy(value, std::ranges::copy(record.key, bytes.data()).out);
    return EncodedGroupRecord(std::move(bytes), record.key.size(), record.value.has_value());
}

template <class Record>
Result<EncodedGroupRecord> encode_one(const Record& record, ApiVersion version) {
    HW_TRY(key, measure(record.key, kKeyVersion));
    const std::size_t key_size = kPrefix + key.own;
    std::size_t value_size = 0;
    if (record.value) {
        HW_TRY(value, measure(*record.value, version));
        value_size = kPrefix + value.own;
    }
    Buffer bytes(key_size + value_size);
    write_part(bytes.bytes().first(key_size), Record::kType, record.key, kKeyVersion);
    if (record.value) {
        write_part(bytes.bytes().subspan(key_size), version.value(), *record.value, version);
    }
    return EncodedGroupRecord(std::move(bytes), key_size, record.value.has_value());
}

}  // namespace

Result<VersionedGroupRecord> decode_group_record(ByteView key, std::optional<ByteView> value,
                                                 Arena& arena) {
    wire::Reader in(key, arena);
    const auto type = in.integer<std::int16_t>();
    if (const Result<void> status = in.status(); !status) {
        return fail(status.error().kind, "the type of a group record: {}", status.error().message);
    }
    const auto kind = std::ranges::find(kKinds, type, &Kind::type);
    if (kind == kKinds.end()) {
        return VersionedGroupRecord{
            .version = ApiVersion(0),
            .record = UnknownGroupRecord{.type = type, .key = key, .value = value}};
    }
    return kind->decode(in, value);
}

ApiVersion written_version(const GroupRecord& record) {
    if (const auto* commit = std::get_if<OffsetCommitRecord>(&record)) {
        const bool expires = commit->value && commit->value->expire_timestamp != kNoTimestamp;
        return ApiVersion(expires ? 1 : 4);
    }
    return ApiVersion(std::holds_alternative<GroupMetadataRecord>(record) ? 3 : 0);
}

Result<EncodedGroupRecord> encode_group_record(const GroupRecord& record, ApiVersion version) {
    return std::visit([&](const auto& one) { return encode_one(one, version); }, record);
}

Result<EncodedGroupRecord> encode_group_record(const GroupRecord& record) {
    return encode_group_record(record, written_version(record));
}

}  // namespace hw::schema
