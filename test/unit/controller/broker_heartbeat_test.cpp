#include <vector>

#include <catch2/catch.hpp>

#include "controller/ops/brokers.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::ErrorCode;

World cluster(std::int32_t brokers) {
    World world;
    world.lead();
    world.commit();
    world.start_brokers(brokers);
    return world;
}

bool is_fenced(const World& world, std::int32_t id) {
    return world.image().find_broker(BrokerId(id))->fenced;
}

TEST_CASE("heartbeat: a broker is unfenced when it has applied its own registration",
          "[controller]") {
    World world = cluster(0);
    const auto joined = world.join(registration(1));
    schema::BrokerHeartbeatRequest beat = world.heartbeat(1);
    beat.current_metadata_offset = Offset(joined.broker_epoch.value() - 1);
    const auto behind = world.call<BrokerHeartbeatResult>(beat);
    CHECK_FALSE(behind.is_caught_up);
    CHECK(behind.is_fenced);
    CHECK(is_fenced(world, 1));
    beat.current_metadata_offset = Offset(joined.broker_epoch.value());
    const auto caught_up = world.call<BrokerHeartbeatResult>(beat);
    CHECK(caught_up.is_caught_up);
    CHECK_FALSE(caught_up.is_fenced);
    CHECK_FALSE(is_fenced(world, 1));
}

TEST_CASE("heartbeat: a broker that was fenced is unfenced when it knows what it no longer leads",
          "[controller]") {
    World world = cluster(2);
    world.create({topic("orders", 1, 2)});
    const BrokerId old = world.partition("orders").leader;
    schema::BrokerHeartbeatRequest beat = world.heartbeat(old.value());
    beat.want_fence = true;
    beat.current_metadata_offset = world.end() - 1;
    CHECK(world.call<BrokerHeartbeatResult>(beat).is_fenced);
    REQUIRE(world.partition("orders").leader != old);
    beat.want_fence = false;
    CHECK(world.call<BrokerHeartbeatResult>(beat).is_fenced);
    beat.current_metadata_offset = world.end() - 1;
    CHECK_FALSE(world.call<BrokerHeartbeatResult>(beat).is_fenced);
}

TEST_CASE("heartbeat: a broker is fenced as long as it asks to be fenced", "[controller]") {
    World world = cluster(1);
    world.create({topic("orders")});
    schema::BrokerHeartbeatRequest beat = world.heartbeat(1);
    beat.want_fence = true;
    CHECK(world.call<BrokerHeartbeatResult>(beat).is_fenced);
    CHECK(is_fenced(world, 1));
    CHECK(world.partition("orders").leader == kNoBroker);
    CHECK(world.call<BrokerHeartbeatResult>(beat).is_fenced);
    CHECK_FALSE(world.call<BrokerHeartbeatResult>(beat).should_shut_down);
    CHECK_FALSE(world.beat(1).is_fenced);
}

TEST_CASE("heartbeat: an epoch other than the registration's is stale", "[controller]") {
    World world = cluster(1);
    schema::BrokerHeartbeatRequest beat = world.heartbeat(1);
    ++beat.broker_epoch;
    const Offset end = world.end();
    const auto refused = world.call<BrokerHeartbeatResult>(beat);
    CHECK(refused.refusal.code == ErrorCode::stale_broker_epoch);
    beat.broker_id = BrokerId(9);
    CHECK(world.call<BrokerHeartbeatResult>(beat).refusal.code == ErrorCode::stale_broker_epoch);
    CHECK(world.end() == end);
}

TEST_CASE("heartbeat: a heartbeat that changes nothing writes no record", "[controller]") {
    World world = cluster(1);
    const Offset end = world.end();
    CHECK_FALSE(world.beat(1).is_fenced);
    CHECK(world.end() == end);
}

TEST_CASE(
    "fencing: a broker silent for a session timeout is fenced, and its partitions have no leader",
    "[controller]") {
    World world = cluster(1);
    world.create({topic("orders", 2)});
    world.pass(milliseconds(2999));
    CHECK_FALSE(is_fenced(world, 1));
    world.pass(milliseconds(1));
    CHECK(is_fenced(world, 1));
    for (std::int32_t index = 0; index < 2; ++index) {
        CHECK(text_of(world.partition("orders", index)) == "replicas 1 isr 1 leader -1 epoch 1/1");
    }
    CHECK(world.controller().next_deadline() == kNever);
}

TEST_CASE("fencing: the only ISR member leads again after its return, with the next leader epoch",
          "[controller]") {
    World world = cluster(1);
    world.create({topic("orders")});
    world.pass(seconds(3));
    CHECK_FALSE(world.beat(1).is_fenced);
    CHECK(text_of(world.partition("orders")) == "replicas 1 isr 1 leader 1 epoch 2/2");
}

TEST_CASE("fencing: a broker that sends heartbeats is not fenced", "[controller]") {
    World world = cluster(1);
    for (int beat = 0; beat < 10; ++beat) {
        world.pass(seconds(2));
        world.beat(1);
    }
    CHECK_FALSE(is_fenced(world, 1));
}

TEST_CASE("fencing: another ISR member becomes leader, and the fenced broker leaves the ISR",
          "[controller]") {
    World world = cluster(3);
    const std::vector<BrokerId> replicas{BrokerId(1), BrokerId(2), BrokerId(3)};
    const std::vector<schema::CreateTopicsRequest::Assignment> assignment{
        {.partition_index = PartitionIndex(0), .broker_ids = std::span(replicas)}};
    auto orders = topic("orders", -1, -1);
    orders.assignments = std::span(assignment);
    world.create({orders});
    world.pass(seconds(2));
    world.beat(2);
    world.beat(3);
    world.pass(seconds(1));
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 2,3 leader 2 epoch 1/1");
    world.beat(1);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 2,3 leader 2 epoch 1/1");

    SECTION("a follower that is fenced leaves the ISR without a new leader epoch") {
        world.pass(seconds(1));
        world.beat(2);
        world.pass(seconds(1));
        CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 2 leader 2 epoch 1/2");
    }
    SECTION("a broker outside the ISR does not lead, even if it is the only one in service") {
        world.pass(seconds(3));
        CHECK(is_fenced(world, 1));
        CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 3 leader -1 epoch 3/3");
        world.beat(1);
        CHECK(world.partition("orders").leader == kNoBroker);
        world.beat(3);
        CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 3 leader 3 epoch 4/4");
    }
}

TEST_CASE("fencing: a broker whose process has ended is fenced at once, and others lead",
          "[controller]") {
    World world = cluster(3);
    world.create_on("orders", {{1, 2, 3}});
    CHECK(world.lose_process(1, world.epoch_of(1)));
    world.commit();
    CHECK(is_fenced(world, 1));
    CHECK(text_of(world.partition("orders")) == "replicas 1,2,3 isr 2,3 leader 2 epoch 1/1");

    SECTION("only once") {
        const Offset end = world.end();
        CHECK_FALSE(world.lose_process(1, world.epoch_of(1)));
        CHECK(world.end() == end);
    }
    SECTION("its session has ended, so a process with other directories may take its place") {
        Registration other = registration(1, 2);
        other.log_dirs = {DirectoryId(uuid(77))};
        CHECK(world.join(other).refusal.code == ErrorCode::none);
    }
    SECTION("a heartbeat unfences it, if its process runs after all") {
        CHECK_FALSE(world.beat(1).is_fenced);
    }
}

TEST_CASE("fencing: the end of a process concerns only its own registration", "[controller]") {
    World world = cluster(2);
    const BrokerEpoch old = world.epoch_of(1);
    world.join(registration(1, 2));
    world.beat(1);
    REQUIRE_FALSE(is_fenced(world, 1));
    const Offset end = world.end();
    CHECK_FALSE(world.lose_process(1, old));
    CHECK_FALSE(world.lose_process(7, old));
    CHECK_FALSE(is_fenced(world, 1));
    CHECK(world.end() == end);
}

TEST_CASE("fencing: the end of a broker that was allowed to stop changes nothing", "[controller]") {
    World world = cluster(2);
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    REQUIRE(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    const Offset end = world.end();
    CHECK_FALSE(world.lose_process(1, world.epoch_of(1)));
    CHECK(world.end() == end);
}

TEST_CASE("fencing: a controller that is not the active one fences nobody", "[controller]") {
    World world = cluster(2);
    const BrokerEpoch epoch = world.epoch_of(1);
    world.lose();
    CHECK_FALSE(world.lose_process(1, epoch));
    CHECK_FALSE(is_fenced(world, 1));
}

TEST_CASE("controlled shutdown: a broker that leads nothing may stop at once", "[controller]") {
    World world = cluster(1);
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    const auto answer = world.call<BrokerHeartbeatResult>(stop);
    CHECK(answer.should_shut_down);
    CHECK(answer.is_fenced);
    CHECK(is_fenced(world, 1));
    // The broker is fenced already, so the same request writes no record.
    const Offset end = world.end();
    CHECK(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    CHECK(world.end() == end);
}

TEST_CASE("controlled shutdown: the only broker first loses its leaderships and then may stop",
          "[controller]") {
    World world = cluster(1);
    world.create({topic("orders")});
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    const auto first = world.call<BrokerHeartbeatResult>(stop);
    CHECK_FALSE(first.should_shut_down);
    CHECK_FALSE(first.is_fenced);
    CHECK(text_of(world.partition("orders")) == "replicas 1 isr 1 leader -1 epoch 1/1");
    const auto second = world.call<BrokerHeartbeatResult>(stop);
    CHECK(second.should_shut_down);
    CHECK(is_fenced(world, 1));
}

TEST_CASE("controlled shutdown: a leader may stop once the new leaders have applied the change",
          "[controller]") {
    World world = cluster(2);
    const std::vector<BrokerId> replicas{BrokerId(1), BrokerId(2)};
    const std::vector<schema::CreateTopicsRequest::Assignment> assignment{
        {.partition_index = PartitionIndex(0), .broker_ids = std::span(replicas)}};
    auto orders = topic("orders", -1, -1);
    orders.assignments = std::span(assignment);
    world.create({orders});
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    CHECK_FALSE(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    CHECK(text_of(world.partition("orders")) == "replicas 1,2 isr 2 leader 2 epoch 1/1");
    CHECK_FALSE(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    SECTION("the new leader reports it in a heartbeat") {
        world.beat(2);
        CHECK(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    }
    SECTION("the active controller changes, and the new one waits for a heartbeat too") {
        world.lose();
        world.lead();
        CHECK_FALSE(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
        world.beat(2);
        CHECK(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    }
}

TEST_CASE(
    "controlled shutdown: a broker that was allowed to stop is unfenced only after a new "
    "registration",
    "[controller]") {
    World world = cluster(1);
    world.create({topic("orders")});
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    world.call<BrokerHeartbeatResult>(stop);
    CHECK(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    CHECK(world.beat(1).is_fenced);
    world.join(registration(1, 2));
    CHECK_FALSE(world.beat(1).is_fenced);
    CHECK(world.partition("orders").leader == BrokerId(1));
}

TEST_CASE("controlled shutdown: a stopping broker gets no new partitions", "[controller]") {
    World world = cluster(2);
    world.create({topic("orders", 2, 1)});
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    CHECK_FALSE(world.call<BrokerHeartbeatResult>(stop).should_shut_down);
    world.create({topic("late", 4, 1)});
    for (std::int32_t index = 0; index < 4; ++index) {
        CHECK(world.partition("late", index).leader == BrokerId(2));
    }
}

TEST_CASE("heartbeat: cordoned directories are recorded when they change", "[controller]") {
    World world = cluster(1);
    const std::vector<DirectoryId> cordoned = registration(1).log_dirs;
    schema::BrokerHeartbeatRequest beat = world.heartbeat(1);
    beat.cordoned_log_dirs = std::span(cordoned);
    const Offset before = world.end();
    world.call<BrokerHeartbeatResult>(beat);
    CHECK(world.end() == before + 1);
    CHECK(world.image().find_broker(BrokerId(1))->cordoned_log_dirs == cordoned);
    world.call<BrokerHeartbeatResult>(beat);
    CHECK(world.end() == before + 1);
}

TEST_CASE("heartbeat: more directories than a broker can have are refused, and nothing changes",
          "[controller]") {
    World world = cluster(1);
    schema::BrokerHeartbeatRequest beat = world.heartbeat(1);
    const Offset end = world.end();
    const std::vector<DirectoryId> many(kMaxDirectories + 1, DirectoryId(Uuid{7, 7}));
    SECTION("as failed") {
        beat.offline_log_dirs = many;
    }
    SECTION("as cordoned") {
        beat.cordoned_log_dirs = many;
    }
    CHECK(world.call<BrokerHeartbeatResult>(beat).refusal.code == ErrorCode::invalid_request);
    CHECK(world.end() == end);
}

}  // namespace
}  // namespace hw::controller::testing
