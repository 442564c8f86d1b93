#include "broker/format.h"

#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/metadata_directory.h"
#include "storage/meta_properties.h"
#include "storage/small_file.h"
#include "test/unit/node/member.h"

namespace hw::broker {
namespace {

const std::string kCluster = "q1Sh-9_ISia_zwGINzRvyQ";
const std::string kFolder = "/data/__cluster_metadata-0";
const std::string kCheckpoint = kFolder + "/" + kBootstrapCheckpointFile;
const std::vector<std::string> kThreeVoters{
    "listeners=PLAINTEXT://localhost:0,CONTROLLER://localhost:9093",
    "controller.quorum.voters=1@localhost:9093,2@b:9093,3@c:9093"};

using Lines = std::vector<std::string>;

/// A machine on which `format` runs.
struct Machine {
    explicit Machine(std::uint64_t seed = 1) : world(seed) {}

    Result<void> format(const std::vector<std::string>& settings = {},
                        FormattedDirectories formatted = FormattedDirectories::refused,
                        const std::string& cluster = kCluster, std::uint32_t node = 1) {
        told.clear();
        return format_directories(
            disk, world.entropy, config_of(node, 0, settings),
            {.cluster_id = cluster,
             .formatted = formatted,
             .now = Timestamp(1'767'225'600'000),
             .tell = [this](const std::string& line) { told.push_back(line); }});
    }
    std::string refusal(const Result<void>& outcome) {
        REQUIRE_FALSE(outcome.has_value());
        return outcome.error().message;
    }
    storage::MetaProperties properties(const std::string& directory) {
        const auto found = storage::load_meta_properties(disk, directory);
        REQUIRE(found.has_value());
        REQUIRE(found->has_value());
        return **found;
    }
    bool has(const std::string& path) { return disk.exists(path).value(); }
    void put(const std::string& directory, const std::string& name, std::string_view text) {
        REQUIRE(disk.make_directories(directory));
        REQUIRE(storage::replace_small_file(disk, directory, name, text));
    }

    World world;
    sim::SimDisk disk{world.scheduler, 1};
    Lines told;
};

TEST_CASE("format: a controller gets a checkpoint and a quorum-state, every directory an identity",
          "[node][format]") {
    Machine machine;
    std::vector<std::string> settings = kThreeVoters;
    settings.emplace_back("log.dirs=/data,/more");
    REQUIRE(machine.format(settings));
    CHECK(machine.told ==
          Lines{"Formatting metadata directory /data with metadata.version 4.3-IV0.",
                "Formatting data directory /more with metadata.version 4.3-IV0."});
    const auto first = machine.properties("/data");
    const auto second = machine.properties("/more");
    CHECK(first.cluster_id == kCluster);
    CHECK(first.node_id == BrokerId(1));
    CHECK(second.cluster_id == kCluster);
    CHECK(first.directory_id != second.directory_id);
    CHECK(machine.disk.contents(kFolder + "/quorum-state") ==
          R"({"clusterId":"","leaderId":-1,"leaderEpoch":0,"votedId":-1,"appliedOffset":0,)"
          R"("currentVoters":[{"voterId":1},{"voterId":2},{"voterId":3}],"data_version":0})");
    const auto bootstrap = parse_bootstrap(as_bytes(machine.disk.contents(kCheckpoint)), "x");
    REQUIRE(bootstrap.has_value());
    CHECK(bootstrap->metadata_version->level() == 30);
    CHECK(bootstrap->group_version.level() == 1);
    CHECK_FALSE(machine.has("/more/__cluster_metadata-0"));
}

TEST_CASE("format: a node that is only a broker gets no metadata log", "[node][format]") {
    Machine machine;
    REQUIRE(machine.format({"process.roles=broker", "listeners=PLAINTEXT://localhost:0",
                            "controller.quorum.voters=2@b:9093"}));
    CHECK(machine.properties("/data").cluster_id == kCluster);
    CHECK_FALSE(machine.has(kFolder));
}

TEST_CASE("format: formatted directories are refused, or kept while the others are formatted",
          "[node][format]") {
    Machine machine;
    REQUIRE(machine.format());
    const auto first = machine.properties("/data");
    CHECK(machine.refusal(machine.format()).starts_with("/data is already formatted"));
    const std::vector<std::string> both{"log.dirs=/data,/more"};
    CHECK(machine.refusal(machine.format(both)).starts_with("/data is already formatted"));
    CHECK_FALSE(machine.has("/more"));
    REQUIRE(machine.format(both, FormattedDirectories::kept));
    CHECK(machine.told == Lines{"Formatting data directory /more with metadata.version 4.3-IV0."});
    CHECK(machine.properties("/data") == first);
    CHECK(machine.properties("/more").cluster_id == kCluster);
    REQUIRE(machine.format(both, FormattedDirectories::kept));
    CHECK(machine.told == Lines{"All of the log directories are already formatted."});
}

TEST_CASE("format: directories of another cluster or node are refused with both names",
          "[node][format]") {
    Machine machine;
    REQUIRE(machine.format());
    const auto kept = FormattedDirectories::kept;
    CHECK(machine.refusal(machine.format({"log.dirs=/more,/data"}, kept, "other"))
              .starts_with("/data/meta.properties belongs to cluster " + kCluster +
                           ", this node to cluster other"));
    CHECK(machine.refusal(machine.format({"log.dirs=/more,/data"}, kept, kCluster, 2))
              .starts_with("/data/meta.properties belongs to node 1, this is node 2"));
    CHECK_FALSE(machine.has("/more"));
}

TEST_CASE("format: a cluster id may be any word that the file can hold", "[node][format]") {
    for (const std::string good : {"x", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "my cluster=1"}) {
        Machine machine;
        REQUIRE(machine.format({}, FormattedDirectories::refused, good));
        CHECK(machine.properties("/data").cluster_id == good);
    }
    const Lines bad{"", " x", "x ", "a\\b", "a\nb", "\xc3\xa4", std::string(256, 'x')};
    for (const std::string& id : bad) {
        Machine machine;
        CHECK(machine.refusal(machine.format({}, FormattedDirectories::refused, id))
                  .find("printable characters") != std::string::npos);
        CHECK_FALSE(machine.has("/data"));
    }
}

TEST_CASE("format: a controller that does not know the ids of all controllers is refused",
          "[node][format]") {
    Machine machine;
    CHECK(machine.refusal(machine.format({"controller.quorum.bootstrap.servers=b:9093"}))
              .starts_with("controller.quorum.bootstrap.servers names b:9093, which is not"));
}

TEST_CASE("format: a directory that lost only its meta.properties is not formatted",
          "[node][format]") {
    Machine machine;
    SECTION("logs of partitions") {
        machine.put("/data/orders-0", "partition.metadata", "x");
        CHECK(machine.refusal(machine.format())
                  .starts_with("/data has no meta.properties, but logs, such as orders-0: "));
    }
    SECTION("records in the metadata log") {
        machine.put(kFolder, "00000000000000000000.log", "x");
        CHECK(machine.refusal(machine.format())
                  .starts_with("/data has no meta.properties, but logs, such as __cluster_m"));
    }
    SECTION("a vote") {
        machine.put(kFolder, "quorum-state",
                    R"({"leaderId":-1,"leaderEpoch":1,"votedId":2,"votedDirectoryId":)"
                    R"("AAAAAAAAAAAAAAAAAAAAAA","data_version":1})");
        CHECK(machine.refusal(machine.format())
                  .starts_with("/data has no meta.properties, but logs, such as __cluster_m"));
    }
    CHECK_FALSE(machine.has("/data/meta.properties"));
}

TEST_CASE("format: the only voter gets no empty metadata log beside the logs of its cluster",
          "[node][format]") {
    Machine machine;
    REQUIRE(machine.format({"log.dirs=/more", "metadata.log.dir=/more"}));
    machine.put("/more/orders-0", "partition.metadata", "x");
    const auto kept = FormattedDirectories::kept;
    CHECK(machine.refusal(machine.format({"log.dirs=/data,/more"}, kept))
              .starts_with("/data is the directory of the metadata log and not formatted, but "
                           "/more has logs, such as orders-0. "));
    std::vector<std::string> settings = kThreeVoters;
    settings.emplace_back("log.dirs=/data,/more");
    CHECK(machine.format(settings, kept));
}

TEST_CASE("format: a directory that a broker uses is refused", "[node][format]") {
    Machine machine;
    REQUIRE(machine.disk.make_directories("/data"));
    const auto lock = machine.disk.lock("/data/.lock");
    REQUIRE(lock);
    CHECK(machine.refusal(machine.format()).find("/data/.lock is locked") != std::string::npos);
}

TEST_CASE("format: after a power loss at any moment it can run again, and then nothing is missing",
          "[node][format][crash]") {
    std::vector<std::string> settings = kThreeVoters;
    settings.emplace_back("log.dirs=/more,/data");
    settings.emplace_back("metadata.log.dir=/data");
    Machine whole;
    REQUIRE(whole.format(settings));
    const std::uint64_t all = whole.disk.operations();
    const std::uint64_t seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{11}));
    for (std::uint64_t end = 0; end < all; ++end) {
        CAPTURE(seed, end);
        Machine machine(seed);
        machine.disk.faults().freeze_after = end;
        CHECK_FALSE(machine.format(settings).has_value());
        machine.disk.power_loss();
        machine.disk.faults() = {};
        REQUIRE(machine.format(settings, FormattedDirectories::kept));
        const std::string properties = machine.disk.contents("/data/meta.properties");
        machine.disk.power_loss();
        for (const std::string name : {"quorum-state", "partition.metadata"}) {
            CHECK(machine.disk.contents(kFolder + "/" + name) ==
                  whole.disk.contents(kFolder + "/" + name));
        }
        CHECK(machine.disk.contents(kCheckpoint) == whole.disk.contents(kCheckpoint));
        CHECK(machine.disk.contents("/data/meta.properties") == properties);
        CHECK(machine.properties("/more").cluster_id == kCluster);
    }
}

/// Starts a node on the disk of `machine`, and returns the finalized features that clients see.
std::string features_after_start(Machine& machine) {
    Member member(machine.world, 1, machine.disk);
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    CHECK(member.node.cluster_id() == kCluster);
    member.run(member.ask_features(ApiVersion(3)), member.asked);
    std::string finalized;
    for (const std::string& feature : member.features) {
        if (feature.find(" at ") != std::string::npos) {
            finalized += feature + "\n";
        }
    }
    member.run(member.stop(), member.stopped);
    return finalized;
}

TEST_CASE("format: a node starts from formatted directories with their cluster id",
          "[node][format]") {
    Machine machine;
    REQUIRE(machine.format());
    CHECK(features_after_start(machine) == "group.version at 1\nmetadata.version at 30\n");
    // The second start is not that of a new cluster.
    CHECK(features_after_start(machine) == "group.version at 1\nmetadata.version at 30\n");
}

TEST_CASE("format: a new cluster starts with the features of Kafka's checkpoint",
          "[node][format]") {
    const int level = GENERATE(7, 13, 14, 17, 29, 33);
    const int groups = GENERATE(0, 1);
    const std::string bytes = format_bootstrap(
        {.metadata_version = controller::MetadataVersion(static_cast<std::int16_t>(level)),
         .group_version = controller::GroupVersion(static_cast<std::int16_t>(groups))},
        {});
    Machine machine;
    machine.put("/data", "meta.properties",
                storage::format_meta_properties(
                    {kCluster, BrokerId(1), DirectoryId(Uuid{.high = 1, .low = 2})}));
    const bool is_in_log = GENERATE(false, true);
    if (is_in_log) {
        machine.put(kFolder, kBootstrapCheckpointFile, bytes);
    } else {
        machine.put("/data", "bootstrap.checkpoint", bytes);
    }
    CHECK(features_after_start(machine) == fmt::format("{}metadata.version at {}\n",
                                                       groups == 0 ? "" : "group.version at 1\n",
                                                       level));
    Member member(machine.world, 1, machine.disk);
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    member.control.spawn(member.create("orders"));
    REQUIRE(machine.world.run_until([&] { return member.created.has_value(); }));
    CHECK(member.created == wire::ErrorCode::none);
    member.run(member.stop(), member.stopped);
}

}  // namespace
}  // namespace hw::broker
