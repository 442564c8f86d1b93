#include "protocol/schema/metadata_record.h"

#include <algorithm>
#include <array>
#include <vector>

#include "protocol/schema/json_printer.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/varint.h"
#include "protocol/wire/writer.h"

namespace hw::schema {
namespace {

constexpr std::uint32_t kFrameVersion = 1;

struct Kind {
    std::uint32_t key;
    std::string_view name;
    VersionRange versions;
    void (*decode)(wire::Reader& in, ApiVersion version, MetadataRecord& out);
};

template <class Record>
void decode_as(wire::Reader& in, ApiVersion version, MetadataRecord& out) {
    decode(in, version, out.emplace<Record>());
}

template <class... Records>
constexpr auto kinds_of(const std::variant<Records...>*) {
    return std::array{Kind{static_cast<std::uint32_t>(Records::kKey), Records::kName,
                           Records::kVersions, decode_as<Records>}...};
}

constexpr auto kKinds = kinds_of(static_cast<const MetadataRecord*>(nullptr));

}  // namespace

Result<VersionedMetadataRecord> decode_metadata_record(ByteView value, Arena& arena) {
    wire::Reader in(value, arena);
    const std::uint32_t frame = in.uvarint();
    const std::uint32_t key = in.uvarint();
    const std::uint32_t number = in.uvarint();
    if (in.failed()) {
        return std::unexpected(in.status().error());
    }
    if (frame != kFrameVersion) {
        return fail(ErrorKind::unsupported,
                    "a metadata record has frame version {}; only {} is supported", frame,
                    kFrameVersion);
    }
    const auto kind = std::ranges::find(kKinds, key, &Kind::key);
    if (kind == kKinds.end()) {
        return fail(ErrorKind::unsupported, "unknown metadata record type {}", key);
    }
    if (number > static_cast<std::uint32_t>(kind->versions.high.value())) {
        return fail(ErrorKind::unsupported, "{} has version {}; {} to {} are supported", kind->name,
                    number, kind->versions.low, kind->versions.high);
    }
    VersionedMetadataRecord result{ApiVersion(static_cast<std::int16_t>(number)), {}};
    kind->decode(in, result.version, result.record);
    if (const Result<void> finished = in.finish(); !finished) {
        return fail(finished.error().kind, "{} version {}: {}", kind->name, number,
                    finished.error().message);
    }
    return result;
}

Result<Buffer> encode_metadata_record(const MetadataRecord& record, ApiVersion version) {
    return std::visit(
        [&]<class Record>(const Record& body) -> Result<Buffer> {
            const Result<wire::Size> size = measure(body, version);
            if (!size) {
                return std::unexpected(size.error());
            }
            constexpr auto key = static_cast<std::uint32_t>(Record::kKey);
            const auto number = static_cast<std::uint32_t>(version.value());
            Buffer bytes(wire::varint_size(kFrameVersion) + wire::varint_size(key) +
                         wire::varint_size(number) + size->own);
            wire::Slices slices;
            wire::Writer out(bytes.bytes(), slices);
            out.uvarint(kFrameVersion);
            out.uvarint(key);
            out.uvarint(number);
            encode(out, body, version);
            out.finish();
            return bytes;
        },
        record);
}

void print_metadata_record(const VersionedMetadataRecord& record, std::string& out) {
    std::visit(
        [&]<class Record>(const Record& body) {
            JsonPrinter printer(out);
            printer.begin_object();
            printer.key("type");
            printer.string(Record::kType);
            printer.key("version");
            printer.number(record.version.value());
            printer.key("data");
            print(body, record.version, out);
            printer.end_object();
        },
        record.record);
}

}  // namespace hw::schema
