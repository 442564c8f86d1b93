#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using wire::ErrorCode;

constexpr DirectoryId kFirst{uuid(501)};
constexpr DirectoryId kSecond{uuid(502)};

/// Brokers 1 to 3; broker 1 has two directories. "orders" is on 1, 2 and 3 with three partitions.
World cluster() {
    World world;
    world.lead();
    world.commit();
    Registration first = registration(1);
    first.log_dirs = {kFirst, kSecond};
    REQUIRE(world.join(first).refusal.code == ErrorCode::none);
    world.beat(1);
    for (const std::int32_t id : {2, 3}) {
        REQUIRE(world.join(registration(id)).refusal.code == ErrorCode::none);
        world.beat(id);
    }
    world.create_on("orders", {{1, 2, 3}, {1, 2, 3}, {2, 1, 3}});
    return world;
}

AssignReplicasResult assign(World& world, std::int32_t broker, DirectoryId directory,
                            PartitionKey key) {
    using Request = schema::AssignReplicasToDirsRequest;
    const Request::Partition partition{.partition_index = key.index};
    const Request::Topic topic{.topic_id = key.topic, .partitions = {&partition, 1}};
    const Request::Directory asked{.id = directory, .topics = {&topic, 1}};
    const auto beat = world.heartbeat(broker);
    return world.call<AssignReplicasResult>(Request{.broker_id = beat.broker_id,
                                                    .broker_epoch = beat.broker_epoch,
                                                    .directories = {&asked, 1}});
}

ErrorCode error_of(World& world, std::int32_t broker, DirectoryId directory, PartitionKey key) {
    const AssignReplicasResult result = assign(world, broker, directory, key);
    REQUIRE(result.refusal.code == ErrorCode::none);
    REQUIRE(result.replicas.size() == 1);
    CHECK(result.replicas[0].directory == directory);
    CHECK(result.replicas[0].key == key);
    return result.replicas[0].error;
}

/// Puts the partitions 0 and 2 of "orders" into the first directory of broker 1, 1 into the second.
void settle(World& world) {
    for (const std::int32_t index : {0, 1, 2}) {
        const DirectoryId directory = index == 1 ? kSecond : kFirst;
        REQUIRE(error_of(world, 1, directory, world.key("orders", index)) == ErrorCode::none);
    }
}

BrokerHeartbeatResult fail(World& world, const std::vector<DirectoryId>& directories) {
    auto beat = world.heartbeat(1);
    beat.offline_log_dirs = directories;
    return world.call<BrokerHeartbeatResult>(beat);
}

TEST_CASE("directories: the partitions in a failed directory get other leaders, the others stay",
          "[controller]") {
    World world = cluster();
    settle(world);
    const auto answer = fail(world, {kFirst});
    CHECK_FALSE(answer.is_fenced);
    CHECK(world.image().find_broker(BrokerId(1))->log_dirs == std::vector{kSecond});
    CHECK(world.partition("orders", 0).leader == BrokerId(2));
    CHECK(world.partition("orders", 0).isr == ids({2, 3}));
    CHECK(world.partition("orders", 1).leader == BrokerId(1));
    CHECK(world.partition("orders", 1).isr == ids({1, 2, 3}));
    CHECK(world.partition("orders", 2).leader == BrokerId(2));
    CHECK(world.partition("orders", 2).isr == ids({2, 3}));
    const Offset end = world.end();
    fail(world, {kFirst});
    CHECK(world.end() == end);
}

TEST_CASE("directories: a failed directory gets no new replicas, until it is registered again",
          "[controller]") {
    World world = cluster();
    settle(world);
    fail(world, {kFirst});
    world.create_on("later", {{1, 2}, {1, 3}, {2, 1}, {3, 1}});
    const auto directories_of_first = [&world](const std::string& topic) {
        std::set<DirectoryId> all;
        for (const auto& [index, partition] : world.image().find_topic(topic)->partitions) {
            const auto place = std::ranges::find(partition.replicas, BrokerId(1));
            all.insert(
                partition
                    .directories[static_cast<std::size_t>(place - partition.replicas.begin())]);
        }
        return all;
    };
    CHECK(directories_of_first("later") == std::set{kSecond});
    Registration repaired = registration(1, 2);
    repaired.log_dirs = {kFirst, kSecond};
    REQUIRE(world.join(repaired).refusal.code == ErrorCode::none);
    world.beat(1);
    world.create_on("last", {{1, 2}, {1, 3}, {2, 1}, {3, 1}});
    CHECK(directories_of_first("last") == std::set{kFirst, kSecond});
}

TEST_CASE("directories: the only ISR member stays in the ISR without leading", "[controller]") {
    World world = cluster();
    world.create_on("alone", {{1}});
    REQUIRE(error_of(world, 1, kFirst, world.key("alone")) == ErrorCode::none);
    fail(world, {kFirst});
    CHECK(world.partition("alone").leader == kNoBroker);
    CHECK(world.partition("alone").isr == ids({1}));
    world.beat(1);
    CHECK(world.partition("alone").leader == kNoBroker);
}

TEST_CASE("directories: other requests of a heartbeat that reports a failure wait for the next",
          "[controller]") {
    World world = cluster();
    settle(world);
    auto beat = world.heartbeat(1);
    const std::vector<DirectoryId> failed{kFirst};
    beat.offline_log_dirs = failed;
    beat.want_shut_down = true;
    world.call<BrokerHeartbeatResult>(beat);
    CHECK_FALSE(world.image().find_broker(BrokerId(1))->in_controlled_shutdown);
    world.call<BrokerHeartbeatResult>(beat);
    CHECK(world.image().find_broker(BrokerId(1))->in_controlled_shutdown);
    CHECK(world.partition("orders", 1).leader == BrokerId(2));
}

TEST_CASE("directories: a broker whose directories have all failed is fenced, and stays so",
          "[controller]") {
    World world = cluster();
    settle(world);
    CHECK(fail(world, {kFirst, kSecond}).is_fenced);
    CHECK(fail(world, {kFirst, kSecond}).is_fenced);
    CHECK(world.image().find_broker(BrokerId(1))->fenced);
    CHECK(world.partition("orders", 0).isr == ids({2, 3}));
}

TEST_CASE("directories: a registration of the same run without a directory fails that directory",
          "[controller]") {
    World world = cluster();
    settle(world);
    Registration again = registration(1);
    again.log_dirs = {kSecond};
    REQUIRE(world.join(again).refusal.code == ErrorCode::none);
    CHECK(world.partition("orders", 0).leader == BrokerId(2));
    CHECK(world.partition("orders", 1).leader == BrokerId(1));
}

TEST_CASE("directories: a new run without a directory does not lead the partitions there",
          "[controller]") {
    World world = cluster();
    settle(world);
    world.create_on("first", {{1}});
    world.create_on("second", {{1}});
    REQUIRE(error_of(world, 1, kFirst, world.key("first")) == ErrorCode::none);
    REQUIRE(error_of(world, 1, kSecond, world.key("second")) == ErrorCode::none);
    Registration next = registration(1);
    next.incarnation = IncarnationId(uuid(777));
    next.log_dirs = {kSecond};
    REQUIRE(world.join(next).refusal.code == ErrorCode::none);
    world.beat(1);
    REQUIRE_FALSE(world.image().find_broker(BrokerId(1))->fenced);
    CHECK(world.partition("first").leader == kNoBroker);
    CHECK(world.partition("first").isr == ids({1}));
    CHECK(world.partition("second").leader == BrokerId(1));
    CHECK(world.partition("orders", 0).leader == BrokerId(2));
}

TEST_CASE("assign replicas: a replica that is told in a failed directory leaves the ISR",
          "[controller]") {
    World world = cluster();
    REQUIRE(error_of(world, 1, kSecond, world.key("orders")) == ErrorCode::none);
    fail(world, {kFirst});
    REQUIRE(world.partition("orders").leader == BrokerId(1));
    CHECK(error_of(world, 1, kFirst, world.key("orders")) == ErrorCode::none);
    CHECK(world.partition("orders").leader == BrokerId(2));
    CHECK(world.partition("orders").isr == ids({2, 3}));
}

TEST_CASE("assign replicas: the directory is recorded, and repeating it writes nothing",
          "[controller]") {
    World world = cluster();
    const PartitionKey key = world.key("orders");
    const DirectoryId other = world.partition("orders").directories[0] == kFirst ? kSecond : kFirst;
    CHECK(error_of(world, 1, other, key) == ErrorCode::none);
    CHECK(world.partition("orders").directories[0] == other);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 1,2,3 leader 1 epoch 0/1");
    const Offset end = world.end();
    CHECK(error_of(world, 1, other, key) == ErrorCode::none);
    CHECK(world.end() == end);
}

TEST_CASE("assign replicas: a lost replica leaves the ISR and does not lead, until it is back",
          "[controller]") {
    World world = cluster();
    const PartitionKey key = world.key("orders");
    CHECK(error_of(world, 1, kLostDirectory, key) == ErrorCode::none);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 2,3 leader 2 epoch 1/1");
    CHECK(error_of(world, 1, kFirst, key) == ErrorCode::none);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 2,3 leader 2 epoch 1/2");
}

TEST_CASE("assign replicas: each refusal has Kafka's error", "[controller]") {
    World world = cluster();
    world.create_on("others", {{2, 3}});
    const PartitionKey key = world.key("orders");
    const Offset end = world.end();
    CHECK(error_of(world, 1, kFirst, {TopicId(uuid(9)), key.index}) == ErrorCode::unknown_topic_id);
    CHECK(error_of(world, 1, kFirst, {key.topic, PartitionIndex(9)}) ==
          ErrorCode::unknown_topic_or_partition);
    CHECK(error_of(world, 1, kFirst, world.key("others")) == ErrorCode::not_leader_or_follower);
    CHECK(assign(world, 9, kFirst, key).refusal.code == ErrorCode::stale_broker_epoch);
    CHECK(world.end() == end);
}

TEST_CASE(
    "assign replicas: a replica in a directory that is not online is not eligible for the ISR",
    "[controller]") {
    World world = cluster();
    REQUIRE(error_of(world, 3, kLostDirectory, world.key("orders")) == ErrorCode::none);
    const PartitionImage& partition = world.partition("orders");
    using Request = schema::AlterPartitionRequest;
    const std::vector<Request::BrokerState> isr{{BrokerId(1)}, {BrokerId(2)}, {BrokerId(3)}};
    const Request::Partition asked{.leader_epoch = partition.leader_epoch,
                                   .new_isr_with_epochs = std::span(isr),
                                   .partition_epoch = partition.partition_epoch};
    const Request::Topic topic{.topic_id = world.key("orders").topic, .partitions = {&asked, 1}};
    const auto beat = world.heartbeat(1);
    const auto result = world.call<AlterPartitionResult>(Request{
        .broker_id = beat.broker_id, .broker_epoch = beat.broker_epoch, .topics = {&topic, 1}});
    CHECK(result.partitions.at(0).error == ErrorCode::ineligible_replica);
}

}  // namespace
}  // namespace hw::controller::testing
