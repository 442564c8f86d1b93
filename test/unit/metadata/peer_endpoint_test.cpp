#include "broker/metadata/peer_endpoint.h"

#include <string>
#include <utility>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

constexpr BrokerId kPeer{2};

/// An image in which node 2 has these listeners, as a broker and as a controller.
controller::MetadataImage image_with(controller::NodeEndpoints endpoints) {
    controller::MetadataImage image("cluster");
    controller::BrokerImage broker;
    broker.id = kPeer;
    broker.endpoints = endpoints;
    image.put(std::move(broker));
    controller::ControllerImage controller;
    controller.id = kPeer;
    controller.endpoints = std::move(endpoints);
    image.put(std::move(controller));
    return image;
}

TEST_CASE("peer: a broker is reached at the listener with the name that brokers use",
          "[metadata][peer]") {
    const auto image =
        image_with({{"CLIENTS", {{"public", 9092}, 0}}, {"REPLICATION", {{"private", 9094}, 0}}});
    CHECK(broker_endpoint(image, kPeer, "REPLICATION") == Endpoint{"private", 9094});
    CHECK(broker_endpoint(image, kPeer, "CLIENTS") == Endpoint{"public", 9092});
}

TEST_CASE("peer: a controller is reached at the first listener name that it has",
          "[metadata][peer]") {
    const auto image = image_with({{"NEW", {{"c", 1}, 0}}, {"OLD", {{"c", 2}, 0}}});
    CHECK(controller_endpoint(image, kPeer, {"OLD", "NEW"}) == Endpoint{"c", 2});
    CHECK(controller_endpoint(image, kPeer, {"NEXT", "NEW"}) == Endpoint{"c", 1});
    CHECK(
        controller_endpoint(image, kPeer, {"A", "B"}).error().message ==
        "controller 2 has no listener A or B (its listeners: NEW, OLD): controller.listener.names "
        "of this node must name a listener that the other nodes have");
    CHECK(controller_endpoint(image, BrokerId(3), {"NEW"}).error().message ==
          "controller 3 is not registered");
}

TEST_CASE("peer: the error about a listener that a broker lacks names both sides",
          "[metadata][peer]") {
    const auto image = image_with({{"CLIENTS", {{"public", 9092}, 0}}});
    const auto lacking = broker_endpoint(image, kPeer, "REPLICATION");
    REQUIRE_FALSE(lacking);
    CHECK(lacking.error().kind == ErrorKind::not_found);
    CHECK(lacking.error().message ==
          "broker 2 has no listener REPLICATION (its listeners: CLIENTS): "
          "inter.broker.listener.name of this node must name a listener that the other nodes have");
    CHECK(
        broker_endpoint(image_with({}), kPeer, "X").error().message.find("(its listeners: none)") !=
        std::string::npos);
    CHECK(broker_endpoint(image, BrokerId(3), "X").error().message == "broker 3 is not registered");
}

TEST_CASE("peer: a listener that is not PLAINTEXT is refused", "[metadata][peer]") {
    const auto image = image_with({{"REPLICATION", {{"private", 9094}, 3}}});
    const auto refused = broker_endpoint(image, kPeer, "REPLICATION");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::unsupported);
    CHECK(
        refused.error().message.starts_with("listener REPLICATION of broker 2 is not PLAINTEXT "
                                            "(its security protocol is 3)"));
}

}  // namespace
}  // namespace hw::broker
