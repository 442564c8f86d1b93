#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/group.h"

namespace hw::schema {

/// A record of `__consumer_offsets`: a key, and a value or, in a tombstone, none.
///
/// | part  | field   | size  | meaning                                               | since   |
/// |-------|---------|-------|-------------------------------------------------------|---------|
/// | key   | type    | int16 | `kType`                                               | 0.8.2   |
/// | key   | body    | rest  | `Key` in version 0                                    | 0.8.2   |
/// | value | version | int16 | version of `Value`                                    | 0.8.2   |
/// | value | body    | rest  | `Value` in that version; no bytes follow              | 0.8.2   |
template <std::int16_t kNumber, class KeyBody, class ValueBody>
struct GroupRecordOf {
    static constexpr std::int16_t kType = kNumber;
    using Key = KeyBody;
    using Value = ValueBody;

    Key key;
    std::optional<Value> value;
};

using LegacyOffsetCommitRecord = GroupRecordOf<0, LegacyOffsetCommitKey, LegacyOffsetCommitValue>;
using OffsetCommitRecord = GroupRecordOf<1, OffsetCommitKey, OffsetCommitValue>;
using GroupMetadataRecord = GroupRecordOf<2, GroupMetadataKey, GroupMetadataValue>;
using ConsumerGroupMetadataRecord =
    GroupRecordOf<3, ConsumerGroupMetadataKey, ConsumerGroupMetadataValue>;
using ConsumerGroupPartitionMetadataRecord =
    GroupRecordOf<4, ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue>;
using ConsumerGroupMemberMetadataRecord =
    GroupRecordOf<5, ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue>;
using ConsumerGroupTargetAssignmentMetadataRecord =
    GroupRecordOf<6, ConsumerGroupTargetAssignmentMetadataKey,
                  ConsumerGroupTargetAssignmentMetadataValue>;
using ConsumerGroupTargetAssignmentMemberRecord =
    GroupRecordOf<7, ConsumerGroupTargetAssignmentMemberKey,
                  ConsumerGroupTargetAssignmentMemberValue>;
using ConsumerGroupCurrentMemberAssignmentRecord =
    GroupRecordOf<8, ConsumerGroupCurrentMemberAssignmentKey,
                  ConsumerGroupCurrentMemberAssignmentValue>;
using ConsumerGroupRegularExpressionRecord =
    GroupRecordOf<16, ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue>;

/// A record of a type that this version does not know, such as those of share groups. Readers skip
/// it, as Kafka does.
struct UnknownGroupRecord {
    std::int16_t type;
    ByteView key;                   ///< with its type
    std::optional<ByteView> value;  ///< with its version
};

using GroupRecord =
    std::variant<LegacyOffsetCommitRecord, OffsetCommitRecord, GroupMetadataRecord,
                 ConsumerGroupMetadataRecord, ConsumerGroupPartitionMetadataRecord,
                 ConsumerGroupMemberMetadataRecord, ConsumerGroupTargetAssignmentMetadataRecord,
                 ConsumerGroupTargetAssignmentMemberRecord,
                 ConsumerGroupCurrentMemberAssignmentRecord, ConsumerGroupRegularExpressionRecord,
                 UnknownGroupRecord>;

struct VersionedGroupRecord {
    ApiVersion version;  ///< of the value; 0 for a tombstone and for an unknown record
    GroupRecord record;
};

/// The bytes of a record's key and value.
class EncodedGroupRecord {
public:
    /// `bytes` are the key and the value, one after the other.
    EncodedGroupRecord(Buffer bytes, std::size_t key_size, bool has_value)
        : bytes_(std::move(bytes)), key_size_(key_size), has_value_(has_value) {}

    [[nodiscard]] ByteView key() const { return bytes_.view().first(key_size_); }
    /// Nullopt for a tombstone.
    [[nodiscard]] std::optional<ByteView> value() const {
        return has_value_ ? std::optional(bytes_.view().subspan(key_size_)) : std::nullopt;
    }

private:
    Buffer bytes_;
    std::size_t key_size_;
    bool has_value_;
};

/// Decodes a record; without a value it is a tombstone. The result points into `key`, `value` and
/// `arena`. Errors: unsupported (a version of the value that is not known), corrupt, limit.
[[nodiscard]] Result<VersionedGroupRecord> decode_group_record(ByteView key,
                                                               std::optional<ByteView> value,
                                                               Arena& arena);

/// The version in which Kafka 4.4 writes the value: of an offset 1 if the commit has an expire
/// timestamp and otherwise 4, of a classic group 3, of all others 0.
[[nodiscard]] ApiVersion written_version(const GroupRecord& record);

/// Encodes a record, with its value in `version`. Errors: those of `measure` of the key or value.
[[nodiscard]] Result<EncodedGroupRecord> encode_group_record(const GroupRecord& record,
                                                             ApiVersion version);

/// The same, with the value in its `written_version`.
[[nodiscard]] Result<EncodedGroupRecord> encode_group_record(const GroupRecord& record);

}  // namespace hw::schema
