#include "broker/api/find_coordinator.h"

#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/api/handler_world.h"

namespace hw::broker {
namespace {

using schema::FindCoordinatorRequest;
using schema::FindCoordinatorResponse;
using wire::ErrorCode;

TEST_CASE(
    "find coordinator: in versions 0 to 3, which have one key, no coordinator is available yet",
    "[api][find-coordinator]") {
    HandlerWorld world;
    FindCoordinatorHandler handler(world.services);
    for (const ApiVersion version : versions_of<FindCoordinatorRequest>()) {
        if (version >= ApiVersion(4)) {
            continue;
        }
        INFO("version " << version.value());
        const FindCoordinatorRequest request{.key = "group"};
        const auto answer = world.ask<FindCoordinatorResponse>(handler, request, version);
        CHECK(answer->error_code == ErrorCode::coordinator_not_available);
        CHECK(answer->node_id == kNoBroker);
        CHECK(answer->host.empty());
        CHECK(answer->port == -1);
        CHECK(answer->error_message.empty() == (version == ApiVersion(0)));
    }
}

TEST_CASE("find coordinator: several keys are answered in their order, each with an error message",
          "[api][find-coordinator]") {
    HandlerWorld world;
    FindCoordinatorHandler handler(world.services);
    const ApiVersion version(GENERATE(std::int16_t{4}, std::int16_t{5}, std::int16_t{6}));
    const std::vector<std::string_view> keys{"a", "b"};
    FindCoordinatorRequest request{.key_type = 1};
    request.coordinator_keys = keys;
    const auto answer = world.ask<FindCoordinatorResponse>(handler, request, version);
    REQUIRE(answer->coordinators.size() == 2);
    CHECK(answer->coordinators[0].key == "a");
    CHECK(answer->coordinators[1].key == "b");
    for (const auto& coordinator : answer->coordinators) {
        CHECK(coordinator.error_code == ErrorCode::coordinator_not_available);
        CHECK(coordinator.node_id == kNoBroker);
        CHECK(coordinator.host.empty());
        CHECK(coordinator.port == -1);
        CHECK(coordinator.error_message ==
              "this broker has no coordinators yet: groups, transactions and share groups are not "
              "supported");
    }
}

TEST_CASE("find coordinator: a key type that the version does not have is refused",
          "[api][find-coordinator]") {
    HandlerWorld world;
    FindCoordinatorHandler handler(world.services);
    const std::vector<std::string_view> keys{"key"};
    const auto code = [&](std::int8_t type, std::int16_t version) {
        FindCoordinatorRequest request{.key_type = type};
        request.coordinator_keys = keys;
        return world.ask<FindCoordinatorResponse>(handler, request, ApiVersion(version))
            ->coordinators[0]
            .error_code;
    };
    CHECK(code(2, 6) == ErrorCode::coordinator_not_available);
    CHECK(code(2, 5) == ErrorCode::invalid_request);
    CHECK(code(3, 6) == ErrorCode::invalid_request);
    CHECK(code(-1, 6) == ErrorCode::invalid_request);
}

TEST_CASE(
    "find coordinator: a key that the caller may not describe is refused with the code for its "
    "type",
    "[api][find-coordinator]") {
    HandlerWorld world;
    FindCoordinatorHandler handler(world.services);
    world.authorizer.forbid(Operation::describe, {ResourceType::group, "a"});
    world.authorizer.forbid(Operation::describe, {ResourceType::transactional_id, "a"});
    world.authorizer.forbid(Operation::cluster_action, kCluster);
    const std::vector<std::string_view> keys{"a", "b"};
    const auto codes = [&](std::int8_t type) {
        FindCoordinatorRequest request{.key_type = type};
        request.coordinator_keys = keys;
        const auto answer = world.ask<FindCoordinatorResponse>(handler, request, ApiVersion(6));
        return std::pair(answer->coordinators[0].error_code, answer->coordinators[1].error_code);
    };
    using enum ErrorCode;
    CHECK(codes(0) == std::pair(group_authorization_failed, coordinator_not_available));
    CHECK(codes(1) == std::pair(transactional_id_authorization_failed, coordinator_not_available));
    CHECK(codes(2) == std::pair(cluster_authorization_failed, cluster_authorization_failed));
    FindCoordinatorRequest old{.key = "a"};
    CHECK(world.ask<FindCoordinatorResponse>(handler, old, ApiVersion(3))->error_code ==
          group_authorization_failed);
}

}  // namespace
}  // namespace hw::broker
