#include "tools/client/feature_admin.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/update_features.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

using schema::ApiVersionsRequest;
using schema::ApiVersionsResponse;
using schema::UpdateFeaturesRequest;
using schema::UpdateFeaturesResponse;

constexpr std::string_view kListFeatures = "cluster features";

Result<std::vector<FeatureView>> try_describe(Client& client, const Deadline& deadline) {
    const ApiVersionsRequest request{.client_software_name = "hw",
                                     .client_software_version = HW_VERSION};
    HW_TRY(answer, client.call<ApiVersionsResponse>(request, deadline));
    if (answer->error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of(answer->error_code, "the features of the cluster"));
    }
    std::map<std::string, FeatureView> features;
    for (const auto& supported : answer->supported_features) {
        FeatureView& view = features[std::string(supported.name)];
        view.lowest = supported.min_version.value();
        view.highest = supported.max_version.value();
    }
    for (const auto& finalized : answer->finalized_features) {
        features[std::string(finalized.name)].finalized = finalized.max_version_level;
    }
    std::vector<FeatureView> views;
    for (auto& [name, view] : features) {
        view.name = name;
        views.push_back(view);
    }
    return views;
}

Result<void> try_update(Client& client, const UpdateFeaturesRequest& request,
                        const Deadline& deadline) {
    const auto answer = client.call<UpdateFeaturesResponse>(request, deadline);
    if (!answer) {
        return std::unexpected(with_outcome(answer.error(), kListFeatures));
    }
    const auto& response = **answer;
    if (response.error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of(response.error_code, "the update", response.error_message));
    }
    // Kafka's brokers up to 3.9 answer versions 0 and 1 with an error for each feature.
    for (const auto& result : response.results) {
        if (result.error_code != wire::ErrorCode::none) {
            return std::unexpected(error_of(result.error_code,
                                            fmt::format("feature {}", result.feature),
                                            result.error_message));
        }
    }
    return {};
}

/// Errors: busy (the broker does not show all levels yet), those of describe_features.
Result<void> look_for(Client& client, const std::vector<FeatureLevel>& levels,
                      const Deadline& deadline) {
    HW_TRY(features, try_describe(client, deadline));
    for (const FeatureLevel& wanted : levels) {
        const auto found = std::ranges::find(features, wanted.name, &FeatureView::name);
        const std::int16_t level = found == features.end() ? std::int16_t{0} : found->finalized;
        if (level != wanted.level) {
            return fail(ErrorKind::busy, "the new levels are not shown yet");
        }
    }
    return {};
}

}  // namespace

Result<std::vector<FeatureView>> describe_features(Client& client) {
    return client.retried(Retry::any,
                          [&](const Deadline& deadline) { return try_describe(client, deadline); });
}

Result<void> update_features(Client& client, const FeatureUpdates& updates) {
    std::vector<UpdateFeaturesRequest::FeatureUpdate> wanted;
    for (const FeatureLevel& each : updates.levels) {
        wanted.push_back({.feature = each.name,
                          .max_version_level = each.level,
                          .upgrade_type = static_cast<std::int8_t>(updates.type)});
    }
    const UpdateFeaturesRequest request{
        .timeout_ms = Millis(static_cast<std::int32_t>(client.timeout().count())),
        .feature_updates = wanted,
        .validate_only = updates.is_dry_run};
    const auto update = [&](const Deadline& deadline) {
        return try_update(client, request, deadline);
    };
    HW_TRY_VOID(client.retried(Retry::any, update));
    if (!updates.is_dry_run) {
        const auto look = [&](const Deadline& deadline) {
            return look_for(client, updates.levels, deadline);
        };
        // The levels are finalized even if the broker does not show them in time.
        std::ignore = client.retried(Retry::any, look);
    }
    return {};
}

}  // namespace hw::client
