#pragma once

#include <vector>

#include "controller/record_batch.h"

namespace hw::controller {

/// Endpoints and features of a registration request, as `Record` has them, in the batch's memory.
template <class Record, class ListenerArray>
[[nodiscard]] wire::Array<typename Record::Endpoint> recorded_endpoints(
    RecordBatch& batch, const ListenerArray& listeners) {
    std::vector<typename Record::Endpoint> endpoints;
    for (const auto& listener : listeners) {
        endpoints.push_back({.name = batch.text(listener.name),
                             .host = batch.text(listener.host),
                             .port = listener.port,
                             .security_protocol = listener.security_protocol});
    }
    return batch.list(endpoints);
}
template <class Record, class FeatureArray>
[[nodiscard]] wire::Array<typename Record::Feature> recorded_features(
    RecordBatch& batch, const FeatureArray& supported) {
    std::vector<typename Record::Feature> features;
    for (const auto& feature : supported) {
        features.push_back({.name = batch.text(feature.name),
                            .min_supported_version = feature.min_supported_version,
                            .max_supported_version = feature.max_supported_version});
    }
    return batch.list(features);
}

}  // namespace hw::controller
