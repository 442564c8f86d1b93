#include "test/unit/storage/manager_fixture.h"

namespace hw::storage {
namespace {

TEST_CASE("manager: a directory whose disk hangs fails when it is given up", "[storage][manager]") {
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
