#include "broker/api/api_versions.h"

#include <algorithm>
#include <vector>

namespace hw::broker {
namespace {

using schema::ApiVersionsRequest;
using schema::ApiVersionsResponse;

bool is_letter_or_digit(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9');
}

/// The software name of the command line `hw`.
constexpr std::string_view kHw = "hw";

/// KIP-511: letters, digits, dots and dashes, with a letter or digit at both ends.
bool is_software_name(std::string_view text) {
    return !text.empty() && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
           std::ranges::all_of(text, [](char character) {
               return is_letter_or_digit(character) || character == '-' || character == '.';
           });
}

}  // namespace

Task<> ApiVersionsHandler::handle(ExchangePtr exchange) {
    answer(*exchange);
    co_return;
}

wire::ErrorCode ApiVersionsHandler::check(const ApiVersionsRequest& request) const {
    const bool wrong_cluster =
        !wire::is_null(request.cluster_id) && request.cluster_id != services_.image->cluster_id();
    const bool wrong_node = request.node_id != kNoBroker && request.node_id != services_.node_id;
    return wrong_cluster || wrong_node ? wire::ErrorCode::rebootstrap_required
                                       : wire::ErrorCode::none;
}

void ApiVersionsHandler::answer(Exchange& exchange) const {
    ApiVersionsResponse response;
    ApiVersion version = exchange.version();
    bool is_hw = false;
    if (!exchange.api().versions.contains(version)) {
        response.error_code = wire::ErrorCode::unsupported_version;
        version = ApiVersion(0);
    } else {
        const auto request = exchange.parse<ApiVersionsRequest>();
        if (!request) {
            exchange.reject(request.error());
            return;
        }
        constexpr ApiVersion kNamesSoftware{3};
        const bool named =
            version < kNamesSoftware || (is_software_name((*request)->client_software_name) &&
                                         is_software_name((*request)->client_software_version));
        is_hw = (*request)->client_software_name == kHw;
        response.error_code = named ? check(**request) : wire::ErrorCode::invalid_request;
    }
    const auto apis = served_apis(*exchange.context().listener, is_hw);
    response.api_keys = apis;
    const auto supported = supported_features(version);
    const auto finalized = finalized_features();
    response.supported_features = supported;
    response.finalized_features = finalized;
    response.finalized_features_epoch = services_.image->last_offset().value();
    exchange.reply_as(response, version);
}

std::vector<ApiVersionsResponse::Api> ApiVersionsHandler::served_apis(const ListenerInfo& listener,
                                                                      bool is_hw) const {
    std::vector<ApiVersionsResponse::Api> apis;
    for (const schema::ApiInfo& api : schema::kApiTable) {
        const bool here = listener.role == ListenerRole::broker ? api.on_broker : api.on_controller;
        if (here && dispatcher_.serves(api.key) && (is_hw || !api.hw_only)) {
            apis.push_back({.api_key = api.key,
                            .min_version = api.advertised_low,
                            .max_version = api.stable_high});
        }
    }
    return apis;
}

std::vector<ApiVersionsResponse::SupportedFeature> ApiVersionsHandler::supported_features(
    ApiVersion version) const {
    // Clients that use a version below 4 reject the whole answer if the range of a feature starts
    // at 0 (KAFKA-17011).
    constexpr ApiVersion kStartsAtZero{4};
    const std::int16_t lowest = version < kStartsAtZero ? 1 : 0;
    std::vector<ApiVersionsResponse::SupportedFeature> features;
    for (const auto& [name, range] : features_) {
        features.push_back({.name = name,
                            .min_version = ApiVersion(std::max(range.low, lowest)),
                            .max_version = ApiVersion(range.high)});
    }
    return features;
}

std::vector<ApiVersionsResponse::FinalizedFeature> ApiVersionsHandler::finalized_features() const {
    std::vector<ApiVersionsResponse::FinalizedFeature> features;
    for (const auto& [name, finalized] : services_.image->features()) {
        const std::int16_t level = controller::working_level(*services_.image, name);
        if (level > 0) {
            features.push_back(
                {.name = name, .max_version_level = level, .min_version_level = level});
        }
    }
    return features;
}

}  // namespace hw::broker
