#include "broker/metadata_directory.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "storage/log_folder.h"
#include "storage/meta_properties.h"
#include "storage/quorum_state_file.h"
#include "storage/small_file.h"
#include "test/sim/sim_disk.h"

namespace hw::broker {
namespace {

const std::string kFolder = "/data/__cluster_metadata-0";
const std::vector<BrokerId> kOne{BrokerId(1)};
const std::vector<BrokerId> kThree{BrokerId(1), BrokerId(2), BrokerId(3)};

/// Whether a controller may start with these files as one of three voters.
bool may_start(const MetadataDirectory& found) {
    return check_voter(found, 3, "/data").has_value();
}

TEST_CASE("voter: the only voter may start with whatever files it has", "[node][voter]") {
    for (int bits = 0; bits < 32; ++bits) {
        const auto has = [bits](int bit) { return (bits >> bit) % 2 == 1; };
        CHECK(check_voter({.is_formatted = has(0),
                           .has_checkpoint = has(1),
                           .has_partition_metadata = has(2),
                           .has_quorum_state = has(3),
                           .has_records = has(4),
                           .bootstrap = {},
                           .bootstrap_path = {}},
                          1, "/data"));
    }
}

TEST_CASE("voter: one of several needs its quorum-state, unless only Kafka has formatted it",
          "[node][voter]") {
    MetadataDirectory kafka;
    kafka.is_formatted = true;
    kafka.has_checkpoint = true;
    CHECK(may_start(kafka));

    MetadataDirectory formatted_here = kafka;
    formatted_here.has_partition_metadata = true;
    CHECK_FALSE(may_start(formatted_here));
    formatted_here.has_quorum_state = true;
    CHECK(may_start(formatted_here));

    MetadataDirectory used = kafka;
    used.has_records = true;
    CHECK_FALSE(may_start(used));
    used.has_quorum_state = true;
    CHECK(may_start(used));

    MetadataDirectory folder_lost;
    folder_lost.is_formatted = true;
    CHECK_FALSE(may_start(folder_lost));
    CHECK(check_voter(folder_lost, 3, "/data")
              .error()
              .message.starts_with("/data/__cluster_metadata-0/quorum-state is missing. It holds "
                                   "the vote of this controller, which is one of 3 in "));
}

TEST_CASE("voter: the refusal of a new directory says how to format it", "[node][voter]") {
    const auto refused = check_voter({}, 3, "/data");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.starts_with(
        "/data is not formatted, and this node is one of 3 controllers in "
        "controller.quorum.voters. "));
    CHECK(refused.error().message.find("`highwater format --cluster-id ID -c FILE`") !=
          std::string::npos);
}

/// A disk with a formatted directory.
struct Fixture {
    Fixture() {
        put("/data", storage::kMetaPropertiesFile,
            storage::format_meta_properties(
                {"c", BrokerId(1), DirectoryId(Uuid{.high = 1, .low = 2})}));
    }
    void put(const std::string& directory, const std::string& name, std::string_view text) {
        REQUIRE(disk.make_directories(directory));
        REQUIRE(storage::replace_small_file(disk, directory, name, text));
    }
    std::string checkpoint(int level = 30) {
        return format_bootstrap(
            {.metadata_version = controller::MetadataVersion(static_cast<std::int16_t>(level))},
            {});
    }

    sim::Scheduler scheduler{1};
    sim::SimDisk disk{scheduler, 1};
};

TEST_CASE("metadata directory: of two checkpoints the one in the metadata log counts",
          "[node][voter]") {
    Fixture fixture;
    fixture.put("/data", "bootstrap.checkpoint", fixture.checkpoint(20));
    auto found = inspect_metadata_directory(fixture.disk, "/data");
    REQUIRE(found);
    CHECK(found->bootstrap.metadata_version->level() == 20);
    CHECK(found->bootstrap_path == "/data/bootstrap.checkpoint");
    fixture.put(kFolder, kBootstrapCheckpointFile, fixture.checkpoint(25));
    found = inspect_metadata_directory(fixture.disk, "/data");
    REQUIRE(found);
    CHECK(found->bootstrap.metadata_version->level() == 25);
}

TEST_CASE("metadata directory: a damaged checkpoint is refused, and the error says what to do",
          "[node][voter]") {
    Fixture fixture;
    fixture.put(kFolder, kBootstrapCheckpointFile, fixture.checkpoint().substr(0, 100));
    const auto found = inspect_metadata_directory(fixture.disk, "/data");
    REQUIRE_FALSE(found);
    CHECK(found.error().message.find("put a copy of it back, or format the directory again") !=
          std::string::npos);
}

TEST_CASE("metadata directory: segments with bytes and later snapshots count as records",
          "[node][voter]") {
    Fixture fixture;
    fixture.put(kFolder, "00000000000000000000.log", "");
    fixture.put(kFolder, kBootstrapCheckpointFile, fixture.checkpoint());
    CHECK_FALSE(inspect_metadata_directory(fixture.disk, "/data")->has_records);
    SECTION("a segment") {
        fixture.put(kFolder, "00000000000000000000.log", "x");
    }
    SECTION("a snapshot") {
        fixture.put(kFolder, "00000000000000000030-0000000001.checkpoint", "x");
    }
    CHECK(inspect_metadata_directory(fixture.disk, "/data")->has_records);
}

TEST_CASE("voter: one that Kafka formatted gets a quorum-state at its first start, of 4.3 too",
          "[node][voter]") {
    Fixture fixture;
    if (GENERATE(false, true)) {
        fixture.put(kFolder, kBootstrapCheckpointFile, fixture.checkpoint());
    } else {
        fixture.put("/data", "bootstrap.checkpoint", fixture.checkpoint());
    }
    REQUIRE(prepare_metadata_directory(fixture.disk, "/data", kOne));
    CHECK_FALSE(fixture.disk.exists(kFolder + "/quorum-state").value());
    REQUIRE(prepare_metadata_directory(fixture.disk, "/data", kThree));
    const auto state =
        storage::parse_quorum_state(fixture.disk.contents(kFolder + "/quorum-state"), "x");
    REQUIRE(state);
    CHECK(state->leader_epoch == LeaderEpoch(0));
    CHECK(state->current_voters == kThree);
    // It may start again before it has voted, but no longer without the file.
    REQUIRE(prepare_metadata_directory(fixture.disk, "/data", kThree));
    REQUIRE(fixture.disk.remove_file(kFolder + "/quorum-state"));
    CHECK_FALSE(prepare_metadata_directory(fixture.disk, "/data", kThree));
}

TEST_CASE("metadata directory: the voters of a cluster cannot be changed by the configuration",
          "[node][storage]") {
    const MetadataDirectory found{.has_vote = true,
                                  .recorded_voters = {BrokerId(1), BrokerId(2), BrokerId(3)}};
    CHECK(check_same_voters(found, {BrokerId(3), BrokerId(1), BrokerId(2)}, "/data"));
    CHECK(check_same_voters({}, {BrokerId(1)}, "/data"));
    const auto replaced =
        check_same_voters(found, {BrokerId(1), BrokerId(2), BrokerId(4)}, "/data");
    REQUIRE_FALSE(replaced);
    CHECK(
        replaced.error().message ==
        "controller.quorum.voters names the nodes 1, 2, 4, but this controller has voted with the "
        "nodes 1, 2, 3 (/data/__cluster_metadata-0/quorum-state). Two such lists could elect two "
        "leaders, and lose what one of them has committed, so this version cannot change the "
        "voters of a cluster. Name the nodes 1, 2, 3 again");
    const MetadataDirectory alone{.recorded_voters = {BrokerId(1)}, .has_records = true};
    CHECK_FALSE(check_same_voters(alone, {BrokerId(1), BrokerId(2), BrokerId(3)}, "/data"));
    const MetadataDirectory only_formatted{.recorded_voters = {BrokerId(1), BrokerId(2)}};
    CHECK(check_same_voters(only_formatted, {BrokerId(1), BrokerId(2), BrokerId(3)}, "/data"));
}

}  // namespace
}  // namespace hw::broker
