#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "storage/data_directory.h"
#include "storage/log_folder.h"
#include "storage/small_file.h"
#include "test/unit/node/replicated.h"

/// Logs on the disk of a broker that the metadata do not place there.
namespace hw::broker {
namespace {

constexpr TopicId kUnknown{Uuid{7, 7}};

struct Strays : Replicated {
    explicit Strays(std::uint64_t seed = 1) : Replicated(seed) {
        REQUIRE(produces(partition_leader(kFirst), "t"));
    }
    sim::SimDisk& disk() { return *disks[1]; }
    void stop_second() {
        stop(kSecond);
        end(kSecond);
    }
    void start_second() {
        start(kSecond);
        wait_started(kSecond);
    }
    /// Makes the folder of a log with some contents.
    void make_log(const std::string& topic, int index, TopicId id) {
        const storage::TopicPartition name(topic, PartitionIndex(index));
        REQUIRE(storage::create_log_folders(disk(), "/data", {{name, id}}).front().has_value());
    }
    TopicId id_of(const std::string& folder) {
        const std::string path = folder + "/" + storage::kPartitionMetadataFile;
        return *storage::parse_partition_metadata(disk().contents(path), path);
    }
    /// The folder into which the log `name` was set aside; nothing if there is none.
    std::optional<std::string> stray(const std::string& name) {
        const std::vector<storage::DirectoryEntry> entries = *disk().list("/data");
        for (const storage::DirectoryEntry& entry : entries) {
            if (entry.name.starts_with(name + ".") &&
                storage::parse_folder_name(entry.name).kind == storage::FolderKind::stray) {
                return "/data/" + entry.name;
            }
        }
        return std::nullopt;
    }
    void wait_stray(const std::string& name) {
        REQUIRE(world.run_until([&] { return stray(name).has_value(); }));
        world.run_for(std::chrono::milliseconds(10));  // until it is told
    }
    /// Waits until the folder has gone, also from stable storage.
    void wait_removed(const std::string& folder) {
        REQUIRE(world.run_until([&] {
            world.run_for(std::chrono::milliseconds(10));
            return !disk().has(folder);
        }));
    }
};

TEST_CASE("stray: the log of a topic that is not in the metadata is set aside, and left alone",
          "[node][stray]") {
    Strays cluster;
    cluster.stop_second();
    cluster.make_log("old", 0, kUnknown);
    cluster.start_second();
    cluster.wait_stray("old-0");
    const std::string folder = *cluster.stray("old-0");
    CHECK_FALSE(cluster.disk().has("/data/old-0"));
    CHECK(cluster.id_of(folder) == kUnknown);
    CHECK(cluster.world.log.have("the log of old-0 in /data is set aside as " + folder));
    CHECK(cluster.disk().has("/data/t-0"));
    cluster.wait_in_sync(kFirst, kAllNodes);
    for (int i = 0; i < 2; ++i) {
        cluster.stop_second();
        cluster.world.log.lines.clear();
        cluster.start_second();
        cluster.wait_in_sync(kFirst, kAllNodes);
        CHECK(cluster.disk().has(folder));
        CHECK(cluster.world.log.have(folder + " was set aside by an earlier start"));
    }
}

TEST_CASE("stray: the log of a partition that is not assigned to the broker is set aside",
          "[node][stray]") {
    Strays cluster;
    cluster.stop_second();
    cluster.make_log("t", 5, cluster.id_of("/data/t-0"));
    cluster.start_second();
    cluster.wait_stray("t-5");
    CHECK(cluster.world.log.have("because its partition is not assigned to this broker"));
    CHECK(cluster.disk().has("/data/t-0"));
}

TEST_CASE("stray: a new log gets the name of a stray one, whose topic had that name",
          "[node][stray]") {
    Strays cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const TopicId id = cluster.id_of("/data/t-0");
    cluster.stop_second();
    REQUIRE(cluster.disk().remove_tree("/data/t-0"));
    cluster.make_log("t", 0, kUnknown);
    cluster.start_second();
    cluster.wait_stray("t-0");
    CHECK(cluster.id_of(*cluster.stray("t-0")) == kUnknown);
    cluster.wait_in_sync(kFirst, kAllNodes);
    cluster.wait_same_logs();
    CHECK(cluster.id_of("/data/t-0") == id);
}

TEST_CASE("stray: nothing is set aside before the metadata have the registration of the process",
          "[node][stray]") {
    Cluster cluster(1);
    cluster.start_all();
    cluster.create(kFirst, "t");
    sim::SimDisk& disk = *cluster.disks[1];
    // With another directory id the registration is refused until the old session has expired.
    cluster.kill(kSecond);
    const std::string properties = disk.contents("/data/meta.properties");
    auto changed = storage::parse_meta_properties(properties, "meta.properties");
    REQUIRE(changed.has_value());
    changed->directory_id = DirectoryId(Uuid{5, 5});
    REQUIRE(storage::replace_small_file(disk, "/data", storage::kMetaPropertiesFile,
                                        storage::format_meta_properties(*changed)));
    const storage::TopicPartition name("old", PartitionIndex(0));
    REQUIRE(storage::create_log_folders(disk, "/data", {{name, kUnknown}}).front().has_value());
    cluster.start(kSecond);
    REQUIRE(cluster.world.run_until([&] {
        return cluster.world.log.have("the controller refuses the registration of broker 2");
    }));
    cluster.world.run_for(std::chrono::milliseconds(100));
    CHECK(disk.has("/data/old-0"));
    CHECK_FALSE(cluster.node(kSecond).done);
    cluster.wait_started(kSecond);
    CHECK(cluster.world.run_until([&] { return !disk.has("/data/old-0"); }));
}

TEST_CASE("stray: a log that cannot be opened is set aside, too", "[node][stray]") {
    Strays cluster;
    cluster.stop_second();
    cluster.make_log("old", 0, kUnknown);
    REQUIRE(storage::replace_small_file(cluster.disk(), "/data", storage::kRecoveryPointFile,
                                        "0\n2\nold 0 5\nt 0 0\n"));
    cluster.start_second();
    cluster.wait_stray("old-0");
    CHECK(cluster.world.log.have("/data/old-0 cannot be opened"));
}

TEST_CASE("stray: the log of a topic that the metadata name as deleted is removed",
          "[node][stray]") {
    Strays cluster;
    cluster.stop_second();
    Member& first = cluster.node(kFirst);
    first.removed.reset();
    first.control.spawn(first.remove("t"));
    REQUIRE(cluster.world.run_until([&] { return first.removed.has_value(); }));
    REQUIRE(*first.removed == wire::ErrorCode::none);
    cluster.start_second();
    cluster.wait_removed("/data/t-0");
    CHECK_FALSE(cluster.stray("t-0").has_value());
}

TEST_CASE("stray: a log whose topic is unknown is neither used nor set aside", "[node][stray]") {
    Strays cluster;
    cluster.stop_second();
    REQUIRE(cluster.disk().remove_file("/data/t-0/partition.metadata"));
    cluster.start_second();
    REQUIRE(cluster.world.run_until(
        [&] { return cluster.world.log.have("its topic is unknown; it is neither used nor"); }));
    cluster.world.run_for(std::chrono::seconds(1));
    CHECK(cluster.disk().has("/data/t-0"));
    CHECK_FALSE(cluster.stray("t-0").has_value());
}

}  // namespace
}  // namespace hw::broker
