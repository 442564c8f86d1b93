#include "test/unit/storage/manager_fixture.h"

namespace hw::storage {
namespace {

TEST_CASE("manager: a directory that is named twice is refused as a duplicate, not as locked",
          "[storage][manager]") {
    World world;
    const auto opened = world.start().open({"/data", "/other", "/data/."});
    CHECK(opened.error().message ==
          "'/data' and '/data/.' are the same data directory, /data: name it once in log.dirs");
}

TEST_CASE("manager: a created log survives a power loss", "[storage][manager]") {
    World world(GENERATE(1U, 2U, 3U, 4U, 5U));
    Node& first = world.start();
    REQUIRE(first.open()->logs.empty());
    first.create();
    const DirectoryId id = first.manager.directories()[0]->id();
    world.power_loss();
    Node& second = world.start();
    auto opened = second.open();
    REQUIRE(opened.has_value());
    REQUIRE(opened->logs.size() == 1);
    CHECK(opened->logs[0].name == kName);
    CHECK(opened->logs[0].topic_id == TopicId(Uuid{1, 2}));
    CHECK(second.manager.directories()[0]->id() == id);
}

TEST_CASE("manager: a directory fails when a log's folder cannot be created or removed",
          "[storage][manager]") {
    World world;
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    node.create();
    const bool is_full = GENERATE(true, false);
    SECTION("created") {
        if (is_full) {
            world.disk.faults().space_left = 0;
        } else {
            world.disk.faults().sync_error_one_in = 1;
        }
        CHECK_FALSE(node.run(node.manager.create(*node.directory, {"u", PartitionIndex(0)}, {})));
        REQUIRE(node.directory->failure().has_value());
        CHECK(node.directory->failure()->kind == (is_full ? ErrorKind::no_space : ErrorKind::io));
    }
    SECTION("removed") {
        world.disk.faults().freeze_after = world.disk.operations();
        CHECK_FALSE(node.run(node.manager.remove(*node.directory, kName)));
        CHECK(node.directory->failure().has_value());
    }
}

TEST_CASE("manager: no more logs are created than the limit of open files allows",
          "[storage][manager]") {
    World world;
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    node.create();
    auto second = node.run(node.manager.create(*node.directory, {"s", PartitionIndex(0)}, {}));
    REQUIRE(second.has_value());
    node.take(std::move(*second));
    const TopicPartition next("t", PartitionIndex(1));
    const auto refused = node.run(node.manager.create(*node.directory, next, TopicId(Uuid{1, 2})));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::limit);
    CHECK(refused.error().message.find("allows 2: raise it (ulimit -n") != std::string::npos);
    CHECK_FALSE(node.directory->failure().has_value());
    CHECK_FALSE(*world.disk.exists("/data/t-1"));
}

TEST_CASE("manager: of logs that are created together, each has its own outcome",
          "[storage][manager]") {
    World world;
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    REQUIRE(world.disk.make_directories("/data/t-0").has_value());
    const std::vector<NewLog> logs{{kName, TopicId(Uuid{1, 2})},
                                   {{"u", PartitionIndex(0)}, TopicId(Uuid{3, 4})},
                                   {{"v", PartitionIndex(0)}, TopicId(Uuid{5, 6})}};
    auto made = node.run(node.manager.create(*node.manager.directories()[0], logs));
    REQUIRE(made.size() == 3);
    CHECK(made[0].error().kind == ErrorKind::exists);
    REQUIRE(made[1].has_value());
    CHECK(made[1]->name.topic == "u");
    CHECK(made[1]->topic_id == TopicId(Uuid{3, 4}));
    CHECK(made[2].error().kind == ErrorKind::limit);
    CHECK_FALSE(*world.disk.exists("/data/v-0"));
    CHECK_FALSE(node.manager.directories()[0]->failure().has_value());
    // The limit counts no log that was not made.
    auto next = node.run(node.manager.create(*node.manager.directories()[0], {logs[2]}));
    CHECK(next.front().has_value());
}

TEST_CASE("manager: logs that are removed together are gone, also after a power loss",
          "[storage][manager]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})));
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    LogDirectory& directory = *node.manager.directories()[0];
    const TopicPartition other("u", PartitionIndex(0));
    const TopicPartition unknown("v", PartitionIndex(0));
    REQUIRE(node.run(node.manager.create(directory, kName, TopicId(Uuid{1, 2}))).has_value());
    REQUIRE(node.run(node.manager.create(directory, other, TopicId(Uuid{3, 4}))).has_value());
    const std::vector<TopicPartition> names{kName, unknown, other};
    const auto removed = node.run(node.manager.remove(directory, names));
    REQUIRE(removed.size() == 3);
    CHECK(std::ranges::all_of(removed, [](const auto& each) { return each.has_value(); }));
    world.power_loss();
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    CHECK(opened->logs.empty());
    CHECK(opened->missing.empty());
}

TEST_CASE("manager: an urgent sync starts at once, a background sync within 50 ms",
          "[storage][manager]") {
    World world;
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    node.create();
    node.append(SyncUrgency::waited_for);
    node.pass(std::chrono::milliseconds(10));
    CHECK(node.log->durable_end_offset() == Offset(1));
    node.append(SyncUrgency::background);
    node.pass(std::chrono::milliseconds(30));
    CHECK(node.log->durable_end_offset() == Offset(1));
    node.pass(std::chrono::milliseconds(40));
    CHECK(node.log->durable_end_offset() == Offset(2));
    CHECK(node.owner->syncs == 2);
}

TEST_CASE("manager: sync requests that come during a sync share the next one",
          "[storage][manager]") {
    World world;
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    node.create();
    for (int i = 0; i < 50; ++i) {
        node.append(SyncUrgency::waited_for);
    }
    node.pass(std::chrono::milliseconds(20));
    CHECK(node.log->durable_end_offset() == Offset(50));
    CHECK(node.owner->syncs <= 3);
}

TEST_CASE("manager: a failed sync takes the directory offline for good, and reports the failure",
          "[storage][manager]") {
    World world;
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    node.create();
    std::string told;
    node.directory->on_failure([&](const Error& error) { told = error.message; });
    world.disk.faults().sync_error_one_in = 1;
    node.append(SyncUrgency::waited_for);
    node.pass(std::chrono::milliseconds(20));
    CHECK(told.find("Input/output error") != std::string::npos);
    CHECK(node.log->offline().has_value());
    CHECK(node.log->durable_end_offset() == Offset(0));
    world.disk.faults().sync_error_one_in = 0;
    node.directory->request_sync(node.id, SyncUrgency::waited_for, 1);
    node.pass(std::chrono::milliseconds(20));
    CHECK(node.log->durable_end_offset() == Offset(0));
    Result<void> written;
    node.directory->write_recovery_points([&](const Result<void>& outcome) { written = outcome; });
    CHECK_FALSE(written.has_value());
}

TEST_CASE("manager: the marker of a clean stop has the broker epoch, and the next start removes it",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    CHECK_FALSE(first.manager.clean_broker_epoch().has_value());
    first.create();
    first.append(SyncUrgency::background);
    std::vector<ClosingLog> closing{{first.directory, first.id, first.log.get()}};
    REQUIRE(first.run(first.manager.close(closing, BrokerEpoch(17))).has_value());
    const std::string marker = std::string("/data/") + kCleanShutdownFile;
    CHECK(world.disk.contents(marker) == R"({"version":0,"brokerEpoch":17})");
    world.power_loss();
    Node& second = world.start();
    auto opened = second.open();
    REQUIRE(opened.has_value());
    CHECK(second.manager.clean_broker_epoch() == BrokerEpoch(17));
    CHECK_FALSE(*world.disk.exists(marker));
    REQUIRE(opened->logs.size() == 1);
    CHECK(opened->logs[0].contents.segments.back().end_offset() == Offset(1));
    CHECK(world.disk.contents(std::string("/data/") + kRecoveryPointFile) == "0\n1\nt 0 1\n");
}

TEST_CASE("manager: a stop waits for a checkpoint that is being written", "[storage][manager]") {
    World world;
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    const sim::DiskFaults quick = world.disk.faults();
    world.disk.faults().delay_least = std::chrono::seconds(1);
    world.disk.faults().delay_most = std::chrono::seconds(2);
    bool written = false;
    node.manager.directories()[0]->write_high_watermarks(
        {{kName, Offset(1)}}, [&](const Result<void>&) { written = true; });
    world.disk.faults() = quick;
    REQUIRE(node.run(node.manager.close({}, BrokerEpoch(17))).has_value());
    CHECK(written);
}

TEST_CASE("manager: a directory of another cluster or node is refused, and the error has both ids",
          "[storage][manager]") {
    World world;
    REQUIRE(world.start().open().has_value());
    world.node.reset();
    world.disk.process_kill();
    const auto cluster = world.start().open({"/data"}, "other");
    REQUIRE_FALSE(cluster.has_value());
    CHECK(cluster.error().message.find("/data/meta.properties belongs to cluster c, this node to "
                                       "cluster other") != std::string::npos);
    world.node.reset();
    world.disk.process_kill();
    const auto node = world.start().open({"/data"}, "c", 2);
    CHECK(node.error().message.find("belongs to node 1, this is node 2") != std::string::npos);
}

TEST_CASE("manager: two folders of one log are refused, and nothing is changed",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open({"/data", "/more"}).has_value());
    first.create();
    first.append(SyncUrgency::waited_for);
    first.pass(std::chrono::milliseconds(20));
    first.directory->write_recovery_points([](const Result<void>&) {});
    first.pass(std::chrono::milliseconds(20));
    world.node.reset();
    world.disk.process_kill();
    const bool is_renamed = GENERATE(true, false);
    const std::string copy = is_renamed ? "/data/copy-0" : "/more/t-0";
    const TopicPartition copied(is_renamed ? "copy" : "t", PartitionIndex(0));
    REQUIRE(
        create_log_folders(world.disk, copy.substr(0, 5), {{copied, TopicId(Uuid{1, 2})}}).front());
    const std::string points = world.disk.contents("/data/recovery-point-offset-checkpoint");
    CHECK(points == "0\n1\nt 0 1\n");
    Node& second = world.start();
    const auto refused = second.open({"/data", "/more"});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message ==
          (is_renamed ? copy + " and /data/t-0" : "/data/t-0 and " + copy) +
              " belong to the same log: one is a copy of the other; move one of them away");
    REQUIRE(second.run(second.manager.close({}, BrokerEpoch(-1))).has_value());
    CHECK(world.disk.contents("/data/recovery-point-offset-checkpoint") == points);
    CHECK_FALSE(*world.disk.exists(std::string("/data/") + kCleanShutdownFile));
}

TEST_CASE("manager: a start that is refused keeps the marker of a clean stop",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open({"/data", "/more"}).has_value());
    first.create();
    std::vector<ClosingLog> closing{{first.directory, first.id, first.log.get()}};
    REQUIRE(first.run(first.manager.close(closing, BrokerEpoch(17))).has_value());
    world.node.reset();
    world.disk.process_kill();
    Node& second = world.start();
    REQUIRE_FALSE(second.open({"/data", "/more"}, "c", 2).has_value());
    REQUIRE(second.run(second.manager.close({}, BrokerEpoch(-1))).has_value());
    world.node.reset();
    world.disk.process_kill();
    Node& third = world.start();
    REQUIRE(third.open({"/data", "/more"}).has_value());
    CHECK(third.manager.clean_broker_epoch() == BrokerEpoch(17));
}

TEST_CASE("manager: folders with one name but different topic ids are different logs",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open({"/data", "/more"}).has_value());
    first.create();
    world.node.reset();
    world.disk.process_kill();
    REQUIRE(create_log_folders(world.disk, "/more", {{kName, TopicId(Uuid{3, 4})}})
                .front()
                .has_value());
    const auto opened = world.start().open({"/data", "/more"});
    REQUIRE(opened.has_value());
    CHECK(opened->logs.size() == 2);
}

TEST_CASE("manager: logs without meta.properties are refused, and not changed",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    world.node.reset();
    world.disk.process_kill();
    const std::string properties = std::string("/data/") + kMetaPropertiesFile;
    const std::string text = world.disk.contents(properties);
    REQUIRE(world.disk.remove_file(properties).has_value());
    const auto refused = world.start().open();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message ==
          "/data has logs, such as t-0, but no meta.properties, which names their cluster and "
          "node: put that file back, or move the logs away to start over. If `highwater format` "
          "was interrupted here, run it again");
    world.node.reset();
    world.disk.process_kill();
    REQUIRE(replace_small_file(world.disk, "/data", kMetaPropertiesFile, text).has_value());
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    CHECK(opened->logs.size() == 1);
}

TEST_CASE("manager: the metadata log needs no recovery points", "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    const TopicPartition metadata(kMetadataTopic, PartitionIndex(0));
    REQUIRE(create_log_folders(world.disk, "/data", {{metadata, TopicId(Uuid{0, 1})}}).front());
    world.node.reset();
    world.disk.process_kill();
    const std::string path = std::string("/data/") + kRecoveryPointFile;
    REQUIRE(world.disk.remove_file(path).has_value());
    CHECK(world.start().open()->logs.size() == 1);
    CHECK(*world.disk.exists(path));
}

TEST_CASE("manager: logs without recovery points are refused", "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    world.node.reset();
    world.disk.process_kill();
    const std::string path = std::string("/data/") + kRecoveryPointFile;
    REQUIRE(world.disk.remove_file(path).has_value());
    Node& second = world.start();
    const auto refused = second.open();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find(
              "has logs, such as t-0, but no recovery-point-offset-checkpoint") !=
          std::string::npos);
    CHECK(refused.error().message.find("printf '0\\n0\\n' > " + path) != std::string::npos);
    world.node.reset();
    world.disk.process_kill();
    REQUIRE(replace_small_file(world.disk, "/data", kRecoveryPointFile, "0\n0\n").has_value());
    CHECK(world.start().open().has_value());
}

TEST_CASE("manager: a directory with files that no broker made is not wiped",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    world.node.reset();
    world.disk.process_kill();
    const std::string entry = GENERATE("photos", "photos-2024", "thesis.tex");
    if (entry == "thesis.tex") {
        REQUIRE(world.disk.open("/data/" + entry, OpenMode::create).has_value());
    } else {
        REQUIRE(world.disk.make_directories("/data/" + entry + "/summer").has_value());
    }
    const auto refused = wipe_data_directory(world.disk, "/data");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message == "/data holds " + entry +
                                         ", which no broker made: /data is not wiped. Move " +
                                         entry + " away, or take another directory");
    CHECK(*world.disk.exists("/data/t-0/partition.metadata"));
    REQUIRE(world.disk.remove_tree("/data/" + entry).has_value());
    REQUIRE(world.disk.make_directories("/data/lost+found").has_value());
    CHECK(wipe_data_directory(world.disk, "/data").has_value());
    CHECK_FALSE(*world.disk.exists("/data/t-0"));
    CHECK(*world.disk.exists("/data/lost+found"));
}

TEST_CASE("manager: a wipe that was interrupted by a power loss can be repeated",
          "[storage][manager]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})));
    const std::uint64_t steps = GENERATE(range(std::uint64_t{0}, std::uint64_t{12}));
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    world.node.reset();
    world.disk.process_kill();
    world.disk.faults().freeze_after = world.disk.operations() + steps;
    static_cast<void>(wipe_data_directory(world.disk, "/data"));
    world.power_loss();
    world.disk.faults() = {};
    const auto wiped = wipe_data_directory(world.disk, "/data");
    INFO((wiped ? "" : wiped.error().message));
    CHECK(wiped.has_value());
    CHECK(world.start().open().has_value());
}

TEST_CASE("manager: two managers may share a disk, but not a directory", "[storage][manager]") {
    World world;
    REQUIRE(world.start().open({"/a"}).has_value());
    Node other(world.scheduler, world.disk);
    const auto refused = other.open({"/a"});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::busy);
    CHECK(refused.error().message.find("/a/.lock") != std::string::npos);
    Node third(world.scheduler, world.disk);
    CHECK(third.open({"/b"}).has_value());
}

TEST_CASE("manager: a start removes left-overs of a deleted log and keeps unknown folders",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.log.reset();
    REQUIRE(first.run(first.manager.remove(*first.directory, kName)).has_value());
    for (const DirectoryEntry& entry : *world.disk.list("/data")) {
        CHECK_FALSE(entry.is_directory);
    }
    const std::string deleting = "/data/x-0.88bf6776abc54edb97e903f1828ba330-delete";
    REQUIRE(world.disk.make_directories(deleting + "/deep").has_value());
    REQUIRE(world.disk.make_directories("/data/lost+found").has_value());
    world.node.reset();
    world.disk.process_kill();
    Node& second = world.start();
    auto opened = second.open();
    REQUIRE(opened.has_value());
    CHECK(opened->logs.empty());
    CHECK_FALSE(*world.disk.exists(deleting));
    CHECK(*world.disk.exists("/data/lost+found"));
    CHECK(second.sink.lines.find("/data/lost+found is not the folder of a log") !=
          std::string::npos);
}

TEST_CASE("manager: a damaged log is reported, and the other logs open", "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.append(SyncUrgency::waited_for);
    first.pass(std::chrono::milliseconds(20));
    first.directory->write_recovery_points([](const Result<void>&) {});
    first.pass(std::chrono::milliseconds(20));
    const TopicPartition second_name{"u", PartitionIndex(1)};
    REQUIRE(first.run(first.manager.create(*first.directory, second_name, TopicId(Uuid{3, 4})))
                .has_value());
    world.node.reset();
    world.disk.process_kill();
    world.disk.overwrite("/data/t-0/00000000000000000000.log", 70, "?");
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    REQUIRE(opened->failed.size() == 1);
    CHECK(opened->failed[0].name == kName);
    CHECK(opened->failed[0].reason.kind == ErrorKind::corrupt);
    REQUIRE(opened->logs.size() == 1);
    CHECK(opened->logs[0].name == second_name);
}

TEST_CASE("manager: a damaged log is refused at every start, and a stop with it is never clean",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.append(SyncUrgency::waited_for);
    first.pass(std::chrono::milliseconds(20));
    first.directory->write_recovery_points([](const Result<void>&) {});
    first.pass(std::chrono::milliseconds(20));
    world.node.reset();
    world.disk.process_kill();
    world.disk.overwrite("/data/t-0/00000000000000000000.log", 70, "?");
    for (int i = 0; i < 2; ++i) {
        Node& node = world.start();
        const auto opened = node.open();
        REQUIRE(opened.has_value());
        REQUIRE(opened->failed.size() == 1);
        CHECK(opened->failed[0].reason.kind == ErrorKind::corrupt);
        CHECK_FALSE(node.run(node.manager.close({}, BrokerEpoch(1))).has_value());
        CHECK(world.disk.contents(std::string("/data/") + kRecoveryPointFile) == "0\n1\nt 0 1\n");
        CHECK_FALSE(*world.disk.exists(std::string("/data/") + kCleanShutdownFile));
        world.node.reset();
        world.disk.process_kill();
    }
}

TEST_CASE("manager: a disk that fails while logs are opened takes the whole directory offline",
          "[storage][manager]") {
    World world(GENERATE(1U, 2U, 3U, 4U, 5U));
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    const TopicPartition second_name{"u", PartitionIndex(1)};
    REQUIRE(first.run(first.manager.create(*first.directory, second_name, TopicId(Uuid{3, 4})))
                .has_value());
    world.power_loss();
    const bool full = GENERATE(true, false);
    world.disk.faults().sync_error_one_in = full ? 0 : 1;
    world.disk.faults().space_left = full ? 0 : sim::DiskFaults::kNoLimit;
    Node& second = world.start();
    const auto opened = second.open();
    REQUIRE(opened.has_value());
    CHECK(opened->logs.empty());
    CHECK(opened->failed.size() == 2);
    CHECK(second.manager.directories()[0]->failure().has_value());
    CHECK_FALSE(second.run(second.manager.close({}, BrokerEpoch(1))).has_value());
    world.power_loss();
    world.disk.faults() = {};
    CHECK(world.start().open()->logs.size() == 2);
}

TEST_CASE("manager: a new log does not inherit the recovery point of a deleted log of that name",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.append(SyncUrgency::waited_for);
    first.pass(std::chrono::milliseconds(20));
    first.directory->write_recovery_points([](const Result<void>&) {});
    first.pass(std::chrono::milliseconds(20));
    first.directory->remove(first.id);
    first.log.reset();
    REQUIRE(first.run(first.manager.remove(*first.directory, kName)).has_value());
    first.create();
    world.power_loss();
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    CHECK(opened->failed.empty());
    CHECK(opened->logs.size() == 1);
}

TEST_CASE("manager: a log that is set aside stays so after a power loss, and its name is free",
          "[storage][manager]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.directory->remove(first.id);
    first.log.reset();
    const auto marked = first.run(first.manager.set_aside(*first.directory, {kName}));
    REQUIRE(marked.front().has_value());
    first.create();
    world.power_loss();
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    CHECK(opened->logs.size() == 1);
    CHECK(opened->missing.empty());
    CHECK(*world.disk.exists(marked.front()->folder));
}

TEST_CASE("manager: a new log does not inherit the high watermark of a removed log of that name",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.directory->write_high_watermarks(
        {{kName, Offset(5)}, {{"u", PartitionIndex(0)}, Offset(7)}}, [](const Result<void>&) {});
    first.pass(std::chrono::milliseconds(20));
    Node* node = &first;
    if (GENERATE(false, true)) {
        // Removed by the next process, which has not written a checkpoint of its own.
        world.power_loss();
        node = &world.start();
        REQUIRE(node->open()->logs[0].high_watermark == Offset(5));
        node->directory = node->manager.directories()[0].get();
    } else {
        node->directory->remove(node->id);
        node->log.reset();
    }
    REQUIRE(node->run(node->manager.remove(*node->directory, kName)).has_value());
    node->create();
    world.power_loss();
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    REQUIRE(opened->logs.size() == 1);
    CHECK(opened->logs[0].high_watermark == Offset(0));
}

TEST_CASE("manager: the high watermark of a log without a folder is forgotten at the start",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    REQUIRE(replace_small_file(world.disk, "/data", kHighWatermarkFile, "0\n1\nt 0 5\n"));
    Node& second = world.start();
    REQUIRE(second.open().has_value());
    second.create();
    world.power_loss();
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    REQUIRE(opened->logs.size() == 1);
    CHECK(opened->logs[0].high_watermark == Offset(0));
}

/// How many operations of the disk succeed before the crash.
std::uint64_t operations_before_crash() {
    return GENERATE(range(std::uint64_t{1}, std::uint64_t{14}));
}

TEST_CASE("manager: a log whose creation was interrupted by a crash can be created again",
          "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    const bool power = GENERATE(true, false);
    world.disk.faults().freeze_after = world.disk.operations() + operations_before_crash();
    const TopicId topic(Uuid{1, 2});
    static_cast<void>(
        first.run(first.manager.create(*first.manager.directories()[0], kName, topic)));
    world.node.reset();
    power ? world.disk.power_loss() : world.disk.process_kill();
    world.disk.faults() = {};
    Node& second = world.start();
    auto opened = second.open();
    REQUIRE(opened.has_value());
    CHECK(opened->failed.empty());
    if (!opened->logs.empty()) {
        CHECK(opened->logs[0].topic_id == topic);
        return;
    }
    second.create();
}

TEST_CASE("manager: removing a log during its sync does no harm", "[storage][manager]") {
    World world(GENERATE(range(1U, 30U)));
    Node& node = world.start();
    REQUIRE(node.open().has_value());
    node.create();
    node.append(SyncUrgency::waited_for);
    const auto begun = [&] { return node.owner->syncs_begun == 1; };
    REQUIRE(world.scheduler.run_until(begun, kNever));
    node.directory->remove(node.id);
    node.owner->release();
    node.log.reset();
    REQUIRE(node.run(node.manager.remove(*node.directory, kName)).has_value());
    node.pass(std::chrono::milliseconds(20));
    CHECK(node.owner->syncs == 1);
    const auto& failure = node.directory->failure();
    INFO((failure ? failure->message : ""));
    CHECK_FALSE(failure.has_value());
}

TEST_CASE(
    "manager: a new log does not inherit the recovery point of a half-removed log of that name",
    "[storage][manager]") {
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.append(SyncUrgency::waited_for);
    first.pass(std::chrono::milliseconds(20));
    first.directory->write_recovery_points([](const Result<void>&) {});
    first.pass(std::chrono::milliseconds(20));
    REQUIRE(mark_logs(world.disk, "/data", {{kName}, {Uuid{5, 6}}}).front().has_value());
    world.node.reset();
    world.disk.process_kill();
    Node& second = world.start();
    REQUIRE(second.open()->logs.empty());
    second.create();
    world.power_loss();
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    INFO((opened->failed.empty() ? "" : opened->failed[0].reason.message));
    CHECK(opened->failed.empty());
    CHECK(opened->logs.size() == 1);
}

TEST_CASE("manager: a new log does not inherit the start offset of a removed log of that name",
          "[storage][manager]") {
    World world;
    REQUIRE(world.disk.make_directories("/data").has_value());
    REQUIRE(world.disk.sync_directory("/").has_value());
    const MetaProperties properties{"c", BrokerId(1), DirectoryId(Uuid{3, 4})};
    REQUIRE(replace_small_file(world.disk, "/data", kMetaPropertiesFile,
                               format_meta_properties(properties))
                .has_value());
    REQUIRE(replace_small_file(world.disk, "/data", kLogStartFile, "0\n1\nt 0 2\n").has_value());
    REQUIRE(replace_small_file(world.disk, "/data", kRecoveryPointFile, "0\n0\n").has_value());
    Node& first = world.start();
    const bool was_there = GENERATE(false, true);
    if (was_there) {
        REQUIRE(create_log_folders(world.disk, "/data", {{kName, TopicId(Uuid{7, 8})}})
                    .front()
                    .has_value());
    }
    auto found = first.open();
    REQUIRE(found.has_value());
    REQUIRE(found->logs.size() == (was_there ? 1 : 0));
    if (was_there) {
        found->logs.clear();
        REQUIRE(
            first.run(first.manager.remove(*first.manager.directories()[0], kName)).has_value());
    }
    first.create();
    for (int i = 0; i < 3; ++i) {
        first.append(SyncUrgency::waited_for);
    }
    first.pass(std::chrono::milliseconds(20));
    REQUIRE(first.log->durable_end_offset() == Offset(3));
    world.power_loss();
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    REQUIRE(opened->logs.size() == 1);
    CHECK(opened->logs[0].contents.log_start_offset == Offset(0));
}

TEST_CASE("manager: a log without its folder or files is reported as missing until it is removed",
          "[storage][manager]") {
    const bool is_emptied = GENERATE(false, true);
    World world;
    Node& first = world.start();
    REQUIRE(first.open().has_value());
    first.create();
    first.append(SyncUrgency::background);
    std::vector<ClosingLog> closing{{first.directory, first.id, first.log.get()}};
    REQUIRE(first.run(first.manager.close(closing, BrokerEpoch(17))).has_value());
    world.node.reset();
    world.disk.process_kill();
    REQUIRE(world.disk.remove_tree("/data/t-0").has_value());
    if (is_emptied) {
        REQUIRE(world.disk.make_directories("/data/t-0").has_value());
        REQUIRE(world.disk.sync_directory("/data").has_value());
    }
    for (int start = 0; start < 2; ++start) {
        Node& node = world.start();
        const auto opened = node.open();
        REQUIRE(opened.has_value());
        REQUIRE(opened->missing.size() == 1);
        CHECK(opened->missing[0].name == kName);
        CHECK(opened->missing[0].recovery_point == Offset(1));
        if (start == 1) {
            REQUIRE(node.run(node.manager.remove(*node.manager.directories()[0], kName)));
        }
        world.power_loss();
    }
    const auto opened = world.start().open();
    REQUIRE(opened.has_value());
    CHECK(opened->missing.empty());
}

TEST_CASE("manager: a directory that was created with its parents survives a power loss",
          "[storage][manager]") {
    World world(GENERATE(range(1U, 9U)));
    Node& first = world.start();
    REQUIRE(first.open({"/var/lib/hw"}).has_value());
    first.create();
    first.append(SyncUrgency::waited_for);
    first.pass(std::chrono::milliseconds(20));
    REQUIRE(first.log->durable_end_offset() == Offset(1));
    world.power_loss();
    const auto opened = world.start().open({"/var/lib/hw"});
    REQUIRE(opened.has_value());
    REQUIRE(opened->logs.size() == 1);
}

}  // namespace
}  // namespace hw::storage
