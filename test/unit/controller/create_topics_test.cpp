#include <catch2/catch.hpp>

#include "controller/image/topic_image.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using Topic = schema::CreateTopicsRequest::Topic;
using Assignment = schema::CreateTopicsRequest::Assignment;
using Config = schema::CreateTopicsRequest::Config;
using wire::ErrorCode;

World cluster(std::int32_t brokers, ControllerOptions options = {}) {
    World world(1, options);
    world.lead();
    world.commit();
    world.start_brokers(brokers);
    return world;
}

/// Assignments of partitions to brokers, and topics with these assignments.
struct Manual {
    std::vector<std::vector<BrokerId>> brokers;
    std::vector<Assignment> assignments;

    explicit Manual(const std::vector<std::vector<std::int32_t>>& wanted) {
        for (const auto& ids : wanted) {
            brokers.emplace_back(ids.begin(), ids.end());
        }
        for (const auto& replicas : brokers) {
            assignments.push_back(
                {.partition_index = PartitionIndex(static_cast<std::int32_t>(assignments.size())),
                 .broker_ids = std::span<const BrokerId>(replicas)});
        }
    }
    [[nodiscard]] Topic topic(std::string_view name) const {
        Topic asked = controller::testing::topic(name, -1, -1);
        asked.assignments = std::span<const Assignment>(assignments);
        return asked;
    }
};

ErrorCode refusal(World& world, const Topic& asked) {
    const Offset end = world.end();
    const auto created = world.create({asked});
    REQUIRE(created.size() == 1);
    CHECK_FALSE(created[0].refusal.message.empty());
    CHECK(created[0].id == TopicId());
    CHECK(world.end() == end);
    return created[0].refusal.code;
}

TEST_CASE("create: a new topic has its partitions, each with leader, ISR and directory, at epoch 0",
          "[controller]") {
    World world = cluster(1);
    const auto created = world.create({topic("orders", 2, 1)});
    REQUIRE(created.size() == 1);
    CHECK(created[0].refusal.code == ErrorCode::none);
    CHECK(created[0].partitions == 2);
    CHECK(created[0].replicas == 1);
    const TopicImage* orders = world.image().find_topic("orders");
    REQUIRE(orders != nullptr);
    CHECK(orders->id == created[0].id);
    CHECK(orders->partitions.size() == 2);
    for (std::int32_t index = 0; index < 2; ++index) {
        CHECK(text_of(world.partition("orders", index)) == "replicas 1 isr 1 leader 1 epoch 0/0");
        CHECK(world.partition("orders", index).directories == registration(1).log_dirs);
    }
}

TEST_CASE("create: -1 means num.partitions, and three replicas or one for each broker if fewer",
          "[controller]") {
    ControllerOptions options;
    options.num_partitions = 4;
    const std::int32_t brokers = GENERATE(1, 2, 3, 5);
    World world = cluster(brokers, options);
    const auto created = world.create({topic("orders", -1, -1)});
    CHECK(created[0].partitions == 4);
    CHECK(created[0].replicas == std::min(brokers, 3));
}

TEST_CASE("create: -1 replicas never means fewer because brokers are down or have not joined yet",
          "[controller]") {
    ControllerOptions options;
    options.other_voters = {BrokerId(2), BrokerId(3)};
    World early = cluster(1, options);
    const auto refused = early.create({topic("orders", 1, -1)});
    CHECK(refused[0].refusal.code == ErrorCode::invalid_replication_factor);
    CHECK(refused[0].refusal.message ==
          "the replication factor 3 of default.replication.factor is larger than the number of "
          "brokers, 1. Ask for at most 1");
    World world = cluster(2);
    world.pass(std::chrono::seconds(2));
    world.beat(1);
    world.pass(std::chrono::seconds(2));
    CHECK(world.create({topic("orders", 1, -1)})[0].replicas == 2);
}

TEST_CASE("create: -1 replicas means default.replication.factor if that is set", "[controller]") {
    ControllerOptions options;
    options.replication_factor = 2;
    World world = cluster(3, options);
    CHECK(world.create({topic("orders", 1, -1)})[0].replicas == 2);
    World small = cluster(1, options);
    const auto refused = small.create({topic("orders", 1, -1)});
    CHECK(refused[0].refusal.code == ErrorCode::invalid_replication_factor);
    CHECK(refused[0].refusal.message ==
          "the replication factor 2 of default.replication.factor is larger than the number of "
          "brokers, 1. Ask for at most 1");
}

TEST_CASE("create: more replicas than brokers are refused with the numbers", "[controller]") {
    World world = cluster(3);
    const auto refused = world.create({topic("orders", 1, 4)});
    CHECK(refused[0].refusal.code == ErrorCode::invalid_replication_factor);
    CHECK(refused[0].refusal.message ==
          "the replication factor 4 is larger than the number of brokers, 3. Ask for at most 3");
}

TEST_CASE(
    "create: a broker that is down gets replicas if the others are too few, but is not in sync",
    "[controller]") {
    World world = cluster(3);
    world.pass(std::chrono::seconds(2));
    world.beat(1);
    world.beat(2);
    world.pass(std::chrono::seconds(1));
    CHECK(world.create({topic("orders", 6, 3)})[0].refusal.code == ErrorCode::none);
    for (const auto& [index, partition] : world.image().find_topic("orders")->partitions) {
        CHECK(partition.replicas.size() == 3);
        CHECK(partition.replicas.back() == BrokerId(3));
        CHECK(partition.isr.size() == 2);
        CHECK(partition.leader == partition.replicas.front());
    }
    CHECK(world.create({topic("few", 6, 2)})[0].refusal.code == ErrorCode::none);
    for (const auto& [index, partition] : world.image().find_topic("few")->partitions) {
        CHECK(std::ranges::count(partition.replicas, BrokerId(3)) == 0);
    }
}

TEST_CASE("create: no more replicas than brokers support", "[controller]") {
    ControllerOptions options;
    options.max_replication_factor = 1;
    World world = cluster(3, options);
    CHECK(world.create({topic("default", 3, -1)})[0].replicas == 1);
    const auto refused = world.create({topic("orders", 1, 3)});
    CHECK(refused[0].refusal.code == ErrorCode::invalid_replication_factor);
    CHECK(refused[0].refusal.message ==
          "the replication factor is 3, but this version supports at most 1: followers do not "
          "replicate yet");
    const std::array both{BrokerId(1), BrokerId(2)};
    const schema::CreateTopicsRequest::Assignment assignment{.partition_index = PartitionIndex(0),
                                                             .broker_ids = both};
    auto assigned = topic("assigned", -1, -1);
    assigned.assignments = {&assignment, 1};
    CHECK(refusal(world, assigned) == ErrorCode::invalid_replication_factor);
}

TEST_CASE("create: without a broker in service nothing is created", "[controller]") {
    World world = cluster(0);
    world.join(registration(1));
    CHECK(refusal(world, topic("orders")) == ErrorCode::invalid_replication_factor);
}

TEST_CASE("create: counts below one are refused, unless they are -1", "[controller]") {
    World world = cluster(1);
    CHECK(refusal(world, topic("a", 0)) == ErrorCode::invalid_partitions);
    CHECK(refusal(world, topic("a", -2)) == ErrorCode::invalid_partitions);
    CHECK(refusal(world, topic("a", 1, 0)) == ErrorCode::invalid_replication_factor);
    CHECK(refusal(world, topic("a", 1, -2)) == ErrorCode::invalid_replication_factor);
}

TEST_CASE("create: a name that is invalid, reserved or taken, or collides with another, is refused",
          "[controller]") {
    World world = cluster(1);
    world.create({topic("a.b")});
    CHECK(refusal(world, topic("")) == ErrorCode::invalid_topic_exception);
    CHECK(refusal(world, topic("a/b")) == ErrorCode::invalid_topic_exception);
    CHECK(refusal(world, topic("a.b")) == ErrorCode::topic_already_exists);
    CHECK(refusal(world, topic("a_b")) == ErrorCode::invalid_topic_exception);
    CHECK(refusal(world, topic("__cluster_metadata")) == ErrorCode::invalid_request);
}

TEST_CASE("create: a name also collides with other names in the same request", "[controller]") {
    World world = cluster(1);
    const auto created = world.create({topic("a.b"), topic("a_b")});
    CHECK(created[0].refusal.code == ErrorCode::none);
    CHECK(created[1].refusal.code == ErrorCode::invalid_topic_exception);
}

TEST_CASE("create: a name that is given twice is refused in one answer, and the others are created",
          "[controller]") {
    World world = cluster(1);
    const auto created = world.create({topic("a"), topic("b"), topic("a", 7)});
    REQUIRE(created.size() == 2);
    CHECK(created[0].name == "a");
    CHECK(created[0].refusal.code == ErrorCode::invalid_request);
    CHECK(created[1].name == "b");
    CHECK(created[1].refusal.code == ErrorCode::none);
    CHECK(world.image().find_topic("a") == nullptr);
}

TEST_CASE("create: assignments are used unchanged", "[controller]") {
    World world = cluster(3);
    const Manual manual({{3, 1}, {2, 3}});
    CHECK(world.create({manual.topic("orders")})[0].replicas == 2);
    CHECK(text_of(world.partition("orders", 0)) == "replicas 3,1 isr 3,1 leader 3 epoch 0/0");
    CHECK(text_of(world.partition("orders", 1)) == "replicas 2,3 isr 2,3 leader 2 epoch 0/0");
}

TEST_CASE("create: an assigned broker that is fenced is a replica outside the ISR",
          "[controller]") {
    World world = cluster(2);
    world.join(registration(3));
    const Manual manual({{3, 2, 1}});
    world.create({manual.topic("orders")});
    CHECK(text_of(world.partition("orders")) == "replicas 3,2,1 isr 2,1 leader 2 epoch 0/0");
    CHECK(refusal(world, Manual({{3}}).topic("lost")) == ErrorCode::invalid_replica_assignment);
}

TEST_CASE("create: invalid assignments are refused", "[controller]") {
    World world = cluster(2);
    SECTION("an unknown broker") {
        CHECK(refusal(world, Manual({{1, 9}}).topic("a")) == ErrorCode::invalid_replica_assignment);
    }
    SECTION("a broker twice") {
        CHECK(refusal(world, Manual({{1, 1}}).topic("a")) == ErrorCode::invalid_replica_assignment);
    }
    SECTION("no broker") {
        CHECK(refusal(world, Manual({{}}).topic("a")) == ErrorCode::invalid_replica_assignment);
    }
    SECTION("partitions with different numbers of replicas") {
        CHECK(refusal(world, Manual({{1, 2}, {1}}).topic("a")) ==
              ErrorCode::invalid_replica_assignment);
    }
    SECTION("a gap in the partition numbers") {
        Manual manual({{1}, {2}});
        manual.assignments[1].partition_index = PartitionIndex(2);
        CHECK(refusal(world, manual.topic("a")) == ErrorCode::invalid_replica_assignment);
    }
    SECTION("a partition twice") {
        Manual manual({{1}, {2}});
        manual.assignments[1].partition_index = PartitionIndex(0);
        CHECK(refusal(world, manual.topic("a")) == ErrorCode::invalid_replica_assignment);
    }
    SECTION("assignments together with counts") {
        const Manual manual({{1}});
        Topic asked = manual.topic("a");
        asked.num_partitions = 1;
        CHECK(refusal(world, asked) == ErrorCode::invalid_request);
        asked = manual.topic("a");
        asked.replication_factor = 1;
        CHECK(refusal(world, asked) == ErrorCode::invalid_request);
    }
}

TEST_CASE("create: configs are recorded before the partitions and returned in the answer",
          "[controller]") {
    World world = cluster(1);
    const std::vector<Config> configs{
        {"segment.bytes", "1"}, {"retention.ms", "2"}, {"segment.bytes", "3"}};
    Topic asked = topic("orders");
    asked.configs = std::span(configs);
    const Offset before = world.end();
    const auto created = world.create({asked});
    REQUIRE(created[0].configs.size() == 3);
    CHECK(created[0].configs[0].name == "min.insync.replicas");
    CHECK(created[0].configs[0].source == 5);
    CHECK(created[0].configs[2].value == "3");
    CHECK(created[0].configs[2].source == 1);
    const auto records = world.records(before);
    REQUIRE(records.size() == 4);
    CHECK(records[1] == R"({"type":"CONFIG_RECORD","version":0,"data":{"resourceType":2,)"
                        R"("resourceName":"orders","name":"segment.bytes","value":"3"}})");
    CHECK_THAT(records[2], Catch::Contains("retention.ms"));
    const ConfigValues* values = world.image().find_configs({ConfigResourceType::topic, "orders"});
    REQUIRE(values != nullptr);
    CHECK(*values == ConfigValues{{"retention.ms", "2"}, {"segment.bytes", "3"}});
}

TEST_CASE("create: a config that is unknown, invalid or null is refused", "[controller]") {
    World world = cluster(1);
    const std::vector<Config> configs = GENERATE(std::vector<Config>{{"no.such", "1"}},
                                                 std::vector<Config>{{"retention.ms", "soon"}},
                                                 std::vector<Config>{{"retention.ms", {}}});
    Topic asked = topic("orders");
    asked.configs = std::span(configs);
    CHECK(refusal(world, asked) == ErrorCode::invalid_config);
}

TEST_CASE("create: validate_only gives the answers of a creation, but creates nothing",
          "[controller]") {
    World world = cluster(1);
    const std::vector<Topic> topics{topic("good", 3), topic("bad", 0)};
    const Offset end = world.end();
    const auto result = world.call<CreateTopicsResult>(
        schema::CreateTopicsRequest{.topics = std::span(topics), .validate_only = true});
    CHECK(result.topics[0].refusal.code == ErrorCode::none);
    CHECK(result.topics[0].partitions == 3);
    CHECK(result.topics[0].id == TopicId());
    CHECK(result.topics[1].refusal.code == ErrorCode::invalid_partitions);
    CHECK(world.end() == end);
}

TEST_CASE(
    "create: a topic that does not fit into the batch is refused, and earlier ones are created",
    "[controller]") {
    World world = cluster(1);
    const auto room = static_cast<std::int32_t>(RecordBatch::kMaxRecords) - 1;
    CHECK(refusal(world, topic("a", room + 1)) == ErrorCode::policy_violation);
    CHECK(refusal(world, topic("a", INT32_MAX)) == ErrorCode::policy_violation);
    const auto created = world.create({topic("a", room), topic("b", 1)});
    CHECK(created[0].refusal.code == ErrorCode::none);
    CHECK(created[1].refusal.code == ErrorCode::policy_violation);
    CHECK(world.partition("a", room - 1).leader == BrokerId(1));
}

TEST_CASE("create: configs too large for one batch are refused", "[controller]") {
    World world = cluster(1);
    const std::string large(RecordBatch::kMaxBytes, '1');
    const std::vector<Config> configs{{"retention.ms", large}};
    Topic asked = topic("orders");
    asked.configs = std::span(configs);
    CHECK(refusal(world, asked) == ErrorCode::policy_violation);
}

}  // namespace
}  // namespace hw::controller::testing
