#include "test/unit/node/quorum.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// Quorums of three controllers in one process.
namespace hw::broker {
namespace {

TEST_CASE("quorum: three nodes form a cluster in any order of start", "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    std::vector<BrokerId> order{kFirst, kSecond, kThird};
    Random random(quorum.world.scheduler.random());
    for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[random.below(i)]);
    }
    for (const BrokerId id : order) {
        quorum.start(id);
        quorum.world.run_for(std::chrono::milliseconds(random.between(0, 3000)));
    }
    for (const BrokerId id : kAll) {
        quorum.wait_started(id);
        quorum.wait_brokers(id, {kFirst, kSecond, kThird});
    }
    const BrokerId leader = quorum.wait_leader(kFirst);
    for (const BrokerId id : kAll) {
        CHECK(quorum.wait_leader(id) == leader);
    }
}

TEST_CASE("quorum: a node without a majority waits, and says for whom", "[node][quorum]") {
    Quorum quorum(1);
    quorum.start(kSecond);
    quorum.world.run_for(std::chrono::minutes(5));
    CHECK_FALSE(quorum.node(kSecond).done);
    CHECK(quorum.world.log.count("the metadata quorum has no leader; it needs 2 of its 3 voters: "
                                 "1@localhost:9091, 2@localhost:9092, 3@localhost:9093") > 10);
    quorum.start(kThird);
    quorum.wait_started(kSecond);
    quorum.wait_started(kThird);
    quorum.wait_brokers(kSecond, {kSecond, kThird});
}

TEST_CASE("quorum: a start without a majority can be cancelled", "[node][quorum]") {
    Quorum quorum(1);
    quorum.start(kSecond);
    quorum.world.run_for(std::chrono::seconds(5));
    Member& member = quorum.node(kSecond);
    member.node.cancel_start();
    REQUIRE(quorum.world.run_until([&] { return member.done; }));
    CHECK(member.node.start_cancelled());
    const TimePoint begin = quorum.world.scheduler.now();
    quorum.stop(kSecond);
    CHECK(quorum.world.scheduler.now() - begin < std::chrono::seconds(3));
    CHECK_FALSE(member.node.ended());
}

TEST_CASE(
    "quorum: when the leader dies, another node leads within two seconds, and what was "
    "acknowledged is there",
    "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{31})));
    quorum.start_all();
    const BrokerId old = quorum.wait_leader(kFirst);
    const BrokerId witness = Quorum::other_than(old);
    quorum.create(witness, "before");
    quorum.kill(old);
    const TimePoint begin = quorum.world.scheduler.now();
    const BrokerId next = quorum.wait_leader(witness, old);
    CHECK(quorum.world.scheduler.now() - begin < std::chrono::seconds(2));
    CHECK(next != old);
    quorum.create(witness, "after");
    quorum.start(old);
    quorum.wait_started(old);
    quorum.wait_brokers(old, {kFirst, kSecond, kThird});
    CHECK(quorum.node(old).ask_topics().size() == 2);
}

TEST_CASE("quorum: a leader that stops hands over at once", "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    quorum.start_all();
    const BrokerId old = quorum.wait_leader(kFirst);
    const BrokerId witness = Quorum::other_than(old);
    quorum.stop(old);
    quorum.kill(old);
    const TimePoint begin = quorum.world.scheduler.now();
    quorum.wait_leader(witness, old);
    CHECK(quorum.world.scheduler.now() - begin < std::chrono::milliseconds(700));
}

TEST_CASE("quorum: acknowledged topics survive deaths and power losses of any nodes, also of all",
          "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    Random random(quorum.world.scheduler.random());
    quorum.start_all();
    std::set<std::string> acknowledged;
    for (int round = 0; round < 6; ++round) {
        const BrokerId through = kAll[random.below(kAll.size())];
        Member& member = quorum.node(through);
        const std::string topic = fmt::format("topic-{}", round);
        member.control.spawn(member.create(topic));
        quorum.world.run_for(std::chrono::microseconds(random.between(0, 20'000)));
        if (member.created == wire::ErrorCode::none) {
            acknowledged.insert(topic);
        }
        const bool all_die = random.chance(1, 3);
        const BrokerId victim = kAll[random.below(kAll.size())];
        for (const BrokerId id : kAll) {
            if (all_die || id == victim) {
                quorum.lose_power(id);
            }
        }
        for (const BrokerId id : kAll) {
            if (all_die || id == victim) {
                quorum.start(id);
            }
        }
        for (const BrokerId id : kAll) {
            quorum.wait_started(id);
        }
    }
    for (const BrokerId id : kAll) {
        quorum.wait_brokers(id, {kFirst, kSecond, kThird});
        CHECK(std::ranges::includes(quorum.topics(id), acknowledged));
    }
}

TEST_CASE("quorum: three controllers serve brokers that have no controller", "[node][quorum]") {
    std::vector<std::vector<std::string>> settings;
    for (const BrokerId id : kAll) {
        settings.push_back(voter_settings(id, "controller"));
    }
    for (int i = 0; i < 2; ++i) {
        settings.push_back({"process.roles=broker", "listeners=PLAINTEXT://localhost:0",
                            "controller.quorum.bootstrap.servers=localhost:9091,localhost:9092"});
    }
    Cluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})), settings);
    constexpr BrokerId kFourth{4};
    constexpr BrokerId kFifth{5};
    for (const BrokerId id : kAll) {
        cluster.format(id);
        cluster.start(id);
    }
    for (const BrokerId id : {kFourth, kFifth}) {
        cluster.start(id);
    }
    for (const BrokerId id : {kFirst, kSecond, kThird, kFourth, kFifth}) {
        cluster.wait_started(id);
    }
    cluster.wait_brokers(kFourth, {kFourth, kFifth});
    cluster.create(kFourth, "orders");
    for (const BrokerId id : kAll) {
        cluster.kill(id);
        cluster.create(kFifth, fmt::format("without-{}", id));
        cluster.start(id);
        cluster.wait_started(id);
    }
    for (const BrokerId id : {kFifth, kThird, kSecond, kFirst}) {
        cluster.stop(id);
        CHECK_FALSE(cluster.node(id).node.ended());
    }
}

TEST_CASE("quorum: a controller that was alone refuses to start as one of three",
          "[node][quorum]") {
    Cluster cluster(1);
    cluster.start(kFirst);
    cluster.wait_started(kFirst);
    cluster.stop(kFirst);
    cluster.kill(kFirst);
    cluster.start(kFirst, voter_settings(kFirst, "broker,controller"));
    Member& first = cluster.node(kFirst);
    REQUIRE(cluster.world.run_until([&] { return first.done; }));
    REQUIRE_FALSE(first.started);
    CHECK(first.started.error().message.starts_with(
        "controller.quorum.voters names the nodes 1, 2, 3, but this controller has voted with the "
        "nodes 1 "));
}

TEST_CASE("quorum: a leader whose disk fails is replaced before it has stopped", "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    quorum.start_all();
    const BrokerId old = quorum.wait_leader(kFirst);
    const BrokerId witness = Quorum::other_than(old);
    quorum.disks[static_cast<std::size_t>(old.value() - 1)]->faults().sync_error_one_in = 1;
    Member& through = quorum.node(witness);
    through.control.spawn(through.create("orders"));
    const TimePoint begin = quorum.world.scheduler.now();
    quorum.wait_leader(witness, old);
    CHECK(quorum.world.scheduler.now() - begin < std::chrono::seconds(3));
    REQUIRE(quorum.world.run_until([&] { return quorum.node(old).node.ended().has_value(); }));
    quorum.stop(old);
}

TEST_CASE("quorum: a leader that is cut off is replaced, decides nothing more, and follows later",
          "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{16})));
    quorum.start_all();
    const BrokerId old = quorum.wait_leader(kFirst);
    const BrokerId witness = Quorum::other_than(old);
    quorum.create(witness, "before");
    quorum.isolate(old);
    Member& cut_off = quorum.node(old);
    cut_off.control.spawn(cut_off.create("lost"));
    const TimePoint begin = quorum.world.scheduler.now();
    quorum.wait_leader(witness, old);
    CHECK(quorum.world.scheduler.now() - begin < std::chrono::milliseconds(3500));
    quorum.create(witness, "after");
    quorum.world.run_for(std::chrono::seconds(2));
    CHECK(quorum.world.log.count("this node no longer leads the metadata quorum") == 1);
    CHECK(cut_off.created != wire::ErrorCode::none);
    quorum.world.network.heal();
    quorum.wait_brokers(old, {kFirst, kSecond, kThird});
    quorum.wait_topics({"after", "before"});
}

TEST_CASE("quorum: a follower that was cut off comes back without an election", "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    quorum.start_all();
    const BrokerId leader = quorum.wait_leader(kFirst);
    quorum.isolate(Quorum::other_than(leader));
    quorum.world.run_for(std::chrono::seconds(20));
    quorum.create(leader, "orders");
    quorum.world.network.heal();
    quorum.wait_brokers(leader, {kFirst, kSecond, kThird});
    quorum.wait_topics({"orders"});
    CHECK(quorum.wait_leader(leader) == leader);
    CHECK(quorum.world.log.count("this node leads the metadata quorum in epoch") == 1);
}

TEST_CASE("quorum: a follower that can only hear or only be heard does not disturb the others",
          "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    quorum.start_all();
    const BrokerId leader = quorum.wait_leader(kFirst);
    const auto deaf = static_cast<sim::NodeTag>(Quorum::other_than(leader).value());
    const bool is_deaf = GENERATE(true, false);
    for (sim::NodeTag other = 1; other <= 3; ++other) {
        if (other != deaf) {
            quorum.world.network.block(is_deaf ? other : deaf, is_deaf ? deaf : other);
        }
    }
    quorum.world.run_for(std::chrono::seconds(20));
    quorum.create(leader, "orders");
    CHECK(quorum.wait_leader(leader) == leader);
    CHECK(quorum.world.log.count("this node leads the metadata quorum in epoch") == 1);
    quorum.world.network.heal();
    quorum.wait_brokers(leader, {kFirst, kSecond, kThird});
    quorum.wait_topics({"orders"});
}

TEST_CASE("quorum: a follower that cannot hear the leader gets no votes from one that can",
          "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    quorum.start_all();
    const BrokerId leader = quorum.wait_leader(kFirst);
    const BrokerId deaf = Quorum::other_than(leader);
    quorum.world.network.block(static_cast<sim::NodeTag>(leader.value()),
                               static_cast<sim::NodeTag>(deaf.value()));
    quorum.world.run_for(std::chrono::seconds(20));
    CHECK(quorum.world.log.count("this node leads the metadata quorum in epoch") == 1);
    quorum.create(leader, "orders");
    quorum.world.network.heal();
    quorum.wait_topics({"orders"});
    CHECK(quorum.wait_leader(leader) == leader);
}

/// Breaks one thing at random for a while. Returns the nodes whose processes have ended.
std::vector<BrokerId> break_something(Quorum& quorum, Random& random) {
    std::vector<BrokerId> ended;
    const BrokerId victim = kAll[random.below(kAll.size())];
    switch (random.below(4)) {
        case 0:
            quorum.isolate(victim);
            break;
        case 1: {
            const auto from = static_cast<sim::NodeTag>(victim.value());
            quorum.world.network.block(from, from % 3 + 1);
            break;
        }
        case 2:
            quorum.kill(victim);
            ended.push_back(victim);
            break;
        default:
            for (const BrokerId id : kAll) {
                if (id == victim || random.chance(1, 2)) {
                    quorum.lose_power(id);
                    ended.push_back(id);
                }
            }
    }
    return ended;
}

TEST_CASE("quorum: acknowledged topics survive cuts, deaths and power losses one upon the other",
          "[node][quorum]") {
    Quorum quorum(GENERATE(range(std::uint64_t{1}, std::uint64_t{41})));
    Random random(quorum.world.scheduler.random());
    quorum.start_all();
    std::set<std::string> acknowledged;
    for (int round = 0; round < 8; ++round) {
        const std::vector<BrokerId> ended = break_something(quorum, random);
        const BrokerId through = kAll[random.below(kAll.size())];
        const std::string topic = fmt::format("topic-{}", round);
        const bool runs = std::ranges::find(ended, through) == ended.end() &&
                          quorum.node(through).done && quorum.node(through).started;
        if (runs) {
            Member& member = quorum.node(through);
            member.control.spawn(member.create(topic));
        }
        quorum.world.run_for(std::chrono::milliseconds(random.between(0, 4000)));
        if (runs && quorum.node(through).created == wire::ErrorCode::none) {
            acknowledged.insert(topic);
        }
        for (const BrokerId id : ended) {
            quorum.start(id);
        }
        if (random.chance(1, 2)) {
            quorum.world.network.heal();
        }
        if (random.chance(1, 2)) {
            quorum.world.run_for(std::chrono::seconds(2));
        }
    }
    quorum.world.network.heal();
    for (const BrokerId id : kAll) {
        quorum.wait_started(id);
    }
    quorum.wait_brokers(kFirst, {kFirst, kSecond, kThird});
    quorum.wait_topics(acknowledged);
}

}  // namespace
}  // namespace hw::broker
