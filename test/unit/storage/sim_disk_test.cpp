#include "test/sim/sim_disk.h"

#include <set>

#include <catch2/catch.hpp>

#include "test/sim/sim_shard.h"

namespace hw::sim {
namespace {

using storage::OpenMode;

struct World {
    explicit World(std::uint64_t seed) : scheduler(seed), disk(scheduler, 1) {
        REQUIRE(disk.make_directories("/d").has_value());
        REQUIRE(disk.sync_directory("/").has_value());
        file = *disk.open("/d/f", OpenMode::create);
    }

    Scheduler scheduler;
    SimDisk disk;
    std::shared_ptr<storage::File> file;
};

TEST_CASE("sim disk: a power loss keeps what was synced, and random sectors of the rest", "[sim]") {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        World world(seed);
        REQUIRE(world.file->write_now(0, as_bytes(std::string(1024, 'a'))).has_value());
        REQUIRE(world.file->sync().has_value());
        REQUIRE(world.disk.sync_directory("/d").has_value());
        REQUIRE(world.file->write_now(0, as_bytes(std::string(1024, 'b'))).has_value());
        world.disk.power_loss();
        const std::string left = world.disk.contents("/d/f");
        REQUIRE(left.size() == 1024);
        outcomes.insert({left[0], left[511], left[512], left[1023]});
        CHECK_FALSE(world.file->size().has_value());
    }
    CHECK(outcomes == std::set<std::string>{"aaaa", "aabb", "bbaa", "bbbb"});
}

TEST_CASE("sim disk: an entry is safe only after its directory was synced", "[sim]") {
    int lost = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        World world(seed);
        REQUIRE(world.file->sync().has_value());
        world.disk.power_loss();
        lost += *world.disk.exists("/d/f") ? 0 : 1;
    }
    CHECK(lost > 5);
    CHECK(lost < 35);
}

TEST_CASE("sim disk: a kill keeps everything that was written", "[sim]") {
    World world(1);
    REQUIRE(world.file->write_now(0, as_bytes("abc")).has_value());
    world.disk.process_kill();
    CHECK(world.disk.contents("/d/f") == "abc");
}

TEST_CASE("sim disk: bytes of a failed sync never become durable", "[sim]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World world(seed);
        REQUIRE(world.disk.sync_directory("/d").has_value());
        REQUIRE(world.file->write_now(0, as_bytes("abc")).has_value());
        world.disk.faults().sync_error_one_in = 1;
        CHECK_FALSE(world.file->sync().has_value());
        world.disk.faults().sync_error_one_in = 0;
        CHECK(world.file->sync().has_value());
        CHECK(world.disk.contents("/d/f") == "abc");
        world.disk.power_loss();
        CHECK(world.disk.contents("/d/f").find('a') == std::string::npos);
    }
}

TEST_CASE("sim disk: it is full when its space is used up, until it gets more", "[sim]") {
    World world(1);
    world.disk.faults().space_left = 4;
    CHECK(world.disk.open("/d/g", OpenMode::create).has_value());
    CHECK(world.file->write_now(0, as_bytes("abcdef")).error().kind == ErrorKind::no_space);
    CHECK(world.disk.contents("/d/f") == "abcd");
    CHECK(world.disk.open("/d/h", OpenMode::create).error().kind == ErrorKind::no_space);
    CHECK(world.disk.make_directories("/d/i").error().kind == ErrorKind::no_space);
    CHECK(world.disk.refusals() == 3);
    CHECK(world.disk.open("/d/g", OpenMode::create).has_value());
    CHECK(world.file->sync().has_value());
    world.disk.faults().space_left = DiskFaults::kNoLimit;
    CHECK(world.file->write_now(0, as_bytes("abcdef")).has_value());
}

TEST_CASE("sim disk: it freezes after the given operation", "[sim]") {
    World world(1);
    REQUIRE(world.file->write_now(0, as_bytes("abcd")).has_value());
    world.disk.faults().freeze_after = world.disk.operations() + 1;
    CHECK(world.file->write_now(0, as_bytes("x")).has_value());
    CHECK_FALSE(world.file->write_now(0, as_bytes("y")).has_value());
    CHECK_FALSE(world.disk.rename("/d/f", "/d/g").has_value());
    CHECK(world.disk.contents("/d/f") == "xbcd");
}

TEST_CASE("sim disk: a late write ends later, once", "[sim]") {
    World world(1);
    world.disk.faults().late_write_one_in = 1;
    const ByteView bytes = as_bytes("abc");
    int ended = 0;
    world.file->write_at(0, {&bytes, 1}, [&](const Result<void>&) { ++ended; });
    CHECK(ended == 0);
    CHECK(world.disk.contents("/d/f").empty());
    while (world.scheduler.step()) {
    }
    CHECK(ended == 1);
    CHECK(world.disk.contents("/d/f") == "abc");
}

TEST_CASE("sim disk: the seed decides the order of overlapping blocking work", "[sim]") {
    std::set<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World world(seed);
        SimShard shard(world.scheduler, 1, 0);
        std::string order;
        for (const char name : {'a', 'b'}) {
            world.disk.run_blocking(
                "/data", shard, [&order, name] { order += name; }, [](storage::BlockingEnd) {});
        }
        while (world.scheduler.step()) {
        }
        orders.insert(order);
    }
    CHECK(orders == std::set<std::string>{"ab", "ba"});
}

}  // namespace
}  // namespace hw::sim
