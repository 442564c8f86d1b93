#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/api/describe_configs.h"
#include "broker/api/find_coordinator.h"
#include "broker/api/metadata.h"
#include "test/support/answered_peer.h"
#include "test/support/raft_process.h"
#include "test/unit/api/handler_world.h"
#include "test/unit/config/support.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using MetadataTopic = schema::MetadataRequest::Topic;

constexpr std::size_t kMany = 20 * kItemsPerTurn;
/// Other work of the shard runs at least so often while kMany items are handled.
constexpr int kTurns = 5;
/// Number of items that need more memory than `little_memory` gives.
constexpr std::size_t kTooMany = 200'000;

MemoryLimits little_memory() {
    return {.requests = std::size_t{4} << 20, .answers = std::size_t{64} << 20};
}

schema::FindCoordinatorRequest coordinators(const std::vector<std::string_view>& keys) {
    schema::FindCoordinatorRequest request;
    request.coordinator_keys = keys;
    return request;
}

TEST_CASE("many items: FindCoordinator yields to other work, and is rejected without enough memory",
          "[api][items]") {
    HandlerWorld world(1, little_memory());
    world.add_topic("__consumer_offsets");
    test::NullLogSink log;
    test::AnsweredPeer controller{world.shard};
    TopicCreator creator{world.shard, world.clock, controller, {}, Logger(log, "test")};
    FindCoordinatorHandler handler(world.services, creator);
    const std::vector<std::string_view> many(kMany, "group");
    CHECK(world.turns_during(*world.send(handler, coordinators(many), ApiVersion(4))) >= kTurns);
    const std::vector<std::string_view> too_many(kTooMany, "group");
    const auto exchange = world.send(handler, coordinators(too_many), ApiVersion(4));
    CHECK(world.rejection_of(*exchange).starts_with(
        "not enough memory to serve the 200000 items of the request"));
}

/// A topic with `partitions` partitions.
void add_wide_topic(HandlerWorld& world, const std::string& name, std::size_t partitions) {
    const TopicId id = world.add_topic(name);
    for (std::size_t index = 1; index < partitions; ++index) {
        controller::PartitionImage partition;
        partition.index = PartitionIndex(static_cast<std::int32_t>(index));
        partition.leader = BrokerId(1);
        partition.replicas = {BrokerId(1)};
        partition.isr = partition.replicas;
        world.image.put(id, std::move(partition));
    }
}

schema::MetadataRequest all_topics() {
    schema::MetadataRequest request;
    request.topics = wire::Array<MetadataTopic>::null();
    return request;
}

TEST_CASE("many items: Metadata of all topics waits for the memory that others hold",
          "[api][items]") {
    HandlerWorld world(1, little_memory());
    world.add_broker(1);
    MetadataHandler handler(world.services, nullptr);
    add_wide_topic(world, "wide", 10'000);
    auto other = world.memory.begin(world.memory.share(), 1);
    REQUIRE(other.try_work(little_memory().requests + Reservation::kOverdraft - 1'000'000));
    const auto exchange = world.send(handler, all_topics(), ApiVersion(12));
    bool is_over = false;
    world.scheduler.park(
        sim::kWorld, [&] { is_over = true; }, world.scheduler.now() + std::chrono::seconds(1));
    REQUIRE(world.run_until([&] { return is_over; }));
    CHECK_FALSE(exchange->answered());
    other = Reservation();
    const auto answer = world.answer_to<schema::MetadataResponse>(*exchange);
    REQUIRE(answer->topics.size() == 1);
    CHECK(answer->topics[0].partitions.size() == 10'000);
}

TEST_CASE(
    "many items: Metadata of all topics yields to other work, and is rejected without enough "
    "memory",
    "[api][items]") {
    HandlerWorld world(1, little_memory());
    world.add_broker(1);
    MetadataHandler handler(world.services, nullptr);
    constexpr std::size_t kTopics = 40;
    for (std::size_t number = 0; number < kTopics; ++number) {
        add_wide_topic(world, "topic-" + std::to_string(number), kItemsPerTurn / 2);
    }
    const auto exchange = world.send(handler, all_topics(), ApiVersion(12));
    CHECK(world.turns_during(*exchange) >= kTurns);
    const auto answer = world.answer_to<schema::MetadataResponse>(*exchange);
    REQUIRE(answer->topics.size() == kTopics);
    CHECK(answer->topics[kTopics - 1].partitions.size() == kItemsPerTurn / 2);
    add_wide_topic(world, "wide", kTooMany);
    const MetadataTopic wide{.topic_id = {}, .name = "wide"};
    schema::MetadataRequest one = all_topics();
    one.topics = {&wide, 1};
    for (const schema::MetadataRequest& request : {all_topics(), one}) {
        const auto refused = world.send(handler, request, ApiVersion(12));
        const bool all = request.topics.is_null();
        CHECK(world.rejection_of(*refused).starts_with(
            fmt::format("not enough memory to serve the {} items of the request",
                        all ? 200'001 + kTopics * (1 + kItemsPerTurn / 2) : 200'001)));
    }
}

TEST_CASE("many items: the refusal of a Metadata request also yields and needs memory",
          "[api][items]") {
    HandlerWorld world(1, little_memory());
    MetadataHandler handler(world.services, nullptr);
    schema::MetadataRequest request;
    const std::vector<MetadataTopic> many(kMany, {.topic_id = {}, .name = {}});
    request.topics = many;
    CHECK(world.turns_during(*world.send(handler, request, ApiVersion(10))) >= kTurns);
    const std::vector<MetadataTopic> too_many(kMany + 10'000, {.topic_id = {}, .name = {}});
    request.topics = too_many;
    const auto exchange = world.send(handler, request, ApiVersion(10));
    CHECK(world.rejection_of(*exchange).starts_with(
        "not enough memory to serve the 30480 items of the request"));
}

TEST_CASE(
    "many items: DescribeConfigs of many keys yields to other work, and is rejected without enough "
    "memory",
    "[api][items]") {
    HandlerWorld world(1, little_memory());
    world.add_topic("orders");
    const config::Settings settings = config::settings_of("");
    DescribeConfigsHandler handler(world.services, settings);
    schema::DescribeConfigsRequest::Resource orders{.resource_type = 2, .resource_name = "orders"};
    std::vector<std::string_view> keys(kMany, "no.such.key");
    keys.front() = "segment.ms";
    orders.configuration_keys = keys;
    schema::DescribeConfigsRequest request;
    request.resources = {&orders, 1};
    {
        const auto exchange = world.send(handler, request, ApiVersion(4));
        CHECK(world.turns_during(*exchange) >= kTurns);
        const auto answer = world.answer_to<schema::DescribeConfigsResponse>(*exchange);
        REQUIRE(answer->results[0].configs.size() == 1);
        CHECK(answer->results[0].configs[0].name == "segment.ms");
    }
    const std::vector<std::string_view> too_many(2 * kTooMany, "segment.ms");
    orders.configuration_keys = too_many;
    const auto refused = world.send(handler, request, ApiVersion(4));
    CHECK(world.rejection_of(*refused).starts_with(
        "not enough memory to serve the 400000 items of the request"));
}

}  // namespace
}  // namespace hw::broker
