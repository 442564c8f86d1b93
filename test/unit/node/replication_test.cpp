#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/node/replicated.h"

/// Partitions with a replica on each of three nodes.
namespace hw::broker {
namespace {

TEST_CASE("replication: a record with acks=all is on all replicas in sync, in the same bytes",
          "[node][replication]") {
    Replicated cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const BrokerId leader = cluster.wait_partition_leader(kFirst, kNoBroker);
    for (int i = 0; i < 5; ++i) {
        CHECK(cluster.send(leader, fmt::format("value-{};", i)));
    }
    for (const BrokerId id : kAll) {
        CHECK(cluster.log_of(id).find("value-4;") != std::string::npos);
    }
    cluster.wait_same_logs();
}

TEST_CASE("replication: a new leader is followed at once while the fetches of others rest",
          "[node][replication]") {
    Replicated cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const BrokerId old = cluster.wait_partition_leader(kFirst, kNoBroker);
    const BrokerId witness = Quorum::other_than(old);
    std::set<std::string> moving{"t"};
    // The fetches of each of them begin to rest at another time.
    for (int i = 0; i < 9; ++i) {
        const std::string topic = fmt::format("new-{}", i);
        cluster.create(topic, "2");
        if (cluster.wait_partition_leader(kFirst, kNoBroker, topic) == old) {
            moving.insert(topic);
        }
    }
    cluster.world.run_for(std::chrono::seconds(1));
    cluster.kill(old);
    for (const std::string& topic : moving) {
        const BrokerId leader = cluster.wait_partition_leader(witness, old, topic);
        CHECK(cluster.send(leader, "value;", std::chrono::milliseconds(100), topic));
    }
}

TEST_CASE("replication: when the leader dies another replica leads, and nothing is lost",
          "[node][replication]") {
    Replicated cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const BrokerId old = cluster.wait_partition_leader(kFirst, kNoBroker);
    REQUIRE(cluster.send(old, "before;"));
    cluster.kill(old);
    const BrokerId witness = Quorum::other_than(old);
    const BrokerId next = cluster.wait_partition_leader(witness, old);
    CHECK(cluster.log_of(next).find("before;") != std::string::npos);
    CHECK(cluster.send(next, "after;"));
    cluster.start(old);
    cluster.wait_started(old);
    cluster.wait_in_sync(witness, kAllNodes);
    CHECK(cluster.send(next, "again;"));
    cluster.wait_same_logs();
    CHECK(cluster.log_of(old).find("after;") != std::string::npos);
}

TEST_CASE("replication: with too few replicas in sync acks=all is refused until one is back",
          "[node][replication]") {
    Replicated cluster(1, "3");
    const BrokerId leader = cluster.wait_partition_leader(kFirst, kNoBroker);
    REQUIRE(cluster.send(leader, "one;"));
    const BrokerId gone = Quorum::other_than(leader);
    cluster.kill(gone);
    std::set<BrokerId> rest = kAllNodes;
    rest.erase(gone);
    cluster.wait_in_sync(leader, rest);
    CHECK_FALSE(cluster.send(leader, "two;"));
    CHECK(cluster.node(leader).produced == wire::ErrorCode::not_enough_replicas);
    cluster.start(gone);
    cluster.wait_started(gone);
    cluster.wait_in_sync(leader, kAllNodes);
    CHECK(cluster.send(leader, "three;"));
    cluster.wait_same_logs();
    CHECK(cluster.log_of(leader).find("two;") == std::string::npos);
}

TEST_CASE(
    "replication: nodes that all leave before any of them stops wait for no election and no "
    "time-out, and lose nothing",
    "[node][replication]") {
    Replicated cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    REQUIRE(cluster.send(cluster.partition_leader(kFirst), "kept"));
    const TimePoint begin = cluster.world.scheduler.now();
    const auto run_all = [&](Task<> (Member::*part)(), bool Member::* has_ended) {
        for (const BrokerId id : kAll) {
            cluster.node(id).control.spawn((cluster.node(id).*part)());
        }
        REQUIRE(cluster.world.run_until([&] {
            return std::ranges::all_of(kAll,
                                       [&](BrokerId id) { return cluster.node(id).*has_ended; });
        }));
    };
    run_all(&Member::leave, &Member::left);
    run_all(&Member::stop, &Member::stopped);
    CHECK(cluster.world.scheduler.now() - begin < std::chrono::milliseconds(700));
    for (const BrokerId id : kAll) {
        CHECK_FALSE(cluster.node(id).node.ended());
        cluster.end(id);
        cluster.start(id);
    }
    for (const BrokerId id : kAll) {
        cluster.wait_started(id);
    }
    cluster.wait_in_sync(kFirst, kAllNodes);
    cluster.wait_same_logs();
    CHECK(cluster.log_of(kFirst).contains("kept"));
}

TEST_CASE("replication: a leader that is cut off is replaced, and cuts what nobody else has",
          "[node][replication][kip-101]") {
    Replicated cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const BrokerId old = cluster.wait_partition_leader(kFirst, kNoBroker);
    REQUIRE(cluster.send(old, "before;"));
    cluster.isolate(old);
    CHECK_FALSE(cluster.send(old, "lost;", std::chrono::seconds(1)));
    const BrokerId witness = Quorum::other_than(old);
    const BrokerId next = cluster.wait_partition_leader(witness, old);
    CHECK(cluster.send(next, "after;"));
    CHECK(cluster.log_of(old).find("lost;") != std::string::npos);
    cluster.world.network.heal();
    cluster.wait_in_sync(witness, kAllNodes);
    cluster.wait_same_logs();
    CHECK(cluster.log_of(old).find("lost;") == std::string::npos);
    CHECK(cluster.log_of(old).find("after;") != std::string::npos);
}

TEST_CASE(
    "replication: a leader that hears nobody refuses records after its session, also waiting ones",
    "[node][replication]") {
    Replicated cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const BrokerId old = cluster.wait_partition_leader(kFirst, kNoBroker);
    REQUIRE(cluster.send(old, "before;"));
    cluster.isolate(old);
    CHECK_FALSE(cluster.send(old, "waiting;", std::chrono::seconds(5)));
    CHECK(cluster.node(old).produced == wire::ErrorCode::not_leader_or_follower);
    CHECK_FALSE(cluster.send(old, "late;", std::chrono::seconds(1)));
    CHECK(cluster.node(old).produced == wire::ErrorCode::not_leader_or_follower);
    CHECK(cluster.log_of(old).find("late;") == std::string::npos);
    cluster.world.network.heal();
    cluster.wait_in_sync(Quorum::other_than(old), kAllNodes);
    cluster.wait_same_logs();
}

/// Deaths, power losses and cuts at random, while records are sent.
struct Storm : Replicated {
    explicit Storm(std::uint64_t seed) : Replicated(seed), random(world.scheduler.random()) {}

    void round() {
        const BrokerId id = kAll[random.below(3)];
        switch (random.below(6)) {
            case 0:
                runs(id) ? kill(id) : start(id);
                break;
            case 1:
                runs(id) ? lose_power(id) : start(id);
                break;
            case 2:
                isolate(id);
                break;
            case 3:
                for (const BrokerId each : kAll) {
                    if (runs(each)) {
                        lose_power(each);
                    }
                }
                break;
            default:
                calm();
        }
        for (int i = 0; i < 4; ++i) {
            send_some();
        }
    }
    void calm() {
        world.network.heal();
        for (const BrokerId id : kAll) {
            if (!runs(id)) {
                start(id);
            }
        }
        world.run_for(std::chrono::milliseconds(random.below(6000)));
    }
    void send_some() {
        const BrokerId at = kAll[random.below(3)];
        if (!runs(at) || !node(at).done || !node(at).started) {
            return;
        }
        const std::string value = fmt::format("value-{};", ++sent);
        if (send(at, value, std::chrono::milliseconds(200 + random.below(800)))) {
            acknowledged.push_back(value);
        }
    }

    Random random;
    int sent = 0;
    std::vector<std::string> acknowledged;
};

TEST_CASE(
    "replication: acknowledged records survive deaths, power losses, also of all, and cuts, and "
    "the replicas end with the same log",
    "[node][replication][seeded]") {
    std::size_t acknowledged = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        INFO("seed " << seed);
        Storm storm(seed);
        for (int i = 0; i < 25; ++i) {
            storm.round();
        }
        storm.calm();
        for (const BrokerId id : kAll) {
            storm.wait_started(id);
        }
        storm.wait_in_sync(kFirst, kAllNodes);
        storm.wait_same_logs();
        const std::string log = storm.log_of(kFirst);
        for (const std::string& value : storm.acknowledged) {
            INFO(value);
            CHECK(log.find(value) != std::string::npos);
        }
        acknowledged += storm.acknowledged.size();
    }
    CHECK(acknowledged > 100);
}

}  // namespace
}  // namespace hw::broker
