#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "storage/data_directory.h"
#include "storage/epoch_cache.h"
#include "storage/log_folder.h"
#include "storage/meta_properties.h"
#include "storage/offset_checkpoint.h"
#include "storage/producer_snapshot.h"
#include "storage/quorum_state_file.h"
#include "storage/small_file.h"
#include "test/sim/sim_disk.h"
#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

TEST_CASE("files: an offset checkpoint is read as it was written", "[storage][files]") {
    const PartitionOffsets offsets{{{"a-b", PartitionIndex(0)}, Offset(7)},
                                   {{"t", PartitionIndex(12)}, Offset(0)}};
    const std::string text = format_offset_checkpoint(offsets);
    CHECK(text == "0\n2\na-b 0 7\nt 12 0\n");
    CHECK(*parse_offset_checkpoint(text, "f") == offsets);
    CHECK(parse_offset_checkpoint("0\n0\n", "f")->empty());
}

TEST_CASE("files: a broken checkpoint is refused with file, line and reason", "[storage][files]") {
    const auto message = [](std::string_view text) {
        const auto parsed = parse_offset_checkpoint(text, "/d/f");
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().kind == ErrorKind::corrupt);
        return parsed.error().message;
    };
    CHECK(message("") == "/d/f, line 1: expected the version 0");
    CHECK(message("1\n0\n") == "/d/f, line 1: expected the version 0");
    CHECK(message("0\nx\n") == "/d/f, line 2: expected the number of entries");
    CHECK(message("0\n1\nt 0\n") == "/d/f, line 3: expected 3 fields");
    CHECK(message("0\n2\nt 0 1\n") == "/d/f, line 4: 1 entries follow, 2 were expected");
    CHECK(message("0\n1\nt 0 -1\n") == "/d/f, line 3: expected topic, partition and offset");
    CHECK(message("0\n2\nt 0 1\nt 0 2\n") == "/d/f, line 4: t-0 is given twice");
}

TEST_CASE("epochs: end offsets follow KIP-101 and KIP-279", "[storage][epochs]") {
    EpochCache epochs;
    CHECK(epochs.end_offset_for(LeaderEpoch(1), Offset(0)) == EpochEnd{});
    CHECK(epochs.assign(LeaderEpoch(2), Offset(10)));
    CHECK(epochs.assign(LeaderEpoch(4), Offset(20)));
    CHECK_FALSE(epochs.assign(LeaderEpoch(4), Offset(30)));
    CHECK_FALSE(epochs.assign(LeaderEpoch(3), Offset(30)));
    CHECK(epochs.end_offset_for(LeaderEpoch(4), Offset(25)) ==
          EpochEnd{LeaderEpoch(4), Offset(25)});
    CHECK(epochs.end_offset_for(LeaderEpoch(3), Offset(25)) ==
          EpochEnd{LeaderEpoch(2), Offset(20)});
    CHECK(epochs.end_offset_for(LeaderEpoch(2), Offset(25)) ==
          EpochEnd{LeaderEpoch(2), Offset(20)});
    CHECK(epochs.end_offset_for(LeaderEpoch(1), Offset(25)) ==
          EpochEnd{LeaderEpoch(1), Offset(10)});
    CHECK(epochs.end_offset_for(LeaderEpoch(5), Offset(25)) == EpochEnd{});
    CHECK(epochs.epoch_at(Offset(19)) == LeaderEpoch(2));
    CHECK_FALSE(epochs.epoch_at(Offset(9)).has_value());
}

TEST_CASE("epochs: an epoch without records is removed when the next one begins",
          "[storage][epochs]") {
    EpochCache epochs;
    epochs.assign(LeaderEpoch(1), Offset(5));
    epochs.assign(LeaderEpoch(2), Offset(5));
    CHECK(epochs.entries() == std::vector{EpochStart{LeaderEpoch(2), Offset(5)}});
}

TEST_CASE("epochs: truncation keeps the epochs of the remaining records, from the new start on",
          "[storage][epochs]") {
    EpochCache epochs;
    for (const int n : {1, 2, 3}) {
        epochs.assign(LeaderEpoch(n), Offset(10 * n));
    }
    EpochCache from_end = epochs;
    CHECK(from_end.truncate_from_end(Offset(20)));
    CHECK_FALSE(from_end.truncate_from_end(Offset(20)));
    CHECK(from_end.entries() == std::vector{EpochStart{LeaderEpoch(1), Offset(10)}});
    epochs.truncate_from_start(Offset(25));
    CHECK(epochs.entries() == std::vector{EpochStart{LeaderEpoch(2), Offset(25)},
                                          EpochStart{LeaderEpoch(3), Offset(30)}});
    CHECK(*parse_epoch_checkpoint(format_epoch_checkpoint(epochs), "f") == epochs);
    CHECK_FALSE(parse_epoch_checkpoint("0\n2\n2 5\n1 9\n", "f").has_value());
}

TEST_CASE("files: meta.properties is read as Kafka writes it", "[storage][files]") {
    const std::string text =
        "#\n#Mon Nov 23 00:35:12 UTC 2026\nnode.id=1\ndirectory.id=zWWi5vAsn2gpyYn2f3X6cg\n"
        "version=1\ncluster.id=A0q6A7bIRWSIKj2h24wd5w\n";
    const auto properties = parse_meta_properties(text, "f");
    REQUIRE(properties.has_value());
    CHECK(properties->cluster_id == "A0q6A7bIRWSIKj2h24wd5w");
    CHECK(properties->node_id == BrokerId(1));
    CHECK(to_string(properties->directory_id.value()) == "zWWi5vAsn2gpyYn2f3X6cg");
    CHECK(*parse_meta_properties(format_meta_properties(*properties), "f") == *properties);
    CHECK(parse_meta_properties("version=0\nbroker.id=1\n", "f").error().kind ==
          ErrorKind::unsupported);
    CHECK_FALSE(parse_meta_properties("version=1\nnode.id=1\n", "f").has_value());
    CHECK_FALSE(parse_meta_properties(text + "node.id=2\n", "f").has_value());
}

TEST_CASE("files: the name of a folder tells its kind", "[storage][files]") {
    CHECK(parse_folder_name("a-b-12").log == TopicPartition{"a-b", PartitionIndex(12)});
    const std::string hex = "88bf6776abc54edb97e903f1828ba330";
    CHECK(parse_folder_name("t-0." + hex + "-delete").kind == FolderKind::deleting);
    CHECK(parse_folder_name("t-0." + hex + "-future").kind == FolderKind::future);
    CHECK(parse_folder_name("t-0." + hex + "-stray").kind == FolderKind::stray);
    for (const char* name : {"t", "-0", "t-", "t-01", "t-0x", "lost+found"}) {
        CHECK(parse_folder_name(name).kind == FolderKind::unknown);
    }
    const TopicPartition longest{std::string(249, 'x'), PartitionIndex(3)};
    const std::string deleting = marked_folder_name(longest, {1, 2}, FolderKind::deleting);
    CHECK(deleting.size() == 255);
    CHECK(parse_folder_name(deleting).kind == FolderKind::deleting);
}

TEST_CASE("files: partition.metadata has no line end after the topic id", "[storage][files]") {
    const std::string text = "version: 0\ntopic_id: v0xjFxuIRWKTLw7RNUdoxQ";
    const auto id = parse_partition_metadata(text, "f");
    REQUIRE(id.has_value());
    CHECK(format_partition_metadata(*id) == text);
    CHECK_FALSE(parse_partition_metadata("version: 0\n", "f").has_value());
    CHECK_FALSE(parse_partition_metadata("version: 1\ntopic_id: x", "f").has_value());
}

TEST_CASE("files: quorum-state of both versions is read and written as Kafka does",
          "[storage][files]") {
    const std::string zero =
        R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
        R"("currentVoters":[{"voterId":1}],"data_version":0})";
    const std::string one = R"({"leaderId":-1,"leaderEpoch":5,"votedId":2,)"
                            R"("votedDirectoryId":"zWWi5vAsn2gpyYn2f3X6cg","data_version":1})";
    for (const std::string& text : {zero, one}) {
        const auto state = parse_quorum_state(text, "f");
        REQUIRE(state.has_value());
        CHECK(format_quorum_state(*state) == text);
    }
    CHECK(parse_quorum_state(zero, "f")->current_voters == std::vector{BrokerId(1)});
    for (const char* text :
         {"", "{", "{}", R"({"leaderId":1})", R"({"data_version":2,"leaderId":1})",
          R"({"leaderId":1,"leaderId":1,"leaderEpoch":1,"votedId":1,"data_version":1})",
          R"({"leaderId":1,"leaderEpoch":99999999999,"votedId":1,"data_version":1})",
          R"({"leaderId":1,"leaderEpoch":1,"votedId":1,"data_version":1}x)"}) {
        CHECK_FALSE(parse_quorum_state(text, "f").has_value());
    }
}

TEST_CASE("files: the error about a wrong quorum-state names the fault", "[storage][files]") {
    const auto reason = [](std::string_view members) {
        const std::string rest = R"("data_version":1,"leaderId":1,"votedId":1)";
        const auto state = parse_quorum_state(fmt::format("{{{},{}}}", rest, members), "f");
        REQUIRE_FALSE(state.has_value());
        CHECK(state.error().kind == ErrorKind::corrupt);
        return state.error().message;
    };
    CHECK(reason(R"("leaderEpoch":1,"leader":2)") == "f: unknown key 'leader'");
    CHECK(reason(R"("appliedOffset":1)") == "f: 'leaderEpoch' is missing");
    CHECK(reason(R"("leaderEpoch":1,"leaderEpoch":1)") == "f: \"leaderEpoch\" is given twice");
    CHECK(reason(R"("leaderEpoch":2147483648)") ==
          "f: 'leaderEpoch' must be a whole number of 32 bits");
    CHECK(reason(R"("leaderEpoch":1.5)") == "f: 'leaderEpoch' must be a whole number of 32 bits");
    CHECK(reason(R"("leaderEpoch":1,"votedDirectoryId":"x")") ==
          "f: 'votedDirectoryId' must be a uuid");
    CHECK(reason(R"("leaderEpoch":1,"clusterId":7)") == "f: 'clusterId' must be a string");
    CHECK(reason(R"("leaderEpoch":1,"currentVoters":[{"voter":1}])") ==
          "f: 'currentVoters' must hold objects whose only member is 'voterId'");
    CHECK(reason("x") == "f: byte 43: syntax error");
    CHECK(parse_quorum_state("[1]", "f").error().message == "f: byte 0: expected an object");
    CHECK(parse_quorum_state(R"({"data_version":2})", "f").error().kind == ErrorKind::unsupported);
}

TEST_CASE("files: the marker of a clean stop carries the broker epoch", "[storage][files]") {
    const std::string text = R"({"version":0,"brokerEpoch":11})";
    CHECK(**parse_clean_shutdown(text, "f") == BrokerEpoch(11));
    CHECK(format_clean_shutdown(BrokerEpoch(11)) == text);
    CHECK_FALSE(parse_clean_shutdown("", "f")->has_value());
    CHECK_FALSE(parse_clean_shutdown("{\"version\":1}", "f").has_value());
}

TEST_CASE("producers: a snapshot with any byte changed is refused", "[storage][producer]") {
    ProducerTable producers;
    producers.apply(
        {ProducerId(5), ProducerEpoch(1), Sequence(0), Offset(3), 2, Timestamp(9), true, {}});
    std::size_t size = 56;
    SECTION("with the last batch of a producer") {}
    SECTION("with earlier batches, too") {
        producers.apply(
            {ProducerId(5), ProducerEpoch(1), Sequence(3), Offset(6), 0, Timestamp(8), true, {}});
        producers.apply(
            {ProducerId(6), ProducerEpoch(0), Sequence(0), Offset(7), 0, Timestamp(9), false, {}});
        for (int i = 0; i < 7; ++i) {
            producers.apply({ProducerId(8),
                             ProducerEpoch(0),
                             Sequence(i),
                             Offset(8 + i),
                             0,
                             Timestamp(9 + i),
                             false,
                             {}});
        }
        size = 10 + 3 * 46 + 4 + 5 * 32;
    }
    const std::string bytes = format_producer_snapshot(producers.share());
    CHECK(bytes.size() == size);
    CHECK(*parse_producer_snapshot(bytes, "f") == as_in_snapshot(producers));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string broken = bytes;
        broken[i] = static_cast<char>(broken[i] ^ 0x10);
        CHECK_FALSE(parse_producer_snapshot(broken, "f").has_value());
        CHECK_FALSE(parse_producer_snapshot(bytes.substr(0, i), "f").has_value());
    }
}

TEST_CASE("files: the error about a damaged file says what the file is for and what to do",
          "[storage][files]") {
    struct Case {
        std::string folder;
        std::string name;
        std::string purpose;
    };
    const auto [folder, name, purpose] = GENERATE(
        Case{"/data", "meta.properties",
             "says which cluster, node and directory the logs belong to"},
        Case{"/data", "recovery-point-offset-checkpoint",
             "says up to which offset each log was on"},
        Case{"/data", "replication-offset-checkpoint", "holds the high watermarks of the logs"},
        Case{"/data", "log-start-offset-checkpoint",
             "holds the start offset of each log that starts inside"},
        Case{"/data/t-0", "partition.metadata",
             "holds the id of the topic that the log belongs to"});
    sim::Scheduler scheduler(1);
    sim::SimDisk disk(scheduler, 1);
    LinesKept sink;
    const MetaProperties own{"c", BrokerId(1), DirectoryId(Uuid{1, 1})};
    const auto open = [&] {
        return open_data_directory(disk, "/data", own, Logger(sink, "storage"));
    };
    REQUIRE(open());
    REQUIRE(create_log_folders(disk, "/data", {{{"t", PartitionIndex(0)}, TopicId(Uuid{1, 2})}})
                .front());
    REQUIRE(replace_small_file(disk, folder, name, "damaged\n"));
    const auto refused = open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::corrupt);
    CHECK_THAT(refused.error().message, Catch::StartsWith(folder + "/" + name));
    CHECK_THAT(refused.error().message, Catch::Contains(". This file " + purpose));
    CHECK_THAT(refused.error().message, Catch::Contains(": put a copy of it back"));
}

}  // namespace
}  // namespace hw::storage
