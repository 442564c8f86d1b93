#include "broker/api/api_versions.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/support/forbidding.h"
#include "test/unit/api/handler_world.h"

namespace hw::broker {
namespace {

using schema::ApiVersionsRequest;
using schema::ApiVersionsResponse;

/// The finalized features that clients see: "metadata.version 30".
std::vector<std::string> finalized(HandlerWorld& world) {
    test::ForbiddingAuthorizer authorizer;
    NoQuotas quotas;
    const Dispatcher dispatcher(authorizer, quotas);
    ApiVersionsHandler handler(dispatcher, world.services);
    const ApiVersionsRequest request{.client_software_name = "x", .client_software_version = "1"};
    const auto answer = world.ask<ApiVersionsResponse>(handler, request, ApiVersion(4));
    CHECK(answer->finalized_features_epoch == world.image.last_offset().value());
    std::vector<std::string> features;
    for (const auto& feature : answer->finalized_features) {
        CHECK(feature.min_version_level == feature.max_version_level);
        features.push_back(fmt::format("{} {}", feature.name, feature.max_version_level));
    }
    return features;
}

TEST_CASE("api versions: finalized features are told up to the level that is supported",
          "[api][features]") {
    HandlerWorld world;
    world.image.set_position(Offset(77), LeaderEpoch(1));
    world.image.set_feature("transaction.version", 2);
    CHECK(finalized(world) == std::vector<std::string>{"metadata.version 30"});
    world.image.set_feature("highwater.durable", 1);
    CHECK(finalized(world) ==
          std::vector<std::string>{"highwater.durable 1", "metadata.version 30"});
}

}  // namespace
}  // namespace hw::broker
