#include "broker/storage_opening.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/format.h"
#include "storage/meta_properties.h"
#include "storage/small_file.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_shard.h"
#include "test/unit/node/world.h"

namespace hw::broker {
namespace {

const std::string kQuorumState = "/data/__cluster_metadata-0/quorum-state";

/// A controller that is one of three voters, and its disk.
struct Voter {
    /// The outcome of one opening; the directories are closed again.
    Result<OpenedStorage> open() {
        sim::SimShard shard(world.scheduler, 1, 0);
        storage::LogManager logs(disk, shard, world.clock, world.entropy,
                                 Logger(world.log, "storage"));
        StorageOpening opening(
            {disk, shard, world.entropy, Logger(world.log, "storage"), logs, 100,
             [] -> Task<Result<std::string>> { co_return fail(ErrorKind::closed, "not asked"); }},
            config, [](const std::string&) { return storage::LogOptions{}; });
        std::optional<Result<OpenedStorage>> outcome;
        bool closed = false;
        shard.spawn(open_and_close(opening, logs, outcome, closed));
        REQUIRE(world.run_until([&] { return closed; }));
        shard.drop();
        return std::move(*outcome);
    }
    static Task<> open_and_close(StorageOpening& opening, storage::LogManager& logs,
                                 std::optional<Result<OpenedStorage>>& outcome, bool& closed) {
        auto opened = co_await opening.open();
        outcome = std::move(opened);
        std::vector<storage::ClosingLog> none;
        co_await logs.close(std::move(none), BrokerEpoch(1));
        closed = true;
    }
    void format() {
        REQUIRE(format_directories(
            disk, world.entropy, config,
            {.cluster_id = "cluster", .now = Timestamp(0), .tell = [](const std::string&) {}}));
    }
    std::string refusal() {
        const auto opened = open();
        REQUIRE_FALSE(opened.has_value());
        return opened.error().message;
    }

    World world{1};
    sim::SimDisk disk{world.scheduler, 1};
    config::BrokerConfig config = config_of(
        1, 0,
        {"listeners=PLAINTEXT://localhost:0,CONTROLLER://localhost:9093", "log.dirs=/data,/more",
         "controller.quorum.voters=1@localhost:9093,2@b:9093,3@c:9093"});
};

TEST_CASE("opening: one of several voters is refused before it is formatted, and nothing is made",
          "[node][opening]") {
    Voter voter;
    CHECK(voter.refusal().starts_with("/data is not formatted, and this node is one of 3"));
    CHECK_FALSE(voter.disk.exists("/data/meta.properties").value());
    CHECK_FALSE(voter.disk.exists("/more/meta.properties").value());
    voter.format();
    const auto opened = voter.open();
    REQUIRE(opened.has_value());
    CHECK(opened->cluster_id == "cluster");
    CHECK(opened->metadata->election == replication::ElectionState{});
    CHECK(opened->metadata->initial_features.metadata_version.level() == 30);
    CHECK(opened->metadata->initial_features.group_version.level() == 1);
}

TEST_CASE("opening: one of several voters is refused when its vote is lost", "[node][opening]") {
    Voter voter;
    voter.format();
    REQUIRE(voter.disk.remove_file(kQuorumState));
    CHECK(voter.refusal().starts_with(kQuorumState + " is missing. "));
}

TEST_CASE("opening: one of several voters that lost the directory of the metadata log is refused",
          "[node][opening]") {
    Voter voter;
    voter.format();
    REQUIRE(voter.disk.remove_tree("/data"));
    CHECK(voter.refusal().starts_with("/data is not formatted, and this node is one of 3"));
    CHECK_FALSE(voter.disk.exists("/data/meta.properties").value());
}

TEST_CASE("opening: a directory that cannot be read is left out, but not that of the metadata log",
          "[node][opening]") {
    Voter voter;
    voter.format();
    REQUIRE(voter.open().has_value());
    voter.disk.faults().failed = {"/more"};
    const auto opened = voter.open();
    REQUIRE(opened.has_value());
    REQUIRE(opened->logs.unread.size() == 1);
    voter.disk.faults().failed = {"/data"};
    CHECK(voter.refusal().contains("/data/meta.properties: Input/output error"));
}

TEST_CASE("opening: no cluster begins while a directory cannot be opened", "[node][opening]") {
    Voter voter;
    voter.config = config_of(1, 0,
                             {"listeners=PLAINTEXT://localhost:0,CONTROLLER://localhost:9093",
                              "log.dirs=/data,/more", "controller.quorum.voters=1@localhost:9093"});
    SECTION("one that may have the id of the cluster") {
        voter.disk.faults().failed = {"/more"};
        CHECK(voter.refusal().contains("/more"));
    }
    SECTION("one that cannot be changed") {
        REQUIRE(voter.disk.make_directories("/more"));
        voter.disk.faults().read_only = {"/more"};
        CHECK(voter.refusal().contains("/more"));
    }
    SECTION("one that may have logs, while the metadata log is missing") {
        REQUIRE(voter.open().has_value());
        REQUIRE(voter.disk.remove_tree("/data/__cluster_metadata-0"));
        voter.disk.faults().failed = {"/more"};
        CHECK(
            voter.refusal().contains("/data has no metadata log (__cluster_metadata-0), so this "
                                     "would begin a new cluster, but the data directory /more"));
    }
    CHECK_FALSE(voter.disk.has("/data/__cluster_metadata-0"));
}

TEST_CASE("opening: one of several voters that Kafka formatted starts with its features",
          "[node][opening]") {
    Voter voter;
    for (const std::string directory : {"/data", "/more"}) {
        REQUIRE(voter.disk.make_directories(directory));
        const storage::MetaProperties properties{"kafka", BrokerId(1),
                                                 DirectoryId(random_uuid(voter.world.entropy))};
        REQUIRE(storage::replace_small_file(
            voter.disk, directory, "bootstrap.checkpoint",
            format_bootstrap({.metadata_version = controller::MetadataVersion(25),
                              .group_version = controller::GroupVersion(0)},
                             {})));
        REQUIRE(storage::replace_small_file(voter.disk, directory, storage::kMetaPropertiesFile,
                                            storage::format_meta_properties(properties)));
    }
    // The second start finds the log and the quorum-state of the first one.
    for (int start = 0; start < 2; ++start) {
        const auto opened = voter.open();
        REQUIRE(opened.has_value());
        CHECK(opened->cluster_id == "kafka");
        CHECK(opened->metadata->initial_features.metadata_version.level() == 25);
        CHECK(opened->metadata->initial_features.group_version.level() == 0);
        CHECK(voter.disk.exists(kQuorumState).value());
    }
}

}  // namespace
}  // namespace hw::broker
