#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/consumer_protocol.h"

namespace hw::schema {

/// Subscriptions and assignments: the bytes that consumers of a group of the classic protocol put
/// into JoinGroup and SyncGroup, and that records of the group keep.
///
/// | field   | size  | meaning                                          | since |
/// |---------|-------|--------------------------------------------------|-------|
/// | version | int16 | version of the body                              | 0.9   |
/// | body    | rest  | ConsumerProtocolSubscription or ...Assignment    | 0.9   |
///
/// As in Kafka, a version above the highest known one is read as that one, and bytes after the body
/// are ignored, because a later version may only append fields.

struct VersionedSubscription {
    ApiVersion version;  ///< in which it was read
    ConsumerProtocolSubscription subscription;
};

struct VersionedAssignment {
    ApiVersion version;  ///< in which it was read
    ConsumerProtocolAssignment assignment;
};

/// The result points into `bytes` and into `arena`. Errors: corrupt, limit.
[[nodiscard]] Result<VersionedSubscription> decode_subscription(ByteView bytes, Arena& arena);
[[nodiscard]] Result<VersionedAssignment> decode_assignment(ByteView bytes, Arena& arena);

/// Errors: those of `measure`.
[[nodiscard]] Result<Buffer> encode_subscription(const ConsumerProtocolSubscription& subscription,
                                                 ApiVersion version);
[[nodiscard]] Result<Buffer> encode_assignment(const ConsumerProtocolAssignment& assignment,
                                               ApiVersion version);

}  // namespace hw::schema
