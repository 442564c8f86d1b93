#pragma once

#include <vector>

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "controller/image/features.h"
#include "protocol/schema/api/api_versions.h"

namespace hw::broker {

/// Handles ApiVersions: lists the APIs and versions of this listener (KIP-35, KIP-511, KIP-1242),
/// the features that this program supports, and those that the cluster has finalized (KIP-584), up
/// to the levels that are supported. An unknown version is answered in version 0 with
/// UNSUPPORTED_VERSION and the same list, from which the client picks the version to try next.
/// Highwater's own APIs are listed only to the command line `hw`, which sends its name from version
/// 3 on: other clients have no use for them.
class ApiVersionsHandler final : public Handler {
public:
    ApiVersionsHandler(const Dispatcher& dispatcher, ApiServices& services)
        : dispatcher_(dispatcher), services_(services) {}

    [[nodiscard]] Task<> handle(ExchangePtr exchange) override;

private:
    void answer(Exchange& exchange) const;
    [[nodiscard]] std::vector<schema::ApiVersionsResponse::Api> served_apis(
        const ListenerInfo& listener, bool is_hw) const;
    [[nodiscard]] std::vector<schema::ApiVersionsResponse::SupportedFeature> supported_features(
        ApiVersion version) const;
    [[nodiscard]] std::vector<schema::ApiVersionsResponse::FinalizedFeature> finalized_features()
        const;
    [[nodiscard]] wire::ErrorCode check(const schema::ApiVersionsRequest& request) const;

    const Dispatcher& dispatcher_;
    ApiServices& services_;
    const controller::FeatureRanges features_ = controller::supported_features();
};

}  // namespace hw::broker
