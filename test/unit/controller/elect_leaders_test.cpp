#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using schema::ElectLeadersRequest;
using std::chrono::seconds;
using wire::ErrorCode;

constexpr std::int8_t kPreferred = 0;
constexpr std::int8_t kUnclean = 1;

/// Brokers 1 to 3 in service.
World cluster(ControllerOptions options = {}) {
    World world(1, std::move(options));
    world.lead();
    world.commit();
    world.start_brokers(3);
    return world;
}

/// Fences a broker; `beat` brings it back.
void fence(World& world, std::int32_t id) {
    auto beat = world.heartbeat(id);
    beat.want_fence = true;
    REQUIRE(world.call<BrokerHeartbeatResult>(beat).is_fenced);
}

/// The leader puts all of `isr` into the ISR of partition 0 of `topic`.
void set_isr(World& world, std::string_view topic, const std::vector<std::int32_t>& isr) {
    using Request = schema::AlterPartitionRequest;
    const PartitionImage& partition = world.partition(topic);
    const std::vector<BrokerId> members = ids(isr);
    const Request::Partition asked{
        .leader_epoch = partition.leader_epoch,
        .new_isr = std::span<const BrokerId>(members),
        .leader_recovery_state = static_cast<std::int8_t>(LeaderRecovery::recovered),
        .partition_epoch = partition.partition_epoch};
    const Request::Topic of{.topic_id = world.key(topic).topic, .partitions = {&asked, 1}};
    const auto beat = world.heartbeat(partition.leader.value());
    const auto result = world.call<AlterPartitionResult>(Request{
        .broker_id = beat.broker_id, .broker_epoch = beat.broker_epoch, .topics = {&of, 1}});
    REQUIRE(result.partitions.at(0).error == ErrorCode::none);
}

ElectLeadersResult elect_all(World& world, std::int8_t type) {
    ElectLeadersRequest request{.election_type = type};
    request.topic_partitions = wire::Array<ElectLeadersRequest::TopicPartitions>::null();
    return world.call<ElectLeadersResult>(request);
}

ElectLeadersResult elect(World& world, std::int8_t type, std::string_view topic,
                         const std::vector<std::int32_t>& numbers = {0}) {
    std::vector<PartitionIndex> partitions;
    for (const std::int32_t number : numbers) {
        partitions.emplace_back(number);
    }
    const ElectLeadersRequest::TopicPartitions named{
        .topic = topic, .partitions = std::span<const PartitionIndex>(partitions)};
    return world.call<ElectLeadersResult>(
        ElectLeadersRequest{.election_type = type, .topic_partitions = {&named, 1}});
}

ErrorCode error_of(World& world, std::int8_t type, std::string_view topic) {
    return elect(world, type, topic).partitions.at(0).refusal.code;
}

TEST_CASE("elect leaders: the preferred leader leads again when it is back in sync",
          "[controller]") {
    World world = cluster();
    world.create_on("orders", {{1, 2, 3}});
    CHECK(error_of(world, kPreferred, "orders") == ErrorCode::election_not_needed);
    fence(world, 1);
    CHECK(error_of(world, kPreferred, "orders") == ErrorCode::preferred_leader_not_available);
    world.beat(1);
    CHECK(error_of(world, kPreferred, "orders") == ErrorCode::preferred_leader_not_available);
    set_isr(world, "orders", {1, 2, 3});
    CHECK(error_of(world, kPreferred, "orders") == ErrorCode::none);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 1,2,3 leader 1 epoch 2/3");
}

TEST_CASE("elect leaders: an unclean election makes a replica that is not in sync the only member",
          "[controller]") {
    World world = cluster();
    world.create_on("orders", {{1, 2}});
    CHECK(error_of(world, kUnclean, "orders") == ErrorCode::election_not_needed);
    fence(world, 2);
    fence(world, 1);
    REQUIRE(text_of(world.partition("orders")) == "replicas 1,2 isr 1 leader -1 epoch 1/2");
    CHECK(error_of(world, kUnclean, "orders") == ErrorCode::eligible_leaders_not_available);
    CHECK(error_of(world, kPreferred, "orders") == ErrorCode::preferred_leader_not_available);
    world.beat(2);
    REQUIRE(world.partition("orders").leader == kNoBroker);
    CHECK(error_of(world, kUnclean, "orders") == ErrorCode::none);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2 isr 2 leader 2 epoch 2/3");
    CHECK(world.partition("orders").recovery == LeaderRecovery::recovering);
    set_isr(world, "orders", {2});
    CHECK(world.partition("orders").recovery == LeaderRecovery::recovered);
}

TEST_CASE("elect leaders: unknown partitions and types have Kafka's errors", "[controller]") {
    World world = cluster();
    world.create_on("orders", {{1, 2, 3}});
    CHECK(error_of(world, kPreferred, "others") == ErrorCode::unknown_topic_or_partition);
    const auto result = elect(world, kUnclean, "orders", {7, 0});
    REQUIRE(result.partitions.size() == 2);
    CHECK(result.partitions[0].refusal.code == ErrorCode::unknown_topic_or_partition);
    CHECK(result.partitions[0].refusal.message ==
          "topic 'orders' has 1 partitions, and none with number 7");
    CHECK(result.partitions[0].index == PartitionIndex(7));
    CHECK(result.partitions[1].topic == "orders");
    CHECK(elect(world, 2, "orders").refusal.code == ErrorCode::invalid_request);
}

TEST_CASE("elect leaders: without names, only partitions that need an election are answered",
          "[controller]") {
    World world = cluster();
    world.create_on("orders", {{1, 2}, {2, 1}, {3, 1}});
    fence(world, 1);
    world.beat(1);
    const auto preferred = elect_all(world, kPreferred);
    REQUIRE(preferred.partitions.size() == 1);
    CHECK(preferred.partitions[0].index == PartitionIndex(0));
    CHECK(preferred.partitions[0].refusal.code == ErrorCode::preferred_leader_not_available);
    CHECK(elect_all(world, kUnclean).partitions.empty());
}

TEST_CASE("elect leaders: a partition that is named twice is elected once", "[controller]") {
    World world = cluster();
    world.create_on("orders", {{1, 2}});
    fence(world, 1);
    world.beat(1);
    set_isr(world, "orders", {1, 2});
    const auto result = elect(world, kPreferred, "orders", {0, 0});
    CHECK(result.partitions.at(0).refusal.code == ErrorCode::none);
    CHECK(result.partitions.at(1).refusal.code == ErrorCode::election_not_needed);
}

TEST_CASE("unclean elections: a fenced last ISR member is replaced where they are enabled",
          "[controller]") {
    World world = cluster({.unclean_leader_election = true});
    world.create_on("orders", {{1, 2}});
    fence(world, 2);
    world.beat(2);
    fence(world, 1);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2 isr 2 leader 2 epoch 1/2");
    fence(world, 2);
    REQUIRE(world.partition("orders").leader == kNoBroker);
    world.beat(1);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2 isr 1 leader 1 epoch 3/4");
}

TEST_CASE("balancing: every check gives partitions back to preferred leaders that are in sync",
          "[controller]") {
    World world =
        cluster({.session_timeout = seconds(10'000), .leader_balance_interval = seconds(300)});
    world.create_on("orders", {{1, 2}});
    world.create_on("payments", {{1, 2}});
    fence(world, 1);
    world.beat(1);
    set_isr(world, "orders", {1, 2});
    world.pass(seconds(299));
    CHECK(world.partition("orders").leader == BrokerId(2));
    world.pass(seconds(1));
    CHECK(world.partition("orders").leader == BrokerId(1));
    CHECK(world.partition("payments").leader == BrokerId(2));
    set_isr(world, "payments", {1, 2});
    world.pass(seconds(300));
    CHECK(world.partition("payments").leader == BrokerId(1));
}

TEST_CASE("balancing: a check moves at most 1,000 partitions, and the next one comes soon",
          "[controller]") {
    World world =
        cluster({.session_timeout = seconds(10'000), .leader_balance_interval = seconds(300)});
    world.create_on("orders", std::vector<std::vector<std::int32_t>>(1001, {1, 2}));
    const auto led_by_two = [&world] {
        return world.image().topic_table().led_by(BrokerId(2)).size();
    };
    // Broker 1 leaves and returns while it stays in the ISRs: a stopping broker that never stopped.
    auto stop = world.heartbeat(1);
    stop.want_shut_down = true;
    world.call<BrokerHeartbeatResult>(stop);
    REQUIRE(led_by_two() == 1001);
    REQUIRE(world.join(registration(1, 2)).refusal.code == ErrorCode::none);
    world.beat(1);
    using Request = schema::AlterPartitionRequest;
    const std::vector<BrokerId> isr = ids({1, 2});
    std::vector<Request::Partition> asked;
    for (std::int32_t index = 0; index < 1001; ++index) {
        const PartitionImage& partition = world.partition("orders", index);
        asked.push_back({.partition_index = PartitionIndex(index),
                         .leader_epoch = partition.leader_epoch,
                         .new_isr = std::span<const BrokerId>(isr),
                         .partition_epoch = partition.partition_epoch});
    }
    const Request::Topic of{.topic_id = world.key("orders").topic,
                            .partitions = std::span<const Request::Partition>(asked)};
    const auto beat = world.heartbeat(2);
    world.call<AlterPartitionResult>(Request{
        .broker_id = beat.broker_id, .broker_epoch = beat.broker_epoch, .topics = {&of, 1}});
    world.pass(seconds(300));
    CHECK(led_by_two() == 1);
    world.pass(std::chrono::milliseconds(100));
    CHECK(led_by_two() == 0);
    CHECK(world.controller().next_deadline() == world.now() + seconds(300));
}

TEST_CASE("balancing: none without an interval, and none after the leadership is lost",
          "[controller]") {
    World world = cluster({.session_timeout = seconds(10'000)});
    world.create_on("orders", {{1, 2}});
    fence(world, 1);
    world.beat(1);
    set_isr(world, "orders", {1, 2});
    world.pass(seconds(9000));
    CHECK(world.partition("orders").leader == BrokerId(2));
    World other = cluster({.leader_balance_interval = seconds(300)});
    other.lose();
    CHECK(other.controller().next_deadline() == kNever);
}

}  // namespace
}  // namespace hw::controller::testing
