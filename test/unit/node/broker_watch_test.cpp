#include "broker/quorum/broker_watch.h"

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/node/replicated.h"

/// The active controller notices that the process of a broker has ended.
namespace hw::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Watched : Replicated {
    explicit Watched(std::uint64_t seed) : Replicated(seed) {}

    /// The active controller.
    BrokerId active() { return wait_leader(kFirst); }
    /// A node that is neither of these.
    static BrokerId other_than(BrokerId one, BrokerId two) {
        for (const BrokerId id : kAll) {
            if (id != one && id != two) {
                return id;
            }
        }
        return kNoBroker;
    }
    const controller::PartitionImage& partition(BrokerId at) {
        return *node(at).node.metadata()->find_topic("t")->partitions.find(PartitionIndex(0));
    }
    bool shows_fenced(BrokerId at, BrokerId id) {
        return node(at).node.metadata()->find_broker(id)->fenced;
    }
    /// Waits until `at` shows that `id` is fenced and another broker leads. Returns how long.
    Duration wait_fenced(BrokerId at, BrokerId id) {
        const TimePoint begin = world.scheduler.now();
        REQUIRE(world.run_until([&] {
            const auto& now = partition(at);
            return shows_fenced(at, id) && now.leader != id && now.leader != kNoBroker;
        }));
        return world.scheduler.now() - begin;
    }
    /// How often a controller has become the active one.
    [[nodiscard]] std::ptrdiff_t terms() const {
        return world.log.count("this node leads the metadata quorum in epoch");
    }
    /// How many brokers were fenced without waiting for the end of their session.
    [[nodiscard]] std::ptrdiff_t fenced_by_watch() const { return world.log.count("is gone: "); }
};

TEST_CASE("watch: a broker that is killed is fenced, and others lead, within 200 ms",
          "[node][watch]") {
    Watched cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    const BrokerId active = cluster.active();
    const BrokerId killed = Quorum::other_than(active);
    const BrokerId witness = Watched::other_than(active, killed);
    cluster.world.run_for(seconds(1));
    cluster.kill(killed);
    CHECK(cluster.wait_fenced(witness, killed) < milliseconds(200));
    CHECK(cluster.world.log.count(fmt::format("broker {} is gone: its heartbeat connection ended "
                                              "and its listeners refuse",
                                              killed)) == 1);
    CHECK(cluster.fenced_by_watch() == 1);
    cluster.start(killed);
    cluster.wait_started(killed);
    cluster.wait_in_sync(witness, kAllNodes);
    CHECK(cluster.fenced_by_watch() == 1);
}

TEST_CASE("watch: a new active controller fences the dead broker of the old one soon",
          "[node][watch]") {
    Watched cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    const BrokerId old = cluster.active();
    const BrokerId witness = Quorum::other_than(old);
    cluster.world.run_for(seconds(1));
    const auto terms = cluster.terms();
    cluster.kill(old);
    REQUIRE(cluster.world.run_until([&] { return cluster.terms() > terms; }));
    CHECK(cluster.wait_fenced(witness, old) < milliseconds(400));
    CHECK(cluster.fenced_by_watch() == 1);
}

TEST_CASE("watch: a broker that cannot be reached is fenced only when its session has expired",
          "[node][watch]") {
    Watched cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const BrokerId active = cluster.active();
    const BrokerId gone = Quorum::other_than(active);
    const BrokerId witness = Watched::other_than(active, gone);
    const bool has_power = GENERATE(true, false);
    has_power ? cluster.isolate(gone) : cluster.lose_power(gone);
    const Duration waited = cluster.wait_fenced(witness, gone);
    CHECK(waited > milliseconds(2400));
    CHECK(waited < milliseconds(3300));
    CHECK(cluster.fenced_by_watch() == 0);
}

TEST_CASE("watch: a new active controller waits for the session of a broker that does not answer",
          "[node][watch]") {
    Watched cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const BrokerId old = cluster.active();
    const BrokerId witness = Quorum::other_than(old);
    const auto terms = cluster.terms();
    const bool has_power = GENERATE(true, false);
    has_power ? cluster.isolate(old) : cluster.lose_power(old);
    REQUIRE(cluster.world.run_until([&] { return cluster.terms() > terms; }));
    CHECK(cluster.wait_fenced(witness, old) > milliseconds(2900));
    CHECK(cluster.fenced_by_watch() == 0);
}

TEST_CASE("watch: connections that are reset while the brokers live fence none of them",
          "[node][watch]") {
    Watched cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    cluster.active();
    cluster.world.network.set_faults({.reset_one_in = 30});
    cluster.world.run_for(seconds(20));
    cluster.world.network.set_faults({});
    cluster.wait_in_sync(kFirst, kAllNodes);
    CHECK(cluster.fenced_by_watch() == 0);
}

TEST_CASE("watch: a broker that is started again at once is not fenced", "[node][watch]") {
    Quorum cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    for (const BrokerId id : kAll) {
        auto& settings = cluster.settings[static_cast<std::size_t>(id.value() - 1)];
        settings.push_back(
            fmt::format("listeners=PLAINTEXT://localhost:919{0},"
                        "CONTROLLER://localhost:909{0}",
                        id));
    }
    cluster.start_all();
    const BrokerId restarted = Quorum::other_than(cluster.wait_leader(kFirst));
    cluster.world.run_for(seconds(1));
    cluster.kill(restarted);
    cluster.world.run_for(milliseconds(50));
    cluster.start(restarted);
    cluster.wait_started(restarted);
    cluster.wait_brokers(restarted, kAllNodes);
    cluster.world.run_for(seconds(1));
    CHECK(cluster.world.log.count("is gone: ") == 0);
}

TEST_CASE("watch: brokers that stop are not taken for dead, also when the active controller stops",
          "[node][watch]") {
    Watched cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const BrokerId active = cluster.active();
    const BrokerId other = Quorum::other_than(active);
    const BrokerId witness = Watched::other_than(active, other);
    const bool both = GENERATE(true, false);
    cluster.node(active).control.spawn(cluster.node(active).stop());
    if (both) {
        cluster.node(other).control.spawn(cluster.node(other).stop());
    }
    REQUIRE(cluster.world.run_until(
        [&] { return cluster.node(active).stopped && (!both || cluster.node(other).stopped); }));
    cluster.world.run_for(seconds(1));
    CHECK(cluster.fenced_by_watch() == 0);
    // Without two of three controllers the last changes may remain uncommitted.
    CHECK((both || cluster.shows_fenced(witness, active)));
}

/// Three controllers, and brokers 4 and 5, which hold the partition of topic "t".
struct Apart : Cluster {
    explicit Apart(std::uint64_t seed) : Cluster(seed, settings_of_all()) {
        for (const BrokerId id : kAll) {
            format(id);
        }
        for (const BrokerId id : {kFirst, kSecond, kThird, kFourth, kFifth}) {
            start(id);
        }
        for (const BrokerId id : {kFirst, kSecond, kThird, kFourth, kFifth}) {
            wait_started(id);
        }
        wait_brokers(kFourth, {kFourth, kFifth});
        node(kFourth).control.spawn(create_topic(node(kFourth)));
        REQUIRE(created(kFourth) == wire::ErrorCode::none);
        REQUIRE(world.run_until([&] {
            (void)node(kFourth).ask_topics();
            return node(kFourth).in_sync["t"] == std::set{kFourth, kFifth};
        }));
    }
    static std::vector<std::vector<std::string>> settings_of_all() {
        const std::vector<std::string> broker{
            "process.roles=broker", "listeners=PLAINTEXT://localhost:0",
            "controller.quorum.voters=1@localhost:9091,2@localhost:9092,3@localhost:9093"};
        return {voter_settings(kFirst, "controller"), voter_settings(kSecond, "controller"),
                voter_settings(kThird, "controller"), broker, broker};
    }
    static Task<> create_topic(Member& member) {
        const std::array topics{schema::CreateTopicsRequest::Topic{
            .name = "t", .num_partitions = 1, .replication_factor = 2}};
        schema::CreateTopicsRequest request;
        request.topics = topics;
        request.timeout_ms = Millis(10'000);
        co_await member.send(request);
    }

    static constexpr BrokerId kFourth{4};
    static constexpr BrokerId kFifth{5};
};

TEST_CASE("watch: a broker that answers its last requests is not fenced by a new active controller",
          "[node][watch]") {
    Apart cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    (void)cluster.node(Apart::kFourth).ask_topics();
    const BrokerId active = cluster.node(kFirst).node.quorum()->core().leader();
    const BrokerId stopping = cluster.node(Apart::kFourth).led_by["t"];
    cluster.world.run_for(seconds(1));
    cluster.isolate(stopping == Apart::kFourth ? Apart::kFifth : Apart::kFourth);
    cluster.kill(active);
    // The record waits for the other replica. So the stop takes long, and the broker does not
    // listen any more.
    Member& member = cluster.node(stopping);
    member.control.spawn(member.produce("t", -1));
    cluster.world.run_for(milliseconds(5));
    const TimePoint begin = cluster.world.scheduler.now();
    member.control.spawn(member.stop_before_client());
    REQUIRE(cluster.world.run_until([&] { return member.stopped; }));
    CHECK(cluster.world.scheduler.now() - begin > seconds(2));
    CHECK(member.produced == wire::ErrorCode::none);
    CHECK(cluster.world.log.count("is gone: ") == 0);
}

}  // namespace
}  // namespace hw::broker
