#pragma once

#include <string>

#include "controller/image/broker_image.h"
#include "controller/image/topic_image.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/metadata.h"

namespace hw::controller {

/// Endpoints and features of any message that carries them; of two with the same name the later
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

/// The registration that the record at `offset` makes.
[[nodiscard]] BrokerImage broker_of(const schema::RegisterBrokerRecord& record, Offset offset);
[[nodiscard]] ControllerImage controller_of(const schema::RegisterControllerRecord& record);

/// `broker` after the change.
[[nodiscard]] BrokerImage changed(BrokerImage broker,
                                  const schema::BrokerRegistrationChangeRecord& record);

/// A partition as its record says. Errors: corrupt, where the record contradicts itself.
[[nodiscard]] Result<PartitionImage> partition_of(const schema::PartitionRecord& record);

/// `partition` after the change: every change raises its partition epoch, one that names a leader,
/// be it the same, raises its leader epoch too. Errors: corrupt.
[[nodiscard]] Result<PartitionImage> changed(const PartitionImage& partition,
                                             const schema::PartitionChangeRecord& record);

}  // namespace hw::controller
