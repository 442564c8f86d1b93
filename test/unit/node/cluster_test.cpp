#include "test/unit/node/cluster.h"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// Several nodes in one process: one controller, and brokers that join it.
namespace hw::broker {
namespace {

Task<> start_and_stop(Node& node, std::string& error, bool& stopped) {
    const auto started = co_await node.start();
    error = started ? "" : started.error().message;
    co_await node.stop();
    stopped = true;
}

TEST_CASE("cluster: brokers join a running node by their configuration alone", "[node][cluster]") {
    Cluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    cluster.start_all();
    for (const BrokerId id : {kFirst, kSecond, kThird}) {
        cluster.wait_brokers(id, {kFirst, kSecond, kThird});
        CHECK(cluster.node(id).cluster == cluster.node(kFirst).node.cluster_id());
        CHECK(cluster.node(id).node.cluster_id() == cluster.node(kFirst).node.cluster_id());
    }
    for (const BrokerId id : {kThird, kSecond, kFirst}) {
        cluster.stop(id);
        CHECK_FALSE(cluster.node(id).node.ended());
    }
}

TEST_CASE("cluster: a new broker that is started first waits for the controller",
          "[node][cluster]") {
    Cluster cluster(1);
    cluster.start(kSecond);
    cluster.world.run_for(std::chrono::minutes(10));
    CHECK_FALSE(cluster.node(kSecond).done);
    CHECK(cluster.world.log.count("this broker is new and waits for a controller, to learn which "
                                  "cluster it joins: controller 1 at localhost:9093") > 10);
    cluster.start(kFirst);
    cluster.wait_started(kFirst);
    cluster.wait_started(kSecond);
    cluster.wait_brokers(kSecond, {kFirst, kSecond});
}

TEST_CASE("cluster: a known broker that is started first waits for the controller",
          "[node][cluster]") {
    Cluster cluster(1);
    cluster.start_all();
    for (const BrokerId id : {kThird, kSecond, kFirst}) {
        cluster.stop(id);
        cluster.kill(id);
    }
    cluster.start(kSecond);
    cluster.world.run_for(std::chrono::minutes(10));
    CHECK_FALSE(cluster.node(kSecond).done);
    cluster.start(kFirst);
    cluster.wait_started(kFirst);
    cluster.wait_started(kSecond);
}

TEST_CASE("cluster: a broker refuses damaged metadata from the controller, and goes on",
          "[node][cluster]") {
    Cluster cluster(1);
    cluster.start_all();
    cluster.create(kThird, "orders");
    cluster.stop(kThird);
    cluster.kill(kThird);
    const std::string path = "/data/__cluster_metadata-0/00000000000000000000.log";
    sim::SimDisk& disk = *cluster.disks.front();
    const std::size_t place = disk.contents(path).size() - 1;
    const std::string right = disk.contents(path).substr(place, 1);
    const std::string wrong(1, static_cast<char>(right[0] ^ 1));
    disk.alter(path, place, wrong);
    cluster.start(kThird);
    cluster.world.run_for(std::chrono::seconds(5));
    CHECK_FALSE(cluster.node(kThird).done);
    const auto reports = cluster.world.log.count("has a wrong checksum");
    CHECK(reports >= 1);
    CHECK(reports <= 3);  // of each broker its first one
    disk.alter(path, place, right);
    cluster.wait_started(kThird);
    cluster.wait_brokers(kThird, {kFirst, kSecond, kThird});
}

TEST_CASE("cluster: a start that waits for the controller can be cancelled", "[node][cluster]") {
    Cluster cluster(1);
    const bool is_known = GENERATE(false, true);
    if (is_known) {
        cluster.start_all();
        for (const BrokerId id : {kThird, kSecond, kFirst}) {
            cluster.stop(id);
            cluster.kill(id);
        }
    }
    cluster.start(kSecond);
    cluster.world.run_for(std::chrono::seconds(5));
    Member& member = cluster.node(kSecond);
    member.node.cancel_start();
    REQUIRE(cluster.world.run_until([&] { return member.done; }));
    CHECK_FALSE(member.started);
    CHECK(member.node.start_cancelled());
    const TimePoint begin = cluster.world.scheduler.now();
    cluster.stop(kSecond);
    CHECK(cluster.world.scheduler.now() - begin < std::chrono::seconds(1));
    CHECK_FALSE(member.node.ended());
}

TEST_CASE("cluster: a topic that is created at any broker has its partitions on all of them",
          "[node][cluster]") {
    Cluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    cluster.start_all();
    cluster.create(kThird, "orders");
    for (const BrokerId id : {kFirst, kSecond, kThird}) {
        cluster.wait_leaders(id, {kFirst, kSecond, kThird});
    }
    int acknowledged = 0;
    for (const BrokerId id : {kFirst, kSecond, kThird}) {
        acknowledged += cluster.produces(id, "orders") ? 1 : 0;
    }
    CHECK(acknowledged == 1);  // by the leader of partition 0
}

TEST_CASE("cluster: a broker that dies is fenced, and leads again when it is back",
          "[node][cluster]") {
    Cluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    cluster.start_all();
    cluster.create(kThird, "orders");
    cluster.wait_leaders(kFirst, {kFirst, kSecond, kThird});
    cluster.kill(kSecond);
    cluster.wait_brokers(kThird, {kFirst, kThird});
    cluster.wait_leaders(kThird, {kFirst, kNoBroker, kThird});
    cluster.start(kSecond);
    cluster.wait_started(kSecond);
    cluster.wait_leaders(kThird, {kFirst, kSecond, kThird});
}

TEST_CASE("cluster: brokers serve again after the controller was restarted", "[node][cluster]") {
    Cluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    cluster.start_all();
    cluster.kill(kFirst);
    cluster.world.run_for(std::chrono::seconds(GENERATE(0, 1, 20)));
    cluster.start(kFirst);
    cluster.wait_started(kFirst);
    cluster.wait_brokers(kThird, {kFirst, kSecond, kThird});
    cluster.create(kThird, "orders");
    cluster.wait_leaders(kSecond, {kFirst, kSecond, kThird});
}

TEST_CASE("cluster: a creation waits for the controller while that is away", "[node][cluster]") {
    Cluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    cluster.start_all();
    cluster.kill(kFirst);
    cluster.world.run_for(std::chrono::milliseconds(GENERATE(0, 1, 500)));
    Member& third = cluster.node(kThird);
    third.control.spawn(third.create("orders"));
    cluster.world.run_for(std::chrono::seconds(2));
    CHECK_FALSE(third.created.has_value());
    cluster.start(kFirst);
    CHECK(cluster.created(kThird) == wire::ErrorCode::none);
    cluster.wait_started(kFirst);
    cluster.wait_leaders(kThird, {kFirst, kSecond, kThird});
}

TEST_CASE("cluster: without a controller a creation ends in time, and the connection stays open",
          "[node][cluster]") {
    Cluster cluster(1);
    cluster.start_all();
    cluster.wait_brokers(kThird, {kFirst, kSecond, kThird});
    cluster.kill(kFirst);
    const TimePoint begin = cluster.world.scheduler.now();
    Member& third = cluster.node(kThird);
    third.control.spawn(third.create("orders"));
    CHECK(cluster.created(kThird) == wire::ErrorCode::request_timed_out);
    CHECK(third.create_message.starts_with("nothing was done: for "));
    CHECK(third.create_message.contains("Last asked: controller 1 at localhost:9093: "));
    CHECK(cluster.world.scheduler.now() - begin > std::chrono::seconds(8));
    CHECK(cluster.world.scheduler.now() - begin <= std::chrono::seconds(10));
    CHECK_FALSE(cluster.world.log.have("closing the connection"));
}

TEST_CASE("cluster: a creation that the controller may have got is not sent again",
          "[node][cluster]") {
    int unknown = 0;
    int sent_again = 0;
    int kept = 0;
    for (int delay = 0; delay < 2000; delay += 10) {
        CAPTURE(delay);
        Cluster cluster(static_cast<std::uint64_t>(delay + 1));
        cluster.start_all();
        cluster.create(kThird, "first");  // now the connections are open
        cluster.wait_leaders(kThird, {kFirst, kSecond, kThird});
        cluster.create_and_kill(kThird, "orders", std::chrono::microseconds(delay));
        const bool was_answered = cluster.node(kThird).created.has_value();
        cluster.world.run_for(std::chrono::milliseconds(100));
        const bool is_answered = cluster.node(kThird).created.has_value();
        cluster.start(kFirst);
        cluster.wait_started(kFirst);
        const wire::ErrorCode code = cluster.created(kThird);
        cluster.world.run_for(std::chrono::seconds(2));
        const std::vector<std::string> topics = cluster.node(kThird).ask_topics();
        if (code == wire::ErrorCode::none) {
            CHECK(topics.size() == 2);
            sent_again += was_answered || is_answered ? 0 : 1;
        } else {
            CHECK(code == wire::ErrorCode::request_timed_out);
            CHECK(cluster.node(kThird).create_message.starts_with(
                "the outcome is unknown: the request was sent to controller 1 at localhost:9093"));
            CHECK(is_answered);  // at once, because a wait tells nothing more
            ++unknown;
            kept += topics.size() == 2 ? 1 : 0;
        }
    }
    CHECK(unknown > 0);
    CHECK(sent_again > 0);
    CHECK(kept > 0);
}

TEST_CASE("cluster: a creation without memory for its answer creates nothing", "[node][cluster]") {
    Cluster cluster(1);
    cluster.start(kFirst);
    cluster.wait_started(kFirst);
    Member& first = cluster.node(kFirst);
    first.control.spawn(first.create_many(19'000));
    CHECK(cluster.created(kFirst) == wire::ErrorCode::request_timed_out);
    CHECK(
        first.create_message.starts_with("nothing was done: there is not enough memory for an "
                                         "answer of "));
    CHECK(first.ask_topics().empty());
}

TEST_CASE("cluster: a broker stops within a session when the controller is gone",
          "[node][cluster]") {
    Cluster cluster(1);
    cluster.start_all();
    cluster.kill(kFirst);
    const TimePoint begin = cluster.world.scheduler.now();
    cluster.stop(kSecond);
    CHECK(cluster.world.scheduler.now() - begin < std::chrono::seconds(5));
}

TEST_CASE("cluster: a broker with the data of another cluster is refused, and says so",
          "[node][cluster]") {
    Cluster cluster(1);
    cluster.start_all();
    cluster.kill(kThird);
    sim::SimDisk disk(cluster.world.scheduler, 4);
    Member other(cluster.world, 4, disk, 0,
                 {"listeners=PLAINTEXT://localhost:0,CONTROLLER://localhost:9094",
                  "controller.quorum.voters=4@localhost:9094"});
    other.run(other.start(), other.done);
    REQUIRE(other.started);
    cluster.start(kThird, {"process.roles=broker", "listeners=PLAINTEXT://localhost:0",
                           "controller.quorum.bootstrap.servers=localhost:9094"});
    REQUIRE(cluster.world.run_until([&] { return cluster.node(kThird).done; }));
    REQUIRE_FALSE(cluster.node(kThird).started);
    CHECK(cluster.node(kThird).started.error().message ==
          "the controller at localhost:9094 belongs to another cluster than the data of this node, "
          "which is of cluster " +
              cluster.node(kThird).node.cluster_id() +
              ". Correct controller.quorum.voters or controller.quorum.bootstrap.servers, or "
              "log.dirs");
    cluster.stop(kThird);
    other.run(other.stop(), other.stopped);
}

TEST_CASE("cluster: a broker with the node id of the controller is refused, and says so",
          "[node][cluster]") {
    Cluster cluster(1);
    cluster.start(kFirst);
    cluster.wait_started(kFirst);
    sim::SimDisk disk(cluster.world.scheduler, 4);
    World& world = cluster.world;
    sim::SimShard control(world.scheduler, 4, 2);
    sim::SimShard data(world.scheduler, 4, 0);
    Node copy(config_of(1, 0,
                        {"process.roles=broker", "listeners=PLAINTEXT://localhost:0",
                         "controller.quorum.bootstrap.servers=localhost:9093"}),
              {}, {world.clock, world.entropy, world.network, disk, world.log, control, {&data}});
    std::string error;
    bool stopped = false;
    control.spawn(start_and_stop(copy, error, stopped));
    REQUIRE(world.run_until([&] { return stopped; }));
    CHECK(error ==
          "the active controller has the id of this broker, 1: give each node a node.id of its "
          "own");
}

TEST_CASE("cluster: a single node may name itself as bootstrap server", "[node][cluster]") {
    const std::string host = GENERATE("localhost", "127.0.0.1", "here");
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk, 0,
                  {"listeners=PLAINTEXT://localhost:0,CONTROLLER://:9093",
                   "controller.quorum.bootstrap.servers=" + host + ":9093",
                   "advertised.listeners=PLAINTEXT://localhost:0,CONTROLLER://here:9093"});
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    member.run(member.stop(), member.stopped);
}

struct RefusedRoles {
    const char* name;
    std::vector<std::string> settings;
    const char* message;
};

TEST_CASE("cluster: roles that this version cannot have are refused before anything is opened",
          "[node][cluster]") {
    const RefusedRoles row = GENERATE(values<RefusedRoles>({
        {"the quorum of another node",
         {"controller.quorum.bootstrap.servers=localhost:9999"},
         "controller.quorum.bootstrap.servers names localhost:9999, which is not a controller "
         "listener of this node, and this version cannot add a controller to the quorum of another "
         "node. If it is this node's own address, set controller.quorum.voters=1@localhost:9999; "
         "to join that cluster as a broker, set process.roles=broker"},
    }));
    CAPTURE(row.name);
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk, 0, row.settings);
    member.run(member.start(), member.done);
    REQUIRE_FALSE(member.started);
    CHECK(member.started.error().message == row.message);
    CHECK(disk.contents("/data/meta.properties").empty());
    member.run(member.stop(), member.stopped);
}

}  // namespace
}  // namespace hw::broker
