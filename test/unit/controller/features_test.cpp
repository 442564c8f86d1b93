#include "controller/image/features.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "controller/ops/brokers.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

/// The answer of a controller whose cluster has finalized one feature to a registration.
wire::Refusal refusal_of(std::string_view feature, std::int16_t level,
                         const Registration& joining) {
    MetadataImage image{std::string(kClusterId)};
    image.set_feature(feature, level);
    const ControllerOptions options;
    const HeartbeatTracker heartbeats(options.session_timeout);
    const FakeConfigs configs;
    SeededEntropy entropy(1);
    const OperationContext context{.image = image,
                                   .next_offset = Offset(5),
                                   .now = TimePoint(),
                                   .options = options,
                                   .heartbeats = heartbeats,
                                   .configs = configs,
                                   .entropy = entropy};
    return register_broker(joining.request(), context).response.refusal;
}

Registration supporting(std::string_view feature, std::int16_t low, std::int16_t high) {
    Registration joining = registration(1);
    joining.features = {
        {.name = feature, .min_supported_version = low, .max_supported_version = high}};
    return joining;
}

Registration supporting_nothing() {
    Registration joining = registration(1);
    joining.features.clear();
    return joining;
}

TEST_CASE("features: only known levels are supported, and names are listed once, in order",
          "[controller][features]") {
    const auto features = known_features();
    for (const KnownFeature& feature : features) {
        CAPTURE(feature.name);
        CHECK(feature.known.contains(feature.supported.low));
        CHECK(feature.known.contains(feature.supported.high));
        CHECK_FALSE(feature.purpose.empty());
    }
    CHECK(std::ranges::is_sorted(features, std::less<>(), &KnownFeature::name));
    CHECK(std::ranges::adjacent_find(features, {}, &KnownFeature::name) == features.end());
    CHECK(find_feature("transaction.version")->known == FeatureRange{0, 2});
    CHECK(find_feature("no.version") == nullptr);
}

TEST_CASE("features: a level that is not built works as the highest supported one, and stays known",
          "[controller][features]") {
    MetadataImage image("c");
    image.set_feature("transaction.version", 2);
    CHECK(image.feature_level("transaction.version") == 2);
    CHECK(working_level(image, "transaction.version") == 0);
    CHECK(working_level(image, "share.version") == 0);
}

TEST_CASE("features: group.version 1 allows the new protocol of consumer groups",
          "[controller][features]") {
    MetadataImage image("c");
    CHECK_FALSE(group_version(image).has_consumer_protocol());
    image.set_feature(kGroupVersionFeature, 1);
    CHECK(group_version(image).level() == 1);
    CHECK(group_version(image).has_consumer_protocol());
}

TEST_CASE("features: metadata.version and kraft.version are not lowered",
          "[controller][features]") {
    MetadataImage image("c");
    image.set_feature(kMetadataVersionFeature, 34);
    image.set_feature("kraft.version", 1);
    CHECK(working_level(image, kMetadataVersionFeature) == 34);
    CHECK(working_level(image, "kraft.version") == 1);
}

TEST_CASE("features: an unknown feature or level in the log is refused with its name",
          "[controller][features]") {
    CHECK(check_known("transaction.version", 2));
    CHECK(check_known("group.version", 0));
    const auto level = check_known("transaction.version", 3);
    REQUIRE_FALSE(level);
    CHECK(level.error().kind == ErrorKind::unsupported);
    CHECK_THAT(level.error().message, Catch::Contains("level 3 of feature 'transaction.version', "
                                                      "of which this version knows the levels 0 "
                                                      "to 2"));
    const auto name = check_known("mirror.version", 1);
    REQUIRE_FALSE(name);
    CHECK_THAT(name.error().message, Catch::Contains("level 1 of feature 'mirror.version', which"));
    // The record that removes a feature.
    CHECK(check_known("mirror.version", 0));
}

TEST_CASE("features: a broker without a finalized feature that is not built may register",
          "[controller][features]") {
    CHECK_FALSE(refusal_of("transaction.version", 2, supporting_nothing()).is_refused());
    // A broker that has built it works at the level of the cluster.
    CHECK_FALSE(
        refusal_of("transaction.version", 2, supporting("transaction.version", 0, 2)).is_refused());
    const auto needy = refusal_of("share.version", 1, supporting("share.version", 1, 1));
    CHECK(needy.code == wire::ErrorCode::unsupported_version);
    CHECK(needy.message == "broker 1 supports share.version from 1 to 1, the cluster is at 0");
}

TEST_CASE("features: a broker without a finalized kraft.version is refused with the level",
          "[controller][features]") {
    const auto refusal = refusal_of("kraft.version", 1, supporting_nothing());
    CHECK(refusal.code == wire::ErrorCode::unsupported_version);
    CHECK(refusal.message == "broker 1 supports kraft.version from 0 to 0, the cluster is at 1");
}

}  // namespace
}  // namespace hw::controller::testing
