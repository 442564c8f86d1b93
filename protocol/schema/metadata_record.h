#pragma once

#include <string>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/metadata.h"

namespace hw::schema {

/// The decoded value of a record in `__cluster_metadata`. The record's key is null, and nothing
/// follows the body.
///
/// | field         | size    | meaning                                       | since   |
/// |---------------|---------|-----------------------------------------------|---------|
/// | frame version | uvarint | 1                                             | KIP-631 |
/// | type          | uvarint | the record's kKey                             | KIP-631 |
/// | version       | uvarint | version of the record's schema                | KIP-631 |
/// | body          | rest    | the record in that version, in flexible form  | KIP-631 |
struct VersionedMetadataRecord {
    ApiVersion version;
    MetadataRecord record;
};

/// Decodes the value of a metadata record. The result points into `value` and into `arena`. Errors:
/// unsupported (unknown frame version, type or version), corrupt, limit.
[[nodiscard]] Result<VersionedMetadataRecord> decode_metadata_record(ByteView value, Arena& arena);

/// Encodes the value of a metadata record. Errors: those of the record's `measure`.
[[nodiscard]] Result<Buffer> encode_metadata_record(const MetadataRecord& record,
                                                    ApiVersion version);

/// Appends the record as Kafka's dump of the log prints it, for example
/// {"type":"FENCE_BROKER_RECORD","version":0,"data":{"id":1,"epoch":7}}.
void print_metadata_record(const VersionedMetadataRecord& record, std::string& out);

}  // namespace hw::schema
