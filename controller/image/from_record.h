#pragma once

#include <string>

#include "controller/image/broker_image.h"
#include "controller/image/topic_image.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/metadata.h"

namespace hw::controller {

/// Converts the endpoints or features of a request or record. If a name is given twice, the last
/// one counts.
template <class EndpointArray>
[[nodiscard]] NodeEndpoints endpoints_of(const EndpointArray& array) {
    NodeEndpoints endpoints;
    for (const auto& entry : array) {
        endpoints.insert_or_assign(
            std::string(entry.name),
            NodeEndpoint{.address = {.host = std::string(entry.host), .port = entry.port},
                         .security_protocol = entry.security_protocol});
    }
    return endpoints;
}
template <class FeatureArray>
[[nodiscard]] FeatureRanges features_of(const FeatureArray& array) {
    FeatureRanges features;
    for (const auto& entry : array) {
        features.insert_or_assign(
            std::string(entry.name),
            FeatureRange{entry.min_supported_version, entry.max_supported_version});
    }
    return features;
}

/// The registration in a record. `offset` is the record's own offset.
[[nodiscard]] BrokerImage broker_of(const schema::RegisterBrokerRecord& record, Offset offset);
[[nodiscard]] ControllerImage controller_of(const schema::RegisterControllerRecord& record);

/// The registration `broker` with the change applied. `offset` is the record's own offset.
[[nodiscard]] BrokerImage changed(BrokerImage broker,
                                  const schema::BrokerRegistrationChangeRecord& record,
                                  Offset offset);

/// The partition in a record. Errors: corrupt, if the record contradicts itself.
[[nodiscard]] Result<PartitionImage> partition_of(const schema::PartitionRecord& record);

/// The partition with the change applied. Every change raises the partition epoch. A change that
/// names a leader raises the leader epoch too, even if the leader is the same. Errors: corrupt.
[[nodiscard]] Result<PartitionImage> changed(const PartitionImage& partition,
                                             const schema::PartitionChangeRecord& record);

}  // namespace hw::controller
