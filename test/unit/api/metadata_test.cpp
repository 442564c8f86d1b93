#include "broker/api/metadata.h"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/support/answered_peer.h"
#include "test/support/raft_process.h"
#include "test/unit/api/handler_world.h"

namespace hw::broker {
namespace {

using schema::MetadataRequest;
using schema::MetadataResponse;
using wire::ErrorCode;

using Topic = MetadataRequest::Topic;

constexpr ApiVersion kNewest{13};

struct World : HandlerWorld {
    explicit World(std::uint64_t seed = 1) : HandlerWorld(seed) { add_broker(1); }
    ~World() {
        bool stopped = false;
        control.spawn(stop(stopped));
        while (controller.waiting() > 0) {
            controller.fail_with(ErrorKind::closed);
        }
        CHECK(run_until([&] { return stopped; }));
    }
    Task<> stop(bool& stopped) {
        co_await creator.stop();
        stopped = true;
    }
    ExchangePtr send(const std::vector<Topic>& topics, ApiVersion version = kNewest) {
        request.topics = topics;
        return HandlerWorld::send(handler, request, version);
    }
    wire::DecodedMessage<MetadataResponse> ask(const std::vector<Topic>& topics,
                                               ApiVersion version = kNewest) {
        return answer_to<MetadataResponse>(*send(topics, version));
    }
    ErrorCode code_for(const Topic& topic) { return ask({topic})->topics[0].error_code; }
    void answer_creation(ErrorCode code) {
        REQUIRE(run_until([&] { return controller.waiting() == 1; }));
        const schema::CreateTopicsResponse::Topic topic{.name = "orders", .error_code = code};
        schema::CreateTopicsResponse response;
        response.topics = {&topic, 1};
        controller.answer(response);
    }
    /// Sends `image` to the data shard, then to the creator.
    void spread_image() {
        control.post([this] {
            const auto shared = std::make_shared<const controller::MetadataImage>(image);
            shard.post([this, shared] { services.image = shared; });
            creator.on_image(shared);
        });
    }

    sim::SimShard control{scheduler, 1, 1};
    test::NullLogSink log;
    test::AnsweredPeer controller{control};
    TopicCreator creator{control, clock, controller, {}, Logger(log, "test")};
    MetadataHandler handler{services, &creator};
    MetadataRequest request;
};

const Topic kOrders{.topic_id = {}, .name = "orders"};

TEST_CASE("metadata: authorized operations are returned on request, in versions that have them",
          "[api][metadata]") {
    World world;
    world.add_topic("orders");
    world.request.allow_auto_topic_creation = true;
    for (const ApiVersion version : versions_of<MetadataRequest>()) {
        INFO("version " << version.value());
        world.request.include_topic_authorized_operations = version >= ApiVersion(8);
        world.request.include_cluster_authorized_operations =
            version >= ApiVersion(8) && version <= ApiVersion(10);
        const auto answer = world.ask({kOrders}, version);
        CHECK(
            answer->cluster_authorized_operations ==
            (world.request.include_cluster_authorized_operations ? 0b1'1111'1010'0000 : INT32_MIN));
        REQUIRE(answer->topics.size() == 1);
        CHECK(answer->topics[0].topic_authorized_operations ==
              (world.request.include_topic_authorized_operations ? 0b1101'1111'1000 : INT32_MIN));
    }
}

TEST_CASE("metadata: authorized operations are left out unless the request asks for them",
          "[api][metadata]") {
    World world;
    world.add_topic("orders");
    const ApiVersion version(GENERATE(range(std::int16_t{8}, std::int16_t{14})));
    const auto answer = world.ask({kOrders}, version);
    CHECK(answer->cluster_authorized_operations == INT32_MIN);
    CHECK(answer->topics[0].topic_authorized_operations == INT32_MIN);
}

TEST_CASE("metadata: an unknown topic is created, and the answer waits until this shard knows it",
          "[api][metadata][auto-create]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    const ApiVersion version(GENERATE(std::int16_t{0}, std::int16_t{4}, std::int16_t{13}));
    const auto exchange = world.send({kOrders}, version);
    world.answer_creation(ErrorCode::none);
    CHECK_FALSE(exchange->answered());
    world.add_topic("orders");
    world.spread_image();
    const auto answer = world.answer_to<MetadataResponse>(*exchange);
    REQUIRE(answer->topics.size() == 1);
    CHECK(answer->topics[0].error_code == ErrorCode::none);
    CHECK(answer->topics[0].name == "orders");
    REQUIRE(answer->topics[0].partitions.size() == 1);
    CHECK(answer->topics[0].partitions[0].leader_id == BrokerId(1));
}

TEST_CASE("metadata: if the controller refuses a creation, the answer has the controller's code",
          "[api][metadata][auto-create]") {
    World world;
    const auto exchange = world.send({kOrders});
    world.answer_creation(ErrorCode::policy_violation);
    const auto answer = world.answer_to<MetadataResponse>(*exchange);
    CHECK(answer->topics[0].error_code == ErrorCode::policy_violation);
    CHECK(answer->topics[0].name == "orders");
}

TEST_CASE("metadata: a creation that takes too long is answered LEADER_NOT_AVAILABLE",
          "[api][metadata][auto-create]") {
    World world;
    CHECK(world.code_for(kOrders) == ErrorCode::leader_not_available);
}

TEST_CASE("metadata: a topic is created only if it is named and both request and broker allow it",
          "[api][metadata][auto-create]") {
    World world;
    SECTION("the request forbids it") {
        world.request.allow_auto_topic_creation = false;
        CHECK(world.code_for(kOrders) == ErrorCode::unknown_topic_or_partition);
    }
    SECTION("the broker forbids it") {
        MetadataHandler without(world.services, nullptr);
        const std::vector<Topic> topics{kOrders};
        world.request.topics = topics;
        const auto answer =
            world.HandlerWorld::ask<MetadataResponse>(without, world.request, kNewest);
        CHECK(answer->topics[0].error_code == ErrorCode::unknown_topic_or_partition);
    }
    SECTION("the request asks for all topics") {
        world.request.topics = wire::Array<Topic>::null();
        const auto answer =
            world.HandlerWorld::ask<MetadataResponse>(world.handler, world.request, kNewest);
        CHECK(answer->topics.empty());
    }
    CHECK(world.controller.count() == 0);
}

TEST_CASE("metadata: topics with an internal name, an invalid name or only an id are not created",
          "[api][metadata][auto-create]") {
    World world;
    const auto code = [&](std::string_view name) {
        return world.code_for({.topic_id = {}, .name = name});
    };
    CHECK(code("__consumer_offsets") == ErrorCode::unknown_topic_or_partition);
    CHECK(code("__transaction_state") == ErrorCode::unknown_topic_or_partition);
    CHECK(code("__share_group_state") == ErrorCode::unknown_topic_or_partition);
    CHECK(code("__cluster_metadata") == ErrorCode::unknown_topic_or_partition);
    CHECK(code("a/b") == ErrorCode::invalid_topic_exception);
    CHECK(world.code_for({.topic_id = TopicId(Uuid{4, 2}), .name = std::string_view()}) ==
          ErrorCode::unknown_topic_id);
    CHECK(world.controller.count() == 0);
}

TEST_CASE("metadata: versions 10 and 11 refuse topic ids and null names", "[api][metadata]") {
    World world;
    const TopicId id = world.add_topic("orders");
    const auto version = ApiVersion(GENERATE(range(std::int16_t{10}, std::int16_t{14})));
    const Topic bad = GENERATE_COPY(Topic{.topic_id = id, .name = std::string_view()},
                                    Topic{.topic_id = id, .name = "orders"},
                                    Topic{.topic_id = {}, .name = std::string_view()});
    const auto answer = world.ask({kOrders, bad}, version);
    if (version >= ApiVersion(12)) {
        CHECK(answer->topics[0].error_code == ErrorCode::none);
        return;
    }
    REQUIRE(answer->topics.size() == 2);
    CHECK(answer->brokers.empty());
    CHECK(answer->topics[0].error_code == ErrorCode::invalid_request);
    CHECK(answer->topics[0].name == "orders");
    CHECK(answer->topics[1].error_code == ErrorCode::invalid_request);
    CHECK(answer->topics[1].name == (wire::is_null(bad.name) ? "" : bad.name));
    CHECK(answer->topics[1].topic_id == bad.topic_id);
    CHECK(world.controller.count() == 0);
}

TEST_CASE("metadata: a topic that the caller may not describe is hidden, whether it exists or not",
          "[api][metadata]") {
    World world;
    const TopicId secret = world.add_topic("secret");
    world.add_topic("orders");
    for (const char* name : {"secret", "missing"}) {
        world.authorizer.forbid(Operation::describe, topic_resource(name));
    }
    const auto all = world.ask({}, ApiVersion(0));
    REQUIRE(all->topics.size() == 1);
    CHECK(all->topics[0].name == "orders");
    CHECK(world.code_for({.topic_id = {}, .name = "secret"}) ==
          ErrorCode::topic_authorization_failed);
    CHECK(world.code_for({.topic_id = {}, .name = "missing"}) ==
          ErrorCode::topic_authorization_failed);
    const auto by_id = world.ask({{.topic_id = secret, .name = {}}});
    CHECK(by_id->topics[0].error_code == ErrorCode::topic_authorization_failed);
    CHECK(wire::is_null(by_id->topics[0].name));
    CHECK(by_id->topics[0].partitions.empty());
}

TEST_CASE("metadata: a topic that is asked for more than once is answered once",
          "[api][metadata]") {
    World world;
    const TopicId id = world.add_topic("orders");
    const Topic by_id{.topic_id = id, .name = std::string_view()};
    const Topic unknown{.topic_id = TopicId(Uuid{4, 2}), .name = std::string_view()};
    CHECK(world.ask({kOrders, kOrders, kOrders})->topics.size() == 1);
    CHECK(world.ask({by_id, unknown, by_id, unknown})->topics.size() == 2);
    world.request.allow_auto_topic_creation = false;
    const Topic missing{.topic_id = {}, .name = "missing"};
    const auto answer = world.ask({missing, kOrders, missing, kOrders}, ApiVersion(4));
    REQUIRE(answer->topics.size() == 2);
    CHECK(answer->topics[0].name == "missing");
    CHECK(answer->topics[1].name == "orders");
}

TEST_CASE("metadata: a caller needs CREATE on the topic or on the cluster to create a topic",
          "[api][metadata]") {
    World world;
    world.request.allow_auto_topic_creation = true;
    world.authorizer.forbid(Operation::create, topic_resource("orders"));
    const auto waits = world.send({kOrders});
    world.answer_creation(ErrorCode::none);
    CHECK(world.run_until([&] { return waits->answered(); }));
    world.authorizer.forbid(Operation::create, kCluster);
    CHECK(world.code_for(kOrders) == ErrorCode::topic_authorization_failed);
    CHECK(world.controller.waiting() == 0);
}

TEST_CASE(
    "metadata: operations that the caller may not do are left out of its authorized operations",
    "[api][metadata]") {
    World world;
    world.add_topic("orders");
    world.authorizer.forbid(Operation::write, topic_resource("orders"));
    world.authorizer.forbid(Operation::alter, kCluster);
    world.request.include_topic_authorized_operations = true;
    world.request.include_cluster_authorized_operations = true;
    const auto answer = world.ask({kOrders}, ApiVersion(10));
    CHECK(answer->topics[0].topic_authorized_operations ==
          (0b1101'1111'1000 & ~(1 << 4) & ~(1 << 9)));
    CHECK((answer->cluster_authorized_operations & (1 << 7)) == 0);
    CHECK((answer->cluster_authorized_operations & (1 << 8)) != 0);
}

TEST_CASE("metadata: a leader without the client's listener is none, and its replica is offline",
          "[api][metadata]") {
    World world;
    controller::BrokerImage elsewhere;
    elsewhere.id = BrokerId(2);
    elsewhere.fenced = false;
    elsewhere.endpoints.emplace("INTERNAL", HandlerWorld::endpoint_of(2));
    world.image.put(std::move(elsewhere));
    world.add_topic("orders", {BrokerId(2), BrokerId(1)});
    const auto version = GENERATE(ApiVersion(5), ApiVersion(6), kNewest);
    const auto answer = world.ask({{.name = "orders"}}, version);
    const auto& partition = answer->topics[0].partitions[0];
    CHECK(partition.error_code == (version < ApiVersion(6) ? ErrorCode::leader_not_available
                                                           : ErrorCode::listener_not_found));
    CHECK(partition.leader_id == kNoBroker);
    CHECK(partition.replica_nodes.size() == 2);
    REQUIRE(partition.offline_replicas.size() == 1);
    CHECK(partition.offline_replicas[0] == BrokerId(2));
}

}  // namespace
}  // namespace hw::broker
