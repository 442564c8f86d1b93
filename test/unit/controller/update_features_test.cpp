#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "controller/ops/features.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using Request = schema::UpdateFeaturesRequest;
using Update = Request::FeatureUpdate;
using wire::ErrorCode;

constexpr std::int8_t kSafeDowngrade = 2;
constexpr std::int8_t kUnsafeDowngrade = 3;

/// Brokers 1 and 2 in service. A new cluster begins with group.version 1.
World cluster(ControllerOptions options = {}) {
    World world(1, std::move(options));
    world.lead();
    world.commit();
    world.start_brokers(2);
    return world;
}

ControllerOptions starting_with(std::int16_t metadata_version, std::int16_t group_version) {
    ControllerOptions options;
    options.initial_features = {.metadata_version = MetadataVersion(metadata_version),
                                .group_version = GroupVersion(group_version)};
    return options;
}

wire::Refusal update(World& world, const std::vector<Update>& updates, bool validate_only = false) {
    const Request request{.feature_updates = std::span(updates), .validate_only = validate_only};
    return world.call<UpdateFeaturesResult>(request).refusal;
}

/// The message of the refusal of one update, which must be INVALID_UPDATE_VERSION.
std::string refused(World& world, const Update& one) {
    const Offset end = world.end();
    const wire::Refusal refusal = update(world, {one});
    CHECK(refusal.code == ErrorCode::invalid_update_version);
    CHECK(world.end() == end);
    return refusal.message;
}

std::int16_t groups(const World& world) {
    return world.image().feature_level(kGroupVersionFeature);
}

void register_controller(World& world, std::int32_t id, std::int16_t highest_group_version) {
    using Registering = schema::ControllerRegistrationRequest;
    const Registering::Listener listener{
        .name = "CONTROLLER", .host = "h", .port = 9093, .security_protocol = 0};
    const Registering::Feature feature{.name = kGroupVersionFeature,
                                       .min_supported_version = 0,
                                       .max_supported_version = highest_group_version};
    const Registering request{.controller_id = BrokerId(id),
                              .incarnation_id = IncarnationId(uuid(static_cast<std::uint64_t>(id))),
                              .listeners = {&listener, 1},
                              .features = {&feature, 1}};
    REQUIRE_FALSE(world.call<ControllerRegistrationResult>(request).refusal.is_refused());
}

TEST_CASE("update features: a level is lowered with a downgrade type, and raised without one",
          "[controller][features]") {
    World world = cluster();
    CHECK_THAT(refused(world, {.feature = "group.version", .max_version_level = 0}),
               Catch::Contains("group.version cannot be set to 0: it is at 1, and a lower level "
                               "needs the type of a safe or unsafe downgrade"));
    const std::int8_t type = GENERATE(kSafeDowngrade, kUnsafeDowngrade);
    const Offset from = world.end();
    CHECK_FALSE(
        update(world, {{.feature = "group.version", .max_version_level = 0, .upgrade_type = type}})
            .is_refused());
    CHECK(groups(world) == 0);
    CHECK(world.records(from) ==
          std::vector<std::string>{R"({"type":"FEATURE_LEVEL_RECORD","version":0,)"
                                   R"("data":{"name":"group.version","featureLevel":0}})"});
    CHECK_THAT(
        refused(world, {.feature = "group.version", .max_version_level = 1, .upgrade_type = type}),
        Catch::Contains("it is at 0, so this is not a downgrade"));
    CHECK_FALSE(update(world, {{.feature = "group.version", .max_version_level = 1}}).is_refused());
    CHECK(groups(world) == 1);
}

TEST_CASE("update features: AllowDowngrade of version 0 is a safe downgrade",
          "[controller][features]") {
    World world = cluster();
    CHECK_FALSE(
        update(world,
               {{.feature = "group.version", .max_version_level = 0, .allow_downgrade = true}})
            .is_refused());
    CHECK(groups(world) == 0);
}

TEST_CASE("update features: the present level is accepted, and writes no record",
          "[controller][features]") {
    World world = cluster();
    const Offset end = world.end();
    CHECK_FALSE(update(world, {{.feature = "group.version", .max_version_level = 1}}).is_refused());
    CHECK_FALSE(update(world, {}).is_refused());
    CHECK(world.end() == end);
}

TEST_CASE("update features: a dry run is checked, and changes nothing", "[controller][features]") {
    World world = cluster(starting_with(30, 0));
    const Offset end = world.end();
    const bool validate_only = true;
    CHECK_FALSE(update(world, {{.feature = "group.version", .max_version_level = 1}}, validate_only)
                    .is_refused());
    CHECK(update(world, {{.feature = "group.version", .max_version_level = 2}}, validate_only)
              .is_refused());
    CHECK(world.end() == end);
    CHECK(groups(world) == 0);
}

TEST_CASE("update features: what the active controller does not support is refused with its levels",
          "[controller][features]") {
    World world = cluster();
    CHECK_THAT(refused(world, {.feature = "group.version", .max_version_level = 2}),
               Catch::Contains("the active controller supports the levels 0 to 1"));
    CHECK_THAT(refused(world, {.feature = "transaction.version", .max_version_level = 2}),
               Catch::Contains("the active controller does not support this feature yet"));
    CHECK_THAT(refused(world, {.feature = "mirror.version", .max_version_level = 0}),
               Catch::Contains("the active controller does not know this feature"));
    CHECK_THAT(refused(world, {.feature = "group.version", .max_version_level = -1}),
               Catch::Contains("a level is not negative"));
    CHECK_THAT(
        refused(world, {.feature = "group.version", .max_version_level = 1, .upgrade_type = 0}),
        Catch::Contains("its update type 0 is none of 1 (upgrade), 2 (safe"));
}

TEST_CASE("update features: a level that a registered broker does not support is refused",
          "[controller][features]") {
    World world = cluster(starting_with(30, 0));
    Registration old = registration(3);
    old.features.pop_back();
    REQUIRE_FALSE(world.join(old).refusal.is_refused());
    REQUIRE(world.image().find_broker(BrokerId(3))->fenced);
    const Update raise{.feature = "group.version", .max_version_level = 1};
    CHECK_THAT(refused(world, raise), Catch::Contains("broker 3 does not support this feature"));
    Registration newer = registration(3, 2);
    newer.features[1].max_supported_version = 5;
    REQUIRE_FALSE(world.join(newer).refusal.is_refused());
    CHECK_FALSE(update(world, {raise}).is_refused());
    CHECK(groups(world) == 1);
}

TEST_CASE("update features: a level that another voter may not support is refused",
          "[controller][features]") {
    ControllerOptions options = starting_with(30, 0);
    options.other_voters = {BrokerId(8), BrokerId(9)};
    World world = cluster(options);
    register_controller(world, 8, 1);
    const Update raise{.feature = "group.version", .max_version_level = 1};
    CHECK_THAT(refused(world, raise), Catch::Contains("controller 9 has not registered"));
    register_controller(world, 9, 0);
    CHECK_THAT(refused(world, raise),
               Catch::Contains("controller 9 does not support this feature"));
    register_controller(world, 9, 1);
    CHECK_FALSE(update(world, {raise}).is_refused());
}

TEST_CASE("update features: controllers are not asked at a level at which they cannot register",
          "[controller][features]") {
    ControllerOptions options = starting_with(14, 0);
    options.other_voters = {BrokerId(9)};
    World world = cluster(options);
    CHECK_FALSE(update(world, {{.feature = "group.version", .max_version_level = 1}}).is_refused());
}

TEST_CASE("update features: all of a request are made or none", "[controller][features]") {
    World world = cluster(starting_with(30, 0));
    const std::vector<Update> mixed{{.feature = "group.version", .max_version_level = 1},
                                    {.feature = "metadata.version", .max_version_level = 34}};
    const wire::Refusal refusal = update(world, mixed);
    CHECK(refusal.code == ErrorCode::invalid_update_version);
    CHECK_THAT(refusal.message,
               Catch::Contains("metadata.version cannot be set to 34: the active controller "
                               "supports the levels 7 to 33. Nothing was changed"));
    CHECK(groups(world) == 0);
    const std::vector<Update> both{{.feature = "group.version", .max_version_level = 1},
                                   {.feature = "metadata.version", .max_version_level = 31}};
    CHECK_FALSE(update(world, both).is_refused());
    CHECK(groups(world) == 1);
    CHECK(world.image().feature_level(kMetadataVersionFeature) == 31);
}

TEST_CASE("update features: a feature twice, or more than 100, are an invalid request",
          "[controller][features]") {
    World world = cluster();
    const Update one{.feature = "group.version", .max_version_level = 1};
    const wire::Refusal twice = update(world, {one, one});
    CHECK(twice.code == ErrorCode::invalid_request);
    CHECK_THAT(twice.message, Catch::Contains("feature group.version is in the request twice"));
    const wire::Refusal many = update(world, std::vector<Update>(kMaxFeatureUpdates + 1, one));
    CHECK(many.code == ErrorCode::invalid_request);
    CHECK_THAT(many.message, Catch::Contains("101 features in one request are over the limit"));
}

TEST_CASE("update features: metadata.version is raised where brokers need not register again",
          "[controller][features]") {
    const auto from_to = GENERATE(std::pair(7, 16), std::pair(13, 14), std::pair(17, 33));
    World world = cluster(starting_with(static_cast<std::int16_t>(from_to.first), 0));
    world.create({topic("before")});
    const auto level = static_cast<std::int16_t>(from_to.second);
    CHECK_FALSE(
        update(world, {{.feature = "metadata.version", .max_version_level = level}}).is_refused());
    CHECK(world.image().feature_level(kMetadataVersionFeature) == level);
    // The cluster works on, and all its records can be read again.
    CHECK(world.create({topic("after")})[0].refusal.code == ErrorCode::none);
    world.pass(std::chrono::seconds(10));
    world.commit();
    REQUIRE_FALSE(world.join(registration(1, 2)).refusal.is_refused());
    REQUIRE_FALSE(world.beat(1).is_fenced);
    CHECK(world.replay() == text_of(world.committed_image()));
}

TEST_CASE(
    "update features: metadata.version is neither lowered nor raised over the first level "
    "with directories",
    "[controller][features]") {
    World low = cluster(starting_with(16, 0));
    CHECK_THAT(refused(low, {.feature = "metadata.version", .max_version_level = 17}),
               Catch::Contains("this version cannot raise it from below 17 to 17 or more"));
    World world = cluster();
    CHECK_THAT(refused(world, {.feature = "metadata.version",
                               .max_version_level = 29,
                               .upgrade_type = kUnsafeDowngrade}),
               Catch::Contains("it is at 30, and this version cannot lower it"));
}

}  // namespace
}  // namespace hw::controller::testing
