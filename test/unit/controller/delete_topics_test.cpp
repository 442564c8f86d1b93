#include <catch2/catch.hpp>

#include "controller/ops/cluster.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using wire::ErrorCode;

World cluster() {
    World world;
    world.lead();
    world.commit();
    world.start_brokers(1);
    return world;
}

TopicId id_of(const World& world, std::string_view name) {
    return world.image().find_topic(name)->id;
}

TEST_CASE("delete: topics are deleted by name and by id, with their configs", "[controller]") {
    World world = cluster();
    const std::vector<schema::CreateTopicsRequest::Config> configs{{"retention.ms", "1"}};
    auto first = topic("first", 2);
    first.configs = std::span(configs);
    world.create({first, topic("second")});
    const TopicId first_id = id_of(world, "first");
    const TopicId second_id = id_of(world, "second");
    const std::vector<schema::DeleteTopicsRequest::Topic> topics{{"first", {}}, {{}, second_id}};
    const auto result =
        world.call<DeleteTopicsResult>(schema::DeleteTopicsRequest{.topics = std::span(topics)});
    REQUIRE(result.topics.size() == 2);
    CHECK(result.topics[0].refusal.code == ErrorCode::none);
    CHECK(result.topics[0].id == first_id);
    CHECK(result.topics[1].refusal.code == ErrorCode::none);
    CHECK(result.topics[1].name == "second");
    CHECK(world.image().topics().empty());
    CHECK(world.image().find_configs({ConfigResourceType::topic, "first"}) == nullptr);
    CHECK(world.image().topic_table().led_by(BrokerId(1)).empty());
}

TEST_CASE("delete: a deleted name may be created again, with another id", "[controller]") {
    World world = cluster();
    world.create({topic("orders")});
    const TopicId before = id_of(world, "orders");
    world.remove({"orders"});
    CHECK(world.create({topic("orders")})[0].refusal.code == ErrorCode::none);
    CHECK(id_of(world, "orders") != before);
}

TEST_CASE("delete: an unknown topic, and one with both or neither of name and id, is refused",
          "[controller]") {
    World world = cluster();
    world.create({topic("orders")});
    const Offset end = world.end();
    const std::vector<schema::DeleteTopicsRequest::Topic> topics{
        {"missing", {}}, {{}, TopicId(uuid(9))}, {{}, {}}, {"orders", id_of(world, "orders")}};
    const auto result =
        world.call<DeleteTopicsResult>(schema::DeleteTopicsRequest{.topics = std::span(topics)});
    REQUIRE(result.topics.size() == 4);
    CHECK(result.topics[0].refusal.code == ErrorCode::unknown_topic_or_partition);
    CHECK(result.topics[1].refusal.code == ErrorCode::unknown_topic_id);
    CHECK(result.topics[2].refusal.code == ErrorCode::invalid_request);
    CHECK(result.topics[3].refusal.code == ErrorCode::invalid_request);
    CHECK(world.end() == end);
}

TEST_CASE("delete: a topic that is given twice is not deleted", "[controller]") {
    World world = cluster();
    world.create({topic("orders"), topic("audit")});
    const std::vector<schema::DeleteTopicsRequest::Topic> topics{
        {"orders", {}}, {"audit", {}}, {{}, id_of(world, "orders")}};
    const auto result =
        world.call<DeleteTopicsResult>(schema::DeleteTopicsRequest{.topics = std::span(topics)});
    CHECK(result.topics[0].refusal.code == ErrorCode::invalid_request);
    CHECK(result.topics[1].refusal.code == ErrorCode::none);
    CHECK(result.topics[2].refusal.code == ErrorCode::invalid_request);
    CHECK(world.image().find_topic("orders") != nullptr);
    CHECK(world.image().find_topic("audit") == nullptr);
}

TEST_CASE("producer ids: blocks of 1000 follow each other without a gap", "[controller]") {
    World world = cluster();
    const BrokerEpoch epoch = world.image().find_broker(BrokerId(1))->epoch;
    const schema::AllocateProducerIdsRequest request{.broker_id = BrokerId(1),
                                                     .broker_epoch = epoch};
    for (std::int64_t block = 0; block < 3; ++block) {
        const auto result = world.call<ProducerIdsResult>(request);
        CHECK(result.first == ProducerId(block * 1000));
        CHECK(result.count == 1000);
    }
}

TEST_CASE("producer ids: a broker with a stale epoch gets no block", "[controller]") {
    World world = cluster();
    const auto result = world.call<ProducerIdsResult>(schema::AllocateProducerIdsRequest{
        .broker_id = BrokerId(1), .broker_epoch = BrokerEpoch(0)});
    CHECK(result.refusal.code == ErrorCode::stale_broker_epoch);
    CHECK(result.count == 0);
    CHECK(world.image().next_producer_id() == ProducerId(0));
}

TEST_CASE(
    "producer ids: a block whose record was lost is given again, one whose record was committed is "
    "not",
    "[controller]") {
    World world = cluster();
    const BrokerEpoch epoch = world.image().find_broker(BrokerId(1))->epoch;
    const schema::AllocateProducerIdsRequest request{.broker_id = BrokerId(1),
                                                     .broker_epoch = epoch};
    world.call<ProducerIdsResult>(request);
    const Ticket lost = world.ask(request);
    world.lose();
    world.lead();
    CHECK(world.answer<ProducerIdsResult>(lost).refusal.code == ErrorCode::request_timed_out);
    CHECK(world.call<ProducerIdsResult>(request).first == ProducerId(1000));
    world.ask(request);
    world.lose(1);
    world.lead();
    CHECK(world.call<ProducerIdsResult>(request).first == ProducerId(3000));
}

}  // namespace
}  // namespace hw::controller::testing
