#include "broker/api/describe_cluster.h"

#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/api/handler_world.h"

namespace hw::broker {
namespace {

using schema::DescribeClusterRequest;
using schema::DescribeClusterResponse;
using wire::ErrorCode;

constexpr std::int8_t kControllers = 2;

/// Brokers 1 and 2 are in service, broker 3 is fenced. Of the controllers 2 and 7, 7 is active.
struct World : HandlerWorld {
    World() {
        add_broker(1);
        add_broker(2);
        add_broker(3, true);
        for (const std::int32_t id : {2, 7}) {
            controller::ControllerImage controller;
            controller.id = BrokerId(id);
            controller.endpoints.emplace("CONTROLLER", endpoint_of(id));
            image.put(std::move(controller));
        }
        image.set_controller(BrokerId(7));
    }
    wire::DecodedMessage<DescribeClusterResponse> ask(const DescribeClusterRequest& request,
                                                      std::int16_t version) {
        return HandlerWorld::ask<DescribeClusterResponse>(handler, request, ApiVersion(version));
    }
    void use_controller_listener() {
        listener.name = "CONTROLLER";
        listener.role = ListenerRole::controller;
    }

    DescribeClusterHandler handler{services};
};

std::vector<std::int32_t> ids_of(const DescribeClusterResponse& response) {
    std::vector<std::int32_t> ids;
    for (const auto& node : response.brokers) {
        ids.push_back(node.broker_id.value());
    }
    return ids;
}

TEST_CASE("describe cluster: a broker listener lists the brokers in service, in every version",
          "[api][describe-cluster]") {
    World world;
    for (const ApiVersion version : versions_of<DescribeClusterRequest>()) {
        const auto answer = world.ask({}, version.value());
        CHECK(answer->error_code == ErrorCode::none);
        CHECK(wire::is_null(answer->error_message));
        CHECK(answer->cluster_id == "cluster");
        CHECK(answer->endpoint_type == 1);
        CHECK(ids_of(*answer) == std::vector<std::int32_t>{1, 2});
        CHECK(answer->brokers[1].host == "host");
        CHECK(answer->brokers[1].port == 9002);
        CHECK(wire::is_null(answer->brokers[1].rack));
        CHECK(answer->cluster_authorized_operations == INT32_MIN);
    }
}

TEST_CASE("describe cluster: fenced brokers are listed if the request asks for them",
          "[api][describe-cluster]") {
    World world;
    const auto answer = world.ask({.include_fenced_brokers = true}, 2);
    CHECK(ids_of(*answer) == std::vector<std::int32_t>{1, 2, 3});
    CHECK_FALSE(answer->brokers[0].is_fenced);
    CHECK(answer->brokers[2].is_fenced);
}

TEST_CASE("describe cluster: brokers without the listener that the request came on are left out",
          "[api][describe-cluster]") {
    World world;
    world.listener.name = "INTERNAL";
    world.add_broker(2);
    const auto answer = world.ask({}, 2);
    CHECK(ids_of(*answer) == std::vector<std::int32_t>{2});
    CHECK(answer->controller_id == BrokerId(2));
}

TEST_CASE("describe cluster: a broker listener names one of the listed brokers as the controller",
          "[api][describe-cluster]") {
    World world;
    CHECK(world.ask({}, 1)->controller_id == BrokerId(1));
    world.image.set_controller(BrokerId(2));
    CHECK(world.ask({}, 1)->controller_id == BrokerId(2));
    world.image.set_controller(BrokerId(3));
    CHECK(world.ask({}, 1)->controller_id == BrokerId(1));
    world.listener.name = "NOBODY";
    CHECK(world.ask({}, 1)->controller_id == kNoBroker);
}

TEST_CASE(
    "describe cluster: a caller without restrictions is authorized for every cluster operation",
    "[api][describe-cluster]") {
    World world;
    const auto answer = world.ask({.include_cluster_authorized_operations = true}, 0);
    CHECK(answer->cluster_authorized_operations == 0b1'1111'1010'0000);
}

TEST_CASE("describe cluster: a controller listener lists the controllers",
          "[api][describe-cluster]") {
    World world;
    world.use_controller_listener();
    const auto answer = world.ask({.endpoint_type = kControllers}, 1);
    CHECK(answer->error_code == ErrorCode::none);
    CHECK(answer->endpoint_type == kControllers);
    CHECK(ids_of(*answer) == std::vector<std::int32_t>{2, 7});
    CHECK(answer->brokers[1].port == 9007);
    CHECK(answer->controller_id == BrokerId(7));
    world.image.set_controller(BrokerId(1));
    CHECK(world.ask({.endpoint_type = kControllers}, 1)->controller_id == kNoBroker);
}

TEST_CASE("describe cluster: only a caller that may alter the cluster gets the list of controllers",
          "[api][describe-cluster]") {
    World world;
    world.authorizer.forbid(Operation::alter, kCluster);
    CHECK(world.ask({}, 1)->error_code == ErrorCode::none);
    world.use_controller_listener();
    const auto answer = world.ask({.endpoint_type = kControllers}, 1);
    CHECK(answer->error_code == ErrorCode::cluster_authorization_failed);
    CHECK(answer->brokers.empty());
}

TEST_CASE(
    "describe cluster: controllers are not listed below the metadata.version that registers them",
    "[api][describe-cluster]") {
    World world;
    world.use_controller_listener();
    world.image.set_feature(controller::kMetadataVersionFeature, 14);
    const auto answer = world.ask({.endpoint_type = kControllers}, 1);
    CHECK(answer->error_code == ErrorCode::unsupported_version);
    CHECK(answer->brokers.empty());
}

TEST_CASE(
    "describe cluster: a request for the other kind of endpoint is refused with advice where to "
    "send it",
    "[api][describe-cluster]") {
    World world;
    const auto on_broker = world.ask({.endpoint_type = kControllers}, 1);
    CHECK(on_broker->error_code == ErrorCode::mismatched_endpoint_type);
    CHECK(on_broker->error_message ==
          "the request asks for controllers, but PLAINTEXT is a listener of brokers. Send it to a "
          "controller (--bootstrap-controller)");
    CHECK(on_broker->brokers.empty());
    CHECK(world.ask({.endpoint_type = 3}, 2)->error_code == ErrorCode::unsupported_endpoint_type);
    world.use_controller_listener();
    CHECK(world.ask({}, 1)->error_code == ErrorCode::mismatched_endpoint_type);
    CHECK(world.ask({}, 0)->error_code == ErrorCode::invalid_request);
}

TEST_CASE(
    "describe cluster: operations that the caller may not do are left out of its authorized "
    "operations",
    "[api][describe-cluster]") {
    World world;
    world.authorizer.forbid(Operation::alter_configs, kCluster);
    const auto answer = world.ask({.include_cluster_authorized_operations = true}, 1);
    CHECK((answer->cluster_authorized_operations & (1 << 11)) == 0);
    CHECK((answer->cluster_authorized_operations & (1 << 10)) != 0);
}

}  // namespace
}  // namespace hw::broker
