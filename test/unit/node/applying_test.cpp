#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "test/unit/node/replicated.h"

/// How nodes apply metadata: roles at once, files behind them.
namespace hw::broker {
namespace {

constexpr std::int32_t kMany = 300;
const std::string kTopic = "many";

/// The folders of topic "many" on a disk, also those that are marked for deletion.
std::size_t folders(sim::SimDisk& disk) {
    const auto entries = disk.list("/data");
    const auto is_of_topic = [](const auto& entry) { return entry.name.starts_with(kTopic + "-"); };
    return entries ? static_cast<std::size_t>(std::ranges::count_if(*entries, is_of_topic)) : 0;
}

void set_delay(sim::SimDisk& disk, Duration delay) {
    disk.faults().delay_least = delay;
    disk.faults().delay_most = delay;
}

/// A node with a slow disk.
struct SlowNode {
    explicit SlowNode(std::uint64_t seed, const std::vector<std::string>& settings = {})
        : world(seed), member(world, 1, disk, 0, settings) {
        member.run(member.start(), member.done);
        REQUIRE(member.started);
        set_delay(disk, std::chrono::milliseconds(20));
    }
    void create(std::int32_t partitions) {
        member.created.reset();
        member.control.spawn(member.create(kTopic, {}, partitions));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        REQUIRE(*member.created == wire::ErrorCode::none);
    }
    void remove() {
        member.removed.reset();
        member.control.spawn(member.remove(kTopic));
        REQUIRE(world.run_until([&] { return member.removed.has_value(); }));
        REQUIRE(*member.removed == wire::ErrorCode::none);
    }
    void wait_folders(std::size_t count) {
        REQUIRE(world.run_until([&] { return folders(disk) == count; }));
    }
    void wait_some_folders() {
        REQUIRE(world.run_until([&] { return folders(disk) > 0; }));
    }
    wire::ErrorCode produce() {
        member.produced.reset();
        member.control.spawn(member.produce(kTopic));
        REQUIRE(world.run_until([&] { return member.produced.has_value(); }));
        return *member.produced;
    }

    World world;
    sim::SimDisk disk{world.scheduler, 1};
    Member member;
};

/// Three nodes with slow disks, and a topic that node 2 leads.
struct SlowCluster : Cluster {
    explicit SlowCluster(std::uint64_t seed) : Cluster(seed) {
        start_all();
        for (int i = 0; led.empty(); ++i) {
            create_replicated(fmt::format("t{}", i), 1);
            for (const auto& [topic, leader] : node(kFirst).led_by) {
                led = leader == kSecond && node(kFirst).in_sync[topic].size() == 3 ? topic : led;
            }
        }
        for (const auto& disk : disks) {
            set_delay(*disk, std::chrono::milliseconds(100));
        }
    }
    void create_replicated(const std::string& topic, std::int32_t partitions) {
        Member& member = node(kFirst);
        member.created.reset();
        member.control.spawn(send_creation(member, topic, partitions));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        REQUIRE(*member.created == wire::ErrorCode::none);
        REQUIRE(world.run_until([&] {
            (void)member.ask_topics();
            return member.led_by.contains(topic);
        }));
    }
    static Task<> send_creation(Member& member, std::string topic, std::int32_t partitions) {
        const std::array topics{schema::CreateTopicsRequest::Topic{
            .name = topic, .num_partitions = partitions, .replication_factor = 3}};
        schema::CreateTopicsRequest request;
        request.topics = topics;
        request.timeout_ms = Millis(10'000);
        co_await member.send(request);
    }
    /// Ends the process of node 2, and waits until the next leader of its topic takes records.
    BrokerId change_leader() {
        kill(kSecond);
        BrokerId leader = kNoBroker;
        REQUIRE(world.run_until([&] {
            (void)node(kFirst).ask_topics();
            leader = node(kFirst).led_by[led];
            return leader != kSecond && leader != kNoBroker && takes_record(leader);
        }));
        return leader;
    }
    bool takes_record(BrokerId leader) {
        Member& member = node(leader);
        member.produced.reset();
        member.control.spawn(member.produce(led, 1));
        return world.run_until([&] { return member.produced.has_value(); }) &&
               *member.produced == wire::ErrorCode::none;
    }
    sim::SimDisk& disk_of(BrokerId id) { return *disks[static_cast<std::size_t>(id.value() - 1)]; }

    std::string led;
};

TEST_CASE("applying: a leader change is in force while most of many new logs are still to be made",
          "[node][applying]") {
    SlowCluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{3})));
    cluster.create_replicated(kTopic, kMany);
    const BrokerId leader = cluster.change_leader();
    CHECK(folders(cluster.disk_of(leader)) < kMany / 2);
    CHECK(cluster.world.run_until([&] { return folders(cluster.disk_of(leader)) == kMany; }));
}

TEST_CASE("applying: a leader change is in force while most of many logs are still to be removed",
          "[node][applying]") {
    SlowCluster cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{3})));
    cluster.create_replicated(kTopic, kMany);
    for (const BrokerId id : kAll) {
        REQUIRE(cluster.world.run_until([&] { return folders(cluster.disk_of(id)) == kMany; }));
    }
    Member& member = cluster.node(kFirst);
    member.control.spawn(member.remove(kTopic));
    REQUIRE(cluster.world.run_until([&] { return member.removed.has_value(); }));
    const BrokerId leader = cluster.change_leader();
    CHECK(folders(cluster.disk_of(leader)) > kMany / 2);
    const TimePoint limit = cluster.world.scheduler.now() + std::chrono::minutes(5);
    CHECK(cluster.world.scheduler.run_until([&] { return folders(cluster.disk_of(leader)) == 0; },
                                            limit));
}

TEST_CASE("applying: records for a new topic wait for its log", "[node][applying]") {
    SlowNode slow(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    slow.create(1);
    REQUIRE(slow.world.run_until([&] { return !slow.member.ask_topics().empty(); }));
    CHECK(slow.produce() == wire::ErrorCode::none);
    slow.member.run(slow.member.stop(), slow.member.stopped);
}

TEST_CASE("applying: records are refused when the log takes long, and taken when it is there",
          "[node][applying]") {
    SlowNode slow(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})),
                  {"log.dirs=/data", "metadata.log.dir=/meta"});
    slow.disk.faults().hung.insert("/data");
    slow.create(1);
    REQUIRE(slow.world.run_until([&] { return !slow.member.ask_topics().empty(); }));
    const TimePoint begin = slow.world.scheduler.now();
    CHECK(slow.produce() == wire::ErrorCode::not_leader_or_follower);
    CHECK(slow.world.scheduler.now() - begin < std::chrono::milliseconds(300));
    slow.disk.release("/data");
    CHECK(slow.produce() == wire::ErrorCode::none);
    slow.member.run(slow.member.stop(), slow.member.stopped);
}

TEST_CASE(
    "applying: a topic that is deleted while its logs are made leaves none, and can be made "
    "again at once",
    "[node][applying]") {
    SlowNode slow(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    slow.create(100);
    slow.wait_some_folders();
    slow.remove();
    slow.create(40);
    slow.remove();
    slow.create(3);
    REQUIRE(slow.world.run_until([&] { return slow.produce() == wire::ErrorCode::none; }));
    slow.wait_folders(3);
    slow.remove();
    slow.wait_folders(0);
    CHECK_FALSE(slow.member.node.ended());
    slow.member.run(slow.member.stop(), slow.member.stopped);
}

TEST_CASE("applying: a stop drops creations and removals that wait; the next start does them",
          "[node][applying]") {
    SlowNode slow(GENERATE(range(std::uint64_t{1}, std::uint64_t{5})));
    const bool removes = GENERATE(false, true);
    slow.create(kMany);
    if (removes) {
        slow.wait_folders(kMany);
        slow.remove();
    }
    slow.member.run(slow.member.stop(), slow.member.stopped);
    CHECK_FALSE(slow.member.node.ended());
    CHECK(folders(slow.disk) > 0);
    CHECK((removes || folders(slow.disk) < kMany));
    CHECK_FALSE(slow.disk.contents("/data/.kafka_cleanshutdown").empty());
    set_delay(slow.disk, std::chrono::milliseconds(1));
    Member next(slow.world, 1, slow.disk);
    next.run(next.start(), next.done);
    REQUIRE(next.started);
    const std::size_t wanted = removes ? 0 : kMany;
    // A broker serves when the logs that it needs are there.
    CHECK((removes || folders(slow.disk) == wanted));
    CHECK(slow.world.run_until([&] { return folders(slow.disk) == wanted; }));
    next.run(next.stop(), next.stopped);
}

}  // namespace
}  // namespace hw::broker
