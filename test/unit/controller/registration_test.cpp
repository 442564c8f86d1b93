#include <catch2/catch.hpp>

#include "controller/image/topic_image.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::ErrorCode;

const BrokerImage& broker(const World& world, std::int32_t id) {
    const BrokerImage* found = world.image().find_broker(BrokerId(id));
    REQUIRE(found != nullptr);
    return *found;
}

World leading() {
    World world;
    world.lead();
    world.commit();
    return world;
}

TEST_CASE("registration: a broker joins fenced, and its epoch is the offset of its record",
          "[controller]") {
    World world = leading();
    const Offset offset = world.end();
    const auto result = world.join(registration(1));
    CHECK(result.refusal.code == ErrorCode::none);
    CHECK(result.broker_epoch.value() == offset.value());
    CHECK(broker(world, 1).fenced);
    CHECK(broker(world, 1).catch_up_to == offset);
    CHECK(broker(world, 1).epoch == result.broker_epoch);
}

TEST_CASE(
    "registration: a repeated registration of one incarnation keeps the epoch and stays unfenced",
    "[controller]") {
    World world = leading();
    world.start_brokers(1);
    const BrokerEpoch epoch = broker(world, 1).epoch;
    Registration again = registration(1);
    again.listeners[0].port = 9999;
    CHECK(world.join(again).broker_epoch == epoch);
    CHECK_FALSE(broker(world, 1).fenced);
    CHECK(broker(world, 1).endpoints.at("PLAINTEXT").address.port == 9999);
    CHECK(broker(world, 1).catch_up_to == world.end() - 1);
}

TEST_CASE("registration: a new incarnation with a common directory replaces the old one at once",
          "[controller]") {
    World world = leading();
    world.start_brokers(1);
    const BrokerEpoch old = broker(world, 1).epoch;
    Registration next = registration(1, 2);
    next.log_dirs.emplace_back(uuid(77));
    const auto result = world.join(next);
    CHECK(result.refusal.code == ErrorCode::none);
    CHECK(result.broker_epoch > old);
    CHECK(broker(world, 1).fenced);
    schema::BrokerHeartbeatRequest stale = world.heartbeat(1);
    stale.broker_epoch = old;
    CHECK(world.call<BrokerHeartbeatResult>(stale).refusal.code == ErrorCode::stale_broker_epoch);
}

TEST_CASE(
    "registration: partitions of a replaced incarnation have no leader until the new one is "
    "unfenced",
    "[controller]") {
    World world = leading();
    world.start_brokers(1);
    world.create({topic("orders")});
    const Offset offset = world.end();
    world.join(registration(1, 2));
    CHECK(text_of(world.partition("orders")) == "replicas 1 isr 1 leader -1 epoch 1/1");
    CHECK(broker(world, 1).epoch.value() == offset.value() + 1);
    world.beat(1);
    CHECK(text_of(world.partition("orders")) == "replicas 1 isr 1 leader 1 epoch 2/2");
}

TEST_CASE(
    "registration: without a common directory a new incarnation is refused until the old session "
    "ends",
    "[controller]") {
    World world = leading();
    world.start_brokers(1);
    world.pass(milliseconds(1200));
    Registration other = registration(1, 2);
    other.log_dirs = {DirectoryId(uuid(77))};
    const auto refused = world.join(other);
    CHECK(refused.refusal.code == ErrorCode::duplicate_broker_registration);
    CHECK(refused.broker_epoch == BrokerEpoch(-1));
    const std::string& message = refused.refusal.message;
    CHECK_THAT(message, Catch::Contains(to_string(registration(1).incarnation.value())));
    CHECK_THAT(message, Catch::Contains(to_string(other.incarnation.value())));
    CHECK_THAT(message, Catch::Contains(to_string(registration(1).log_dirs[0].value())));
    CHECK_THAT(message, Catch::Contains(to_string(other.log_dirs[0].value())));
    CHECK_THAT(message, Catch::Contains("1200 ms ago"));
    CHECK_THAT(message, Catch::Contains("3000 ms (broker.session.timeout.ms)"));
    CHECK_FALSE(broker(world, 1).fenced);

    world.pass(milliseconds(1800));
    CHECK(world.join(other).refusal.code == ErrorCode::none);
    CHECK(broker(world, 1).incarnation == other.incarnation);
}

TEST_CASE("registration: after a controlled shutdown there is no old session to wait for",
          "[controller]") {
    World world = leading();
    world.start_brokers(1);
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    REQUIRE(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    Registration other = registration(1, 2);
    other.log_dirs = {DirectoryId(uuid(77))};
    CHECK(world.join(other).refusal.code == ErrorCode::none);
}

TEST_CASE("registration: directory ids that are missing, reserved, repeated or taken are refused",
          "[controller]") {
    World world = leading();
    world.start_brokers(1);
    Registration second = registration(2);
    SECTION("no directory id") {
        second.log_dirs.clear();
    }
    SECTION("a reserved directory id") {
        second.log_dirs = {kLostDirectory};
    }
    SECTION("the same directory id twice") {
        second.log_dirs = {DirectoryId(uuid(5)), DirectoryId(uuid(5))};
    }
    SECTION("a directory id of another broker") {
        second.log_dirs = registration(1).log_dirs;
    }
    const Offset end = world.end();
    const auto result = world.join(second);
    CHECK(result.refusal.code == ErrorCode::invalid_registration);
    CHECK_FALSE(result.refusal.message.empty());
    CHECK(world.end() == end);
}

TEST_CASE("registration: a negative broker id is refused", "[controller]") {
    World world = leading();
    const auto result = world.join(registration(-1));
    CHECK(result.refusal.code == ErrorCode::invalid_registration);
    CHECK_THAT(result.refusal.message, Catch::Contains("broker id -1 is negative"));
}

TEST_CASE("registration: a registration needs a listener, each listener name once, and has limits",
          "[controller]") {
    World world = leading();
    Registration bad = registration(1);
    SECTION("no listener") {
        bad.listeners.clear();
    }
    SECTION("a listener name twice") {
        bad.listeners.push_back(bad.listeners[0]);
    }
    SECTION("a listener name of more than 255 bytes") {
        bad.listeners[0].name = std::string(256, 'x');
    }
    SECTION("more than 100 listeners") {
        bad.listeners.resize(101, bad.listeners[0]);
    }
    SECTION("more than 1,000 log directories") {
        for (std::uint64_t i = 0; i < 1000; ++i) {
            bad.log_dirs.emplace_back(uuid(1000 + i));
        }
    }
    CHECK(world.join(bad).refusal.code == ErrorCode::invalid_registration);
}

TEST_CASE("registration: a broker of another cluster is refused with both ids", "[controller]") {
    World world = leading();
    Registration stranger = registration(1);
    stranger.cluster_id = "elsewhere";
    const auto result = world.join(stranger);
    CHECK(result.refusal.code == ErrorCode::inconsistent_cluster_id);
    CHECK_THAT(result.refusal.message, Catch::Contains("elsewhere"));
    CHECK_THAT(result.refusal.message, Catch::Contains(std::string(kClusterId)));
}

TEST_CASE("registration: a broker that lacks a finalized feature level is refused with that level",
          "[controller]") {
    World world = leading();
    Registration old = registration(1);
    SECTION("its maximum is too low") {
        old.features[0].max_supported_version = 29;
    }
    SECTION("its minimum is too high") {
        old.features[0].min_supported_version = 31;
    }
    SECTION("the feature is missing") {
        old.features.erase(old.features.begin());
    }
    const auto result = world.join(old);
    CHECK(result.refusal.code == ErrorCode::unsupported_version);
    CHECK_THAT(result.refusal.message, Catch::Contains("metadata.version"));
    CHECK_THAT(result.refusal.message, Catch::Contains("at 30"));
}

TEST_CASE("registration: an unknown feature is accepted if its range includes level 0",
          "[controller]") {
    World world = leading();
    Registration own = registration(1);
    own.features.push_back(
        {.name = "highwater.durable", .min_supported_version = 0, .max_supported_version = 1});
    CHECK(world.join(own).refusal.code == ErrorCode::none);
    CHECK(broker(world, 1).features.at("highwater.durable") == FeatureRange{0, 1});
    Registration needy = registration(2);
    needy.features.push_back(
        {.name = "share.version", .min_supported_version = 1, .max_supported_version = 1});
    CHECK(world.join(needy).refusal.code == ErrorCode::unsupported_version);
}

TEST_CASE("registration: a controller's listeners and features are recorded", "[controller]") {
    World world = leading();
    using Request = schema::ControllerRegistrationRequest;
    const std::vector<Request::Listener> listeners{
        {.name = "CONTROLLER", .host = "h", .port = 9093, .security_protocol = 0}};
    const std::vector<Request::Feature> features{
        {.name = "metadata.version", .min_supported_version = 7, .max_supported_version = 33}};
    const Request request{.controller_id = BrokerId(3),
                          .incarnation_id = IncarnationId(uuid(3)),
                          .listeners = std::span(listeners),
                          .features = std::span(features)};
    CHECK(world.call<ControllerRegistrationResult>(request).refusal.code == ErrorCode::none);
    const ControllerImage* found = world.image().controllers().find(BrokerId(3));
    REQUIRE(found != nullptr);
    CHECK(found->incarnation == request.incarnation_id);
    CHECK(found->endpoints.at("CONTROLLER").address == Endpoint{"h", 9093});
    CHECK(found->features.at("metadata.version") == FeatureRange{7, 33});
}

}  // namespace
}  // namespace hw::controller::testing
