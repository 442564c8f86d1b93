#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/replicas/replica_assigner.h"
#include "storage/small_file.h"
#include "test/unit/node/replicated.h"

/// Brokers with two data directories, one of which fails while the node goes on.
namespace hw::broker {
namespace {

const std::string kOne = "/data";
const std::string kTwo = "/data2";

/// Three nodes with two directories each, and six topics with a partition on all nodes.
struct Directories : Quorum {
    explicit Directories(std::uint64_t seed) : Quorum(seed, {"log.dirs=/data,/data2"}) {
        start_all();
        wait_leader(kFirst);
        for (int i = 0; i < 12; ++i) {
            topics.push_back(fmt::format("t{}", i));
            Member& member = node(kFirst);
            member.created.reset();
            member.control.spawn(Replicated::create_topic(member, topics.back(), "2"));
            REQUIRE(world.run_until([&] { return member.created.has_value(); }));
            REQUIRE(*member.created == wire::ErrorCode::none);
        }
        // A new ISR has all replicas, also those that are not created yet.
        wait_for(kFirst, [this] {
            return std::ranges::all_of(topics, [this](const std::string& topic) {
                return node(kFirst).in_sync[topic] == kAllNodes &&
                       std::ranges::all_of(kAll, [&](BrokerId id) {
                           return is_in(id, topic, kOne) || is_in(id, topic, kTwo);
                       });
            });
        });
    }
    sim::SimDisk& disk(BrokerId id) { return *disks[static_cast<std::size_t>(id.value() - 1)]; }
    /// Waits until what clients of `at` see is as wanted.
    void wait_for(BrokerId at, const std::function<bool()>& wanted) {
        REQUIRE(world.run_until([&] {
            (void)node(at).ask_topics();
            return wanted();
        }));
    }
    [[nodiscard]] bool is_in(BrokerId id, const std::string& topic, const std::string& directory) {
        return disk(id).has(fmt::format("{}/{}-0", directory, topic));
    }
    std::vector<std::string> topics;
};

TEST_CASE("failed directory: its partitions get other leaders, the others stay, the node goes on",
          "[node][directories]") {
    Directories cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const auto before = cluster.node(kFirst).led_by;
    const auto moving = std::ranges::find_if(cluster.topics, [&](const std::string& topic) {
        return cluster.is_in(before.at(topic), topic, kTwo);
    });
    REQUIRE(moving != cluster.topics.end());
    const BrokerId failing = before.at(*moving);
    const BrokerId witness = Quorum::other_than(failing);
    cluster.disk(failing).faults().failed.insert(kTwo);
    std::set<BrokerId> others = kAllNodes;
    others.erase(failing);
    cluster.wait_for(witness, [&] {
        return std::ranges::all_of(cluster.topics, [&](const std::string& topic) {
            const bool is_affected = cluster.is_in(failing, topic, kTwo);
            return cluster.node(witness).in_sync[topic] == (is_affected ? others : kAllNodes);
        });
    });
    for (const std::string& topic : cluster.topics) {
        const BrokerId leader = cluster.node(witness).led_by[topic];
        if (cluster.is_in(failing, topic, kTwo)) {
            CHECK(leader != failing);
        } else {
            CHECK(leader == before.at(topic));
        }
        CHECK(cluster.produces(leader, topic));
    }
    CHECK_FALSE(cluster.node(failing).node.ended().has_value());

    cluster.stop(failing);
    cluster.end(failing);
    cluster.disk(failing).faults().failed.clear();
    cluster.start(failing);
    cluster.wait_started(failing);
    cluster.wait_for(witness, [&] {
        return std::ranges::all_of(cluster.topics, [&](const std::string& topic) {
            return cluster.node(witness).in_sync[topic] == kAllNodes;
        });
    });
}

TEST_CASE("failed directory: a broker starts without it, serves the others, and gets it back",
          "[node][directories]") {
    Directories cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const bool is_damaged = GENERATE(false, true);
    const std::string properties = kTwo + "/meta.properties";
    const std::string contents = cluster.disk(kSecond).contents(properties);
    const auto put_properties = [&](const std::string& text) {
        REQUIRE(storage::replace_small_file(cluster.disk(kSecond), kTwo, "meta.properties", text));
    };
    cluster.stop(kSecond);
    cluster.end(kSecond);
    if (is_damaged) {
        put_properties("damaged\n");
    } else {
        cluster.disk(kSecond).faults().failed.insert(kTwo);
    }
    cluster.start(kSecond);
    cluster.wait_started(kSecond);
    cluster.wait_for(kFirst, [&] {
        return std::ranges::all_of(cluster.topics, [&](const std::string& topic) {
            const bool is_affected = cluster.is_in(kSecond, topic, kTwo);
            return cluster.node(kFirst).in_sync[topic].contains(kSecond) == !is_affected;
        });
    });
    for (const std::string& topic : cluster.topics) {
        CHECK(cluster.is_in(kSecond, topic, kOne) != cluster.is_in(kSecond, topic, kTwo));
        CHECK(cluster.produces(cluster.node(kFirst).led_by[topic], topic));
    }

    cluster.stop(kSecond);
    CHECK_FALSE(cluster.node(kSecond).node.ended().has_value());
    cluster.end(kSecond);
    cluster.disk(kSecond).faults().failed.clear();
    if (is_damaged) {
        put_properties(contents);
    }
    cluster.start(kSecond);
    cluster.wait_started(kSecond);
    cluster.wait_for(kFirst, [&] {
        return std::ranges::all_of(cluster.topics, [&](const std::string& topic) {
            return cluster.node(kFirst).in_sync[topic] == kAllNodes;
        });
    });
}

TEST_CASE("failed directory: a node that started without it goes on while there is no controller",
          "[node][directories]") {
    Directories cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    for (const BrokerId id : kAll) {
        cluster.kill(id);
    }
    cluster.disk(kSecond).faults().failed.insert(kTwo);
    cluster.start(kSecond);
    cluster.world.run_for(std::chrono::seconds(60));
    CHECK_FALSE(cluster.node(kSecond).node.ended().has_value());
}

TEST_CASE("failed directory: a controller does not start without that of its metadata log",
          "[node][directories]") {
    Directories cluster(1);
    cluster.stop(kSecond);
    cluster.end(kSecond);
    cluster.disk(kSecond).faults().failed.insert(kOne);
    cluster.start(kSecond);
    REQUIRE(cluster.world.run_until([&] { return cluster.node(kSecond).done; }));
    CHECK_FALSE(cluster.node(kSecond).started.has_value());
}

TEST_CASE("failed directory: a broker without any directory left ends", "[node][directories]") {
    Cluster cluster(1);
    cluster.start_all();
    cluster.create(kFirst, "t");
    cluster.disks[1]->faults().failed.insert(kOne);
    REQUIRE(
        cluster.world.run_until([&] { return cluster.node(kSecond).node.ended().has_value(); }));
    CHECK(cluster.node(kSecond).node.ended()->message.find(
              "no data directory (log.dirs) is left") != std::string::npos);
}

TEST_CASE("failed directory: the place of a log that was moved is told, so its failure counts",
          "[node][directories]") {
    Directories cluster(7);
    const BrokerId moving = kSecond;
    const auto found = std::ranges::find_if(cluster.topics, [&](const std::string& topic) {
        return cluster.is_in(moving, topic, kOne);
    });
    REQUIRE(found != cluster.topics.end());
    const std::string topic = *found;
    cluster.stop(moving);
    cluster.end(moving);
    REQUIRE(cluster.disk(moving).rename(fmt::format("{}/{}-0", kOne, topic),
                                        fmt::format("{}/{}-0", kTwo, topic)));
    cluster.start(moving);
    cluster.wait_started(moving);
    cluster.wait_for(kFirst, [&] { return cluster.node(kFirst).in_sync[topic] == kAllNodes; });
    // The controller may learn the place a little later than that the replica is in sync.
    cluster.world.run_for(std::chrono::seconds(1));
    cluster.disk(moving).faults().failed.insert(kTwo);
    cluster.wait_for(kFirst, [&] {
        return cluster.node(kFirst).in_sync[topic] == std::set<BrokerId>{kFirst, kThird};
    });
}

TEST_CASE("failed directory: a replica whose log cannot be made is told as lost, however late",
          "[node][directories]") {
    Directories cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    sim::SimDisk& disk = cluster.disk(kSecond);
    for (const std::string& directory : {kOne, kTwo}) {
        REQUIRE(disk.make_directories(directory + "/late-0"));
    }
    // Many updates of the metadata are applied before the creation fails.
    disk.faults().delay_least = std::chrono::milliseconds(300);
    disk.faults().delay_most = std::chrono::milliseconds(400);
    Member& member = cluster.node(kFirst);
    member.created.reset();
    member.control.spawn(Replicated::create_topic(member, "late", "2"));
    cluster.wait_for(kFirst, [&] {
        return cluster.node(kFirst).in_sync["late"] == std::set<BrokerId>{kFirst, kThird} &&
               cluster.node(kFirst).led_by["late"] != kSecond;
    });
    CHECK_FALSE(cluster.node(kSecond).node.ended().has_value());
}

constexpr DirectoryId kHere{Uuid{9, 1}};
constexpr DirectoryId kThere{Uuid{9, 2}};

/// What must be told when the metadata name `stated`, broker 1 has registered `kHere` only, and
/// the log is in `actual`.
std::optional<DirectoryId> told(DirectoryId stated, std::optional<DirectoryId> actual) {
    controller::MetadataImage image("cluster");
    controller::PartitionImage partition;
    partition.replicas = {kFirst};
    partition.directories = {stated};
    return directory_to_tell(image, partition, kFirst, actual);
}

TEST_CASE("replica assigner: only a place that the metadata do not have is told",
          "[node][directories]") {
    CHECK(told(kHere, kHere) == std::nullopt);
    CHECK(told(kThere, kHere) == kHere);
    CHECK(told(controller::kUnassignedDirectory, kHere) == kHere);
    CHECK(told(controller::kLostDirectory, kHere) == kHere);
}

TEST_CASE(
    "replica assigner: a replica without a log is told as lost, unless it is known as offline",
    "[node][directories]") {
    CHECK(told(controller::kUnassignedDirectory, std::nullopt) == controller::kLostDirectory);
    CHECK(told(controller::kLostDirectory, std::nullopt) == std::nullopt);
    CHECK(told(kThere, std::nullopt) == std::nullopt);
}

}  // namespace
}  // namespace hw::broker
