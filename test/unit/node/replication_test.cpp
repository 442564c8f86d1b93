#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/node/quorum.h"

/// Partitions with a replica on each of three nodes.
namespace hw::broker {
namespace {

const std::set<BrokerId> kAllNodes{kFirst, kSecond, kThird};

/// Three nodes, each controller and broker, and topic "t" with a partition on all of them.
struct Replicated : Quorum {
    explicit Replicated(std::uint64_t seed, std::string min_isr = "2") : Quorum(seed) {
        start_all();
        wait_leader(kFirst);
        create("t", std::move(min_isr));
        wait_in_sync(kFirst, kAllNodes);
    }
    /// Creates a topic with one partition on all nodes.
    void create(const std::string& topic, std::string min_isr) {
        Member& member = node(kFirst);
        member.created.reset();
        member.control.spawn(create_topic(member, topic, std::move(min_isr)));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        INFO(member.create_message);
        REQUIRE(*member.created == wire::ErrorCode::none);
    }
    static Task<> create_topic(Member& member, std::string topic, std::string min_isr) {
        const std::array configs{schema::CreateTopicsRequest::Config{
            .name = "min.insync.replicas", .value = std::string_view(min_isr)}};
        const std::array topics{schema::CreateTopicsRequest::Topic{
            .name = topic, .num_partitions = 1, .replication_factor = 3, .configs = configs}};
        schema::CreateTopicsRequest request;
        request.topics = topics;
        request.timeout_ms = Millis(10'000);
        co_await member.send(request);
    }

    [[nodiscard]] bool runs(BrokerId id) {
        return nodes[static_cast<std::size_t>(id.value() - 1)] != nullptr;
    }
    /// The leader of the partition, as clients of `at` see it.
    BrokerId partition_leader(BrokerId at, const std::string& topic = "t") {
        node(at).asked = false;
        node(at).control.spawn(node(at).ask());
        // A node without a session does not answer.
        world.run_for(std::chrono::milliseconds(20));
        return node(at).asked && node(at).led_by.contains(topic) ? node(at).led_by[topic]
                                                                 : kNoBroker;
    }
    void wait_in_sync(BrokerId at, const std::set<BrokerId>& wanted) {
        REQUIRE(world.run_until([&] {
            (void)node(at).ask_topics();
            return node(at).in_sync["t"] == wanted;
        }));
    }
    /// Waits until clients of `at` see a leader other than `old`.
    BrokerId wait_partition_leader(BrokerId at, BrokerId old, const std::string& topic = "t") {
        BrokerId found = kNoBroker;
        REQUIRE(world.run_until([&] {
            found = partition_leader(at, topic);
            return found != kNoBroker && found != old;
        }));
        return found;
    }
    /// Sends a record to `leader` with acks=all; whether it was acknowledged within `limit`.
    bool send(BrokerId leader, const std::string& value, Duration limit = std::chrono::seconds(15),
              const std::string& topic = "t") {
        Member& member = node(leader);
        member.produced.reset();
        member.control.spawn(member.produce(topic, -1, kNoProducerId, value));
        const TimePoint end = world.scheduler.now() + limit;
        world.scheduler.run_until([&] { return member.produced.has_value(); }, end);
        return member.produced == wire::ErrorCode::none;
    }
    std::string log_of(BrokerId id) {
        return disks[static_cast<std::size_t>(id.value() - 1)]->contents(
            "/data/t-0/00000000000000000000.log");
    }
    /// Waits until the logs of all nodes are the same bytes.
    void wait_same_logs() {
        REQUIRE(world.run_until([&] {
            world.run_for(std::chrono::milliseconds(10));
            return log_of(kFirst) == log_of(kSecond) && log_of(kSecond) == log_of(kThird);
        }));
    }
};

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
    // The fetches of each of them begin to rest at another time.
    std::set<std::string> moving;
    for (int i = 0; i < 9; ++i) {
        const std::string topic = fmt::format("new-{}", i);
        cluster.create(topic, "2");
        if (cluster.wait_partition_leader(kFirst, kNoBroker, topic) == kThird) {
            moving.insert(topic);
        }
    }
    REQUIRE(!moving.empty());
    cluster.world.run_for(std::chrono::seconds(1));
    cluster.kill(kThird);
    for (const std::string& topic : moving) {
        const BrokerId leader = cluster.wait_partition_leader(kFirst, kThird, topic);
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
