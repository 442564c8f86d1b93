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
