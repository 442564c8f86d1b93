#include "broker/api/find_coordinator.h"

#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/create_topics.h"
#include "test/support/answered_peer.h"
#include "test/support/raft_process.h"
#include "test/unit/api/handler_world.h"

namespace hw::broker {
namespace {

using schema::FindCoordinatorRequest;
using schema::FindCoordinatorResponse;
using wire::ErrorCode;

/// A broker that asks a controller to create the topic of the offsets.
struct World : HandlerWorld {
    World() {
        add_broker(1);
        add_broker(2);
    }

    wire::DecodedMessage<FindCoordinatorResponse> ask(const FindCoordinatorRequest& request,
                                                      std::int16_t version) {
        return HandlerWorld::ask<FindCoordinatorResponse>(handler, request, ApiVersion(version));
    }
    /// The topic of the offsets, with one partition.
    void add_offsets(std::int32_t leader = 2) {
        add_topic("__consumer_offsets", {BrokerId(leader)});
    }

    sim::SimShard control{scheduler, 1, 1};
    test::NullLogSink log;
    test::AnsweredPeer controller{control};
    config::OffsetsTopicConfig offsets{
        .partitions = 50, .replication_factor = {}, .segment_bytes = 1000};
    TopicCreator creator{control, clock, controller, offsets, Logger(log, "test")};
    FindCoordinatorHandler handler{services, creator};
};

TEST_CASE("find coordinator: that of a group is the leader of its partition of the offsets topic",
          "[api][find-coordinator]") {
    World world;
    world.add_offsets();
    for (const ApiVersion version : versions_of<FindCoordinatorRequest>()) {
        INFO("version " << version.value());
        const std::vector<std::string_view> keys{"a", "b"};
        FindCoordinatorRequest request;
        if (version < ApiVersion(4)) {
            request.key = "a";
            const auto answer = world.ask(request, version.value());
            CHECK(answer->error_code == ErrorCode::none);
            CHECK(answer->node_id == BrokerId(2));
            CHECK(answer->host == "host");
            CHECK(answer->port == 9002);
            continue;
        }
        request.coordinator_keys = keys;
        const auto answer = world.ask(request, version.value());
        REQUIRE(answer->coordinators.size() == 2);
        CHECK(answer->coordinators[0].key == "a");
        CHECK(answer->coordinators[1].key == "b");
        for (const auto& coordinator : answer->coordinators) {
            CHECK(coordinator.error_code == ErrorCode::none);
            CHECK(coordinator.node_id == BrokerId(2));
            CHECK(coordinator.port == 9002);
        }
    }
}

TEST_CASE("find coordinator: each group has its partition by Kafka's rule",
          "[api][find-coordinator]") {
    World world;
    const TopicId id = world.add_topic("__consumer_offsets", {BrokerId(1)});
    controller::PartitionImage second;
    second.leader = BrokerId(2);
    second.index = PartitionIndex(1);
    world.image.put(id, second);
    const auto coordinator = [&](std::string_view group) {
        return world.ask({.key = group}, 3)->node_id;
    };
    // The groups of Kafka's own log in test/golden/kafka, which has two partitions, too.
    CHECK(coordinator("sample-group") == BrokerId(1));
    CHECK(coordinator("new-protocol") == BrokerId(2));
    CHECK(coordinator("sample-848") == BrokerId(2));
}

TEST_CASE("find coordinator: a group without a leader, or whose leader cannot be reached, has none",
          "[api][find-coordinator]") {
    World world;
    SECTION("the leader is fenced") {
        world.add_broker(2, true);
        world.add_offsets();
    }
    SECTION("there is no leader") {
        world.add_offsets(-1);
    }
    SECTION("the leader does not have this listener") {
        world.listener.name = "OTHER";
        world.add_offsets();
    }
    const auto answer = world.ask({.key = "a"}, 3);
    CHECK(answer->error_code == ErrorCode::coordinator_not_available);
    CHECK(answer->node_id == kNoBroker);
    CHECK(answer->host.empty());
    CHECK(answer->port == -1);
    CHECK_FALSE(answer->error_message.empty());
}

TEST_CASE("find coordinator: the first question about a group creates the topic of the offsets",
          "[api][find-coordinator]") {
    World world;
    SECTION("with as many replicas as other topics have") {}
    SECTION("with the configured number of replicas") {
        world.offsets.replication_factor = 2;
    }
    TopicCreator creator(world.control, world.clock, world.controller, world.offsets,
                         Logger(world.log, "test"));
    FindCoordinatorHandler handler(world.services, creator);
    const auto exchange = world.send(handler, FindCoordinatorRequest{.key = "a"}, ApiVersion(3));
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    const auto asked = world.controller.front<schema::CreateTopicsRequest>();
    const auto& topic = asked->topics[0];
    CHECK(topic.name == "__consumer_offsets");
    CHECK(topic.num_partitions == 50);
    CHECK(topic.replication_factor == world.offsets.replication_factor.value_or(-1));
    REQUIRE(topic.configs.size() == 3);
    CHECK(topic.configs[0].name == "cleanup.policy");
    CHECK(topic.configs[0].value == "compact");
    CHECK(topic.configs[2].name == "segment.bytes");
    CHECK(topic.configs[2].value == "1000");
    SECTION("and is answered when the shard knows it") {
        const schema::CreateTopicsResponse::Topic created{.name = "__consumer_offsets"};
        schema::CreateTopicsResponse response;
        response.topics = {&created, 1};
        world.controller.answer(response);
        world.add_offsets();
        world.control.post([&] {
            const auto shared = std::make_shared<const controller::MetadataImage>(world.image);
            world.shard.post([&world, shared] { world.services.image = shared; });
            creator.on_image(shared);
        });
        CHECK(world.answer_to<FindCoordinatorResponse>(*exchange)->node_id == BrokerId(2));
    }
    SECTION("and finds none if there are too few brokers") {
        const schema::CreateTopicsResponse::Topic refused{
            .name = "__consumer_offsets", .error_code = ErrorCode::invalid_replication_factor};
        schema::CreateTopicsResponse response;
        response.topics = {&refused, 1};
        world.controller.answer(response);
        CHECK(world.answer_to<FindCoordinatorResponse>(*exchange)->error_code ==
              ErrorCode::coordinator_not_available);
    }
}

TEST_CASE("find coordinator: transactions and share groups have none yet",
          "[api][find-coordinator]") {
    World world;
    const std::vector<std::string_view> keys{"a", "b"};
    FindCoordinatorRequest request{.key_type = GENERATE(std::int8_t{1}, std::int8_t{2})};
    request.coordinator_keys = keys;
    const auto answer = world.ask(request, 6);
    REQUIRE(answer->coordinators.size() == 2);
    for (const auto& coordinator : answer->coordinators) {
        CHECK(coordinator.error_code == ErrorCode::coordinator_not_available);
        CHECK(coordinator.node_id == kNoBroker);
        CHECK(coordinator.error_message ==
              "this broker has no such coordinators yet: transactions and share groups are not "
              "supported");
    }
}

TEST_CASE("find coordinator: a key type that the version does not have is refused",
          "[api][find-coordinator]") {
    World world;
    world.add_offsets();
    const std::vector<std::string_view> keys{"key"};
    const auto code = [&](std::int8_t type, std::int16_t version) {
        FindCoordinatorRequest request{.key_type = type};
        request.coordinator_keys = keys;
        return world.ask(request, version)->coordinators[0].error_code;
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
    World world;
    world.add_offsets();
    world.authorizer.forbid(Operation::describe, {ResourceType::group, "a"});
    world.authorizer.forbid(Operation::describe, {ResourceType::transactional_id, "a"});
    world.authorizer.forbid(Operation::cluster_action, kCluster);
    const std::vector<std::string_view> keys{"a", "b"};
    const auto codes = [&](std::int8_t type) {
        FindCoordinatorRequest request{.key_type = type};
        request.coordinator_keys = keys;
        const auto answer = world.ask(request, 6);
        return std::pair(answer->coordinators[0].error_code, answer->coordinators[1].error_code);
    };
    using enum ErrorCode;
    CHECK(codes(0) == std::pair(group_authorization_failed, none));
    CHECK(codes(1) == std::pair(transactional_id_authorization_failed, coordinator_not_available));
    CHECK(codes(2) == std::pair(cluster_authorization_failed, cluster_authorization_failed));
    FindCoordinatorRequest old{.key = "a"};
    CHECK(world.ask(old, 3)->error_code == group_authorization_failed);
}

}  // namespace
}  // namespace hw::broker
