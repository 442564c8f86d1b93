#pragma once

#include <string>

#include "controller/image/broker_image.h"
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

}  // namespace hw::controller
