#include <functional>

#include "test/unit/storage/manager_fixture.h"

namespace hw::storage {
namespace {

TEST_CASE("manager: the snapshot of the producers in a sealed segment is written after a sync",
          "[storage][manager]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    Node node(world.scheduler, world.disk);
    REQUIRE(node.open().has_value());
    node.options.segment_bytes = 200;
    node.create();
    for (int i = 0; i < 4; ++i) {
        node.append(SyncUrgency::waited_for, {.producer = ProducerId(7), .sequence = Sequence(i)});
    }
    node.pass(std::chrono::seconds(1));
    CHECK(node.log->durable_end_offset() == Offset(4));
    CHECK(node.owner->snapshots >= 1);
    REQUIRE(node.log->segments().size() > 1);
    const Offset sealed_at = node.log->segments().back().base_offset();
    const auto table = read_producer_snapshot(
        world.disk, node.log->folder() + "/" + file_name(sealed_at, kSnapshotSuffix));
    REQUIRE(table.has_value());
    CHECK(table->find(ProducerId(7))->last_batch().last_offset == sealed_at - 1);
}

/// A node with a log of four synced batches.
struct Synced {
    Synced() {
        REQUIRE(node.open().has_value());
        node.create();
        for (int i = 0; i < 4; ++i) {
            node.append(SyncUrgency::waited_for);
        }
        node.pass(std::chrono::milliseconds(20));
    }
    /// Truncates the log, and checks that it is not cut before the file has the contents.
    void truncate(Offset new_end, const std::string& file, const std::string& contents) {
        auto job = node.log->begin_truncation(new_end);
        REQUIRE(job.has_value());
        bool is_cut = false;
        node.directory->truncate(node.id, std::move(*job),
                                 [&](TruncationJob done, const Result<void>& outcome) {
                                     CHECK(outcome);
                                     node.log->finish_truncation(std::move(done), outcome);
                                     is_cut = true;
                                 });
        const std::string log_file = "/data/t-0/00000000000000000000.log";
        const std::size_t whole = world.disk.contents(log_file).size();
        while (!is_cut && world.scheduler.step()) {
            const bool is_written = world.disk.contents(file) == contents;
            REQUIRE((is_written || world.disk.contents(log_file).size() == whole));
        }
        CHECK(is_cut);
        CHECK(node.log->log_end_offset() == new_end);
        CHECK(world.disk.contents(file) == contents);
    }

    World world;
    Node& node = world.start();
};

TEST_CASE("manager: recovery points follow the syncs, and are lowered before a truncation",
          "[storage][manager]") {
    Synced of;
    of.node.directory->write_recovery_points([](const Result<void>& outcome) { CHECK(outcome); });
    of.node.pass(std::chrono::milliseconds(20));
    const std::string file = std::string("/data/") + kRecoveryPointFile;
    CHECK(of.world.disk.contents(file) == "0\n1\nt 0 4\n");
    of.truncate(Offset(1), file, "0\n1\nt 0 1\n");
}

TEST_CASE("manager: a high watermark above the new end is lowered before a truncation",
          "[storage][manager]") {
    Synced of;
    const std::string file = std::string("/data/") + kHighWatermarkFile;
    const auto written = GENERATE(Offset(3), Offset(1));
    of.node.directory->write_high_watermarks(
        {{kName, written}, {{"u", PartitionIndex(0)}, Offset(7)}},
        [](const Result<void>& outcome) { CHECK(outcome); });
    of.node.pass(std::chrono::milliseconds(20));
    const std::string before = of.world.disk.contents(file);
    REQUIRE(before.find("t 0 " + std::to_string(written.value())) != std::string::npos);
    const auto truncations = of.node.directory->truncations();
    of.truncate(Offset(2), file, written > Offset(2) ? "0\n2\nt 0 2\nu 0 7\n" : before);
    CHECK(of.node.directory->truncations() == truncations + 1);
}

TEST_CASE("manager: a write of some high watermarks keeps those of the other logs",
          "[storage][manager]") {
    Synced of;
    const TopicPartition other{"u", PartitionIndex(0)};
    const auto write = [&](const PartitionOffsets& offsets) {
        of.node.directory->write_high_watermarks(
            offsets, [](const Result<void>& outcome) { CHECK(outcome); });
        of.node.pass(std::chrono::milliseconds(20));
        return of.world.disk.contents(std::string("/data/") + kHighWatermarkFile);
    };
    CHECK(write({{kName, Offset(1)}, {other, Offset(7)}}) == "0\n2\nt 0 1\nu 0 7\n");
    CHECK(write({{kName, Offset(3)}}) == "0\n2\nt 0 3\nu 0 7\n");
    of.node.directory->forget_high_watermark(other);
    CHECK(write({}) == "0\n1\nt 0 3\n");
}

/// A node with a log of four synced batches, whose producer snapshot is being written until
/// `release` of its directory.
struct Snapshotting {
    Snapshotting() {
        REQUIRE(node.open().has_value());
        node.options.segment_bytes = 200;
        node.create();
        for (int i = 0; i < 4; ++i) {
            append(SyncUrgency::waited_for);
        }
        const auto run_until = [this](const std::function<bool()>& done) {
            REQUIRE(world.scheduler.run_until(done, world.scheduler.now() + std::chrono::hours(1)));
        };
        run_until([this] { return world.disk.progress("/data").pending == 1; });
        // The sync is under way. What comes next hangs.
        world.disk.faults().hung.insert("/data");
        run_until([this] { return node.owner->syncs == 1; });
        world.disk.faults().hung.erase("/data");
        REQUIRE(node.log->durable_end_offset() == Offset(4));
        REQUIRE(world.disk.progress("/data").pending == 1);
    }

    void append(SyncUrgency urgency) {
        node.append(urgency, {.producer = ProducerId(7), .sequence = Sequence(next++)});
    }

    World world;
    Node node{world.scheduler, world.disk};
    int next = 0;
};

TEST_CASE("manager: syncs do not wait for a producer snapshot that is being written",
          "[storage][manager]") {
    Snapshotting test;
    test.append(SyncUrgency::waited_for);
    test.node.pass(std::chrono::milliseconds(10));
    CHECK(test.node.log->durable_end_offset() == Offset(5));
    CHECK(test.node.owner->snapshots == 0);
    test.world.disk.release("/data");
    test.node.pass(std::chrono::seconds(1));
    CHECK(test.node.owner->snapshots >= 1);
}

Task<> stop_directory(LogDirectory& directory, bool& stopped) {
    co_await directory.stop();
    stopped = true;
}

TEST_CASE("manager: a stop waits for a producer snapshot that is being written, and does not spin",
          "[storage][manager]") {
    Snapshotting test;
    test.append(SyncUrgency::background);
    bool stopped = false;
    test.node.shard.spawn(stop_directory(*test.node.directory, stopped));
    // Unlike `pass`, this ends even if time does not pass.
    bool passed = false;
    const TimePoint end = test.world.scheduler.now() + std::chrono::seconds(10);
    test.world.scheduler.park(1, [&passed] { passed = true; }, end);
    for (int steps = 0; steps < 1000 && !passed; ++steps) {
        test.world.scheduler.step();
    }
    REQUIRE(passed);
    CHECK_FALSE(stopped);
    CHECK(test.node.owner->syncs == 1);
    test.world.disk.release("/data");
    test.node.pass(std::chrono::seconds(1));
    CHECK(stopped);
    CHECK(test.node.owner->snapshots == 1);
}

TEST_CASE("manager: a directory whose disk hangs fails when it is abandoned",
          "[storage][manager]") {
    World world;
    Node node(world.scheduler, world.disk);
    REQUIRE(node.open().has_value());
    node.create();
    world.disk.faults().hung.insert("/data");
    node.append(SyncUrgency::waited_for);
    node.pass(std::chrono::seconds(30));
    CHECK(node.owner->syncs == 0);
    CHECK(world.disk.progress("/data").pending == 1);
    world.disk.abandon("/data");
    node.pass(std::chrono::seconds(1));
    CHECK(node.owner->syncs == 1);
    CHECK(node.log->durable_end_offset() == Offset(0));
    REQUIRE(node.directory->failure().has_value());
    CHECK(node.directory->failure()->message.find("/data hangs") != std::string::npos);
    CHECK_FALSE(node.run(node.manager.create(*node.directory, {"u", PartitionIndex(0)}, {})));
    world.disk.release("/data");
    node.pass(std::chrono::seconds(1));
    CHECK(node.owner->syncs == 1);
}

}  // namespace
}  // namespace hw::storage
