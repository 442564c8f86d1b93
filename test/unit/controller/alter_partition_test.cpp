#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using schema::AlterPartitionRequest;
using wire::ErrorCode;

template <class Epoch>
Epoch before(Epoch epoch) {
    return Epoch(epoch.value() - 1);
}

/// A request about one partition, made from its present state by its leader. The test changes it.
struct Alteration {
    Alteration(const World& world, const std::vector<std::int32_t>& isr,
               std::string_view topic = "orders") {
        const PartitionImage& partition = world.partition(topic);
        for (const BrokerId id : ids(isr)) {
            const BrokerImage* broker = world.image().find_broker(id);
            members.push_back({id, broker == nullptr ? BrokerEpoch(-1) : broker->epoch});
        }
        asked = {.leader_epoch = partition.leader_epoch,
                 .leader_recovery_state = static_cast<std::int8_t>(partition.recovery),
                 .partition_epoch = partition.partition_epoch};
        topic_id = world.key(topic).topic;
        sender = partition.leader;
        sender_epoch = world.image().find_broker(sender)->epoch;
    }

    AlterPartitionResult send(World& world) {
        asked.new_isr_with_epochs = members;
        const std::vector<AlterPartitionRequest::Partition> partitions(copies, asked);
        const AlterPartitionRequest::Topic topic{.topic_id = topic_id, .partitions = partitions};
        AlterPartitionRequest request{.broker_id = sender, .broker_epoch = sender_epoch};
        request.topics = std::span(&topic, 1);
        return world.call<AlterPartitionResult>(request);
    }

    std::vector<AlterPartitionRequest::BrokerState> members;
    AlterPartitionRequest::Partition asked;
    TopicId topic_id;
    BrokerId sender;
    BrokerEpoch sender_epoch;
    std::size_t copies = 1;
};

/// Brokers 1 to 4; partition 0 of "orders" is on 1, 2 and 3.
World cluster() {
    World world;
    world.lead();
    world.commit();
    world.start_brokers(4);
    world.create_on("orders", {{1, 2, 3}});
    return world;
}

TEST_CASE("alter partition: the leader shrinks and expands the ISR, and the answer has the result",
          "[controller]") {
    World world = cluster();
    const AlterPartitionResult shrunk = Alteration(world, {1, 3}).send(world);
    REQUIRE(shrunk.partitions.size() == 1);
    CHECK(shrunk.partitions[0].error == ErrorCode::none);
    CHECK(shrunk.partitions[0].key == world.key("orders"));
    CHECK(text_of(shrunk.partitions[0].state) == "replicas 1,2,3 isr 1,3 leader 1 epoch 0/1");
    CHECK(shrunk.partitions[0].state == world.partition("orders"));
    const AlterPartitionResult grown = Alteration(world, {1, 2, 3}).send(world);
    CHECK(text_of(grown.partitions.at(0).state) == "replicas 1,2,3 isr 1,2,3 leader 1 epoch 0/2");
}

TEST_CASE(
    "alter partition: to confirm the ISR raises the partition epoch, so that an older request "
    "is outdated",
    "[controller]") {
    World world = cluster();
    Alteration older(world, {1, 2});
    const AlterPartitionResult result = Alteration(world, {1, 2, 3}).send(world);
    CHECK(result.partitions.at(0).error == ErrorCode::none);
    CHECK(text_of(result.partitions[0].state) == "replicas 1,2,3 isr 1,2,3 leader 1 epoch 0/1");
    CHECK(older.send(world).partitions.at(0).error == ErrorCode::invalid_update_version);
}

TEST_CASE("alter partition: version 2 names the members without their epochs", "[controller]") {
    World world = cluster();
    Alteration alteration(world, {});
    const std::vector<BrokerId> isr = ids({1, 2});
    alteration.asked.new_isr = isr;
    CHECK(alteration.send(world).partitions.at(0).error == ErrorCode::none);
    CHECK(world.partition("orders").isr == isr);
}

struct Case {
    const char* name;
    ErrorCode error;
    std::function<void(Alteration&)> change;
};

TEST_CASE("alter partition: each refusal has Kafka's error and changes nothing", "[controller]") {
    const std::vector<Case> cases{
        {"an unknown topic id", ErrorCode::unknown_topic_id,
         [](Alteration& a) { a.topic_id = TopicId(uuid(9)); }},
        {"an unknown partition", ErrorCode::unknown_topic_or_partition,
         [](Alteration& a) { a.asked.partition_index = PartitionIndex(1); }},
        {"a newer leader epoch", ErrorCode::not_controller,
         [](Alteration& a) { ++a.asked.leader_epoch; }},
        {"a newer partition epoch", ErrorCode::not_controller,
         [](Alteration& a) { ++a.asked.partition_epoch; }},
        {"an older leader epoch", ErrorCode::fenced_leader_epoch,
         [](Alteration& a) { a.asked.leader_epoch = before(a.asked.leader_epoch); }},
        {"an older partition epoch", ErrorCode::invalid_update_version,
         [](Alteration& a) { a.asked.partition_epoch = before(a.asked.partition_epoch); }},
        {"an empty ISR", ErrorCode::invalid_request, [](Alteration& a) { a.members.clear(); }},
        {"an ISR without the leader", ErrorCode::invalid_request,
         [](Alteration& a) { a.members.erase(a.members.begin()); }},
        {"a member that is no replica", ErrorCode::invalid_request,
         [](Alteration& a) { a.members.push_back({BrokerId(4), BrokerEpoch(-1)}); }},
        {"a member twice", ErrorCode::invalid_request,
         [](Alteration& a) { a.members.push_back(a.members.front()); }},
        {"recovering after recovered", ErrorCode::invalid_request,
         [](Alteration& a) {
             a.members.resize(1);
             a.asked.leader_recovery_state = 1;
         }},
        {"an unknown recovery state", ErrorCode::invalid_request,
         [](Alteration& a) { a.asked.leader_recovery_state = 2; }},
        {"a member with an old broker epoch", ErrorCode::ineligible_replica,
         [](Alteration& a) {
             a.members.back().broker_epoch = before(a.members.back().broker_epoch);
         }},
        {"a member with a newer broker epoch", ErrorCode::ineligible_replica,
         [](Alteration& a) { ++a.members.back().broker_epoch; }},
    };
    World world = cluster();
    REQUIRE(Alteration(world, {1, 2}).send(world).partitions.at(0).error == ErrorCode::none);
    const std::string before = text_of(world.partition("orders"));
    for (const Case& row : cases) {
        INFO(row.name);
        Alteration alteration(world, {1, 2, 3});
        row.change(alteration);
        CHECK(alteration.send(world).partitions.at(0).error == row.error);
        CHECK(text_of(world.partition("orders")) == before);
    }
}

TEST_CASE("alter partition: a broker that does not lead is refused, before the partition epoch",
          "[controller]") {
    World world = cluster();
    Alteration alteration(world, {1, 2});
    alteration.sender = BrokerId(2);
    alteration.sender_epoch = world.image().find_broker(BrokerId(2))->epoch;
    alteration.asked.partition_epoch = before(alteration.asked.partition_epoch);
    CHECK(alteration.send(world).partitions.at(0).error == ErrorCode::invalid_request);
}

TEST_CASE("alter partition: a sender with a stale broker epoch is refused as a whole",
          "[controller]") {
    World world = cluster();
    Alteration alteration(world, {1, 2});
    alteration.sender_epoch = before(alteration.sender_epoch);
    const AlterPartitionResult result = alteration.send(world);
    CHECK(result.refusal.code == ErrorCode::stale_broker_epoch);
    CHECK(result.partitions.empty());
    CHECK(world.partition("orders").isr == ids({1, 2, 3}));
}

TEST_CASE(
    "alter partition: a fenced, a stopping and a restarted broker are not eligible (KIP-841, "
    "KIP-903)",
    "[controller]") {
    World world = cluster();
    REQUIRE(Alteration(world, {1}).send(world).partitions.at(0).error == ErrorCode::none);
    Alteration restarted(world, {1, 2});
    REQUIRE(world.join(registration(2, 2)).refusal.code == ErrorCode::none);
    CHECK(restarted.send(world).partitions.at(0).error == ErrorCode::ineligible_replica);
    CHECK(Alteration(world, {1, 2}).send(world).partitions.at(0).error ==
          ErrorCode::ineligible_replica);
    CHECK_FALSE(world.beat(2).is_fenced);
    CHECK(restarted.send(world).partitions.at(0).error == ErrorCode::ineligible_replica);
    CHECK(Alteration(world, {1, 2}).send(world).partitions.at(0).error == ErrorCode::none);

    world.create_on("payments", {{3}});
    schema::BrokerHeartbeatRequest stop = world.heartbeat(3);
    stop.want_shut_down = true;
    world.call<BrokerHeartbeatResult>(stop);
    REQUIRE(world.image().find_broker(BrokerId(3))->in_controlled_shutdown);
    CHECK(Alteration(world, {1, 3}).send(world).partitions.at(0).error ==
          ErrorCode::ineligible_replica);
}

TEST_CASE("alter partition: a partition that is twice in a request changes once", "[controller]") {
    World world = cluster();
    Alteration alteration(world, {1, 2});
    alteration.copies = 2;
    const AlterPartitionResult result = alteration.send(world);
    REQUIRE(result.partitions.size() == 2);
    CHECK(result.partitions[0].error == ErrorCode::none);
    CHECK(result.partitions[1].error == ErrorCode::invalid_update_version);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 1,2 leader 1 epoch 0/1");
}

TEST_CASE("alter partition: a node that is not the active controller answers NOT_CONTROLLER",
          "[controller]") {
    World world = cluster();
    Alteration alteration(world, {1, 2});
    world.lose();
    CHECK(alteration.send(world).refusal.code == ErrorCode::not_controller);
}

}  // namespace
}  // namespace hw::controller::testing
