#include "test/unit/storage/manager_fixture.h"

/// Starts with two data directories, one of which cannot be opened.
namespace hw::storage {
namespace {

const std::vector<std::string> kBoth{"/a", "/b"};

/// A node that has stopped cleanly, with a log in /b.
struct Stopped : World {
    explicit Stopped(std::uint64_t seed = 1) : World(seed) {
        Node& first = start();
        REQUIRE(first.open(kBoth).has_value());
        id = first.manager.directories()[1]->id();
        auto made = first.run(
            first.manager.create(*first.manager.directories()[1], kName, TopicId(Uuid{1, 2})));
        REQUIRE(made.has_value());
        first.take(std::move(*made));
        close(first);
    }
    Result<void> close(Node& running) {
        std::vector<ClosingLog> closing;
        if (running.log != nullptr) {
            closing.push_back({running.directory, running.id, running.log.get()});
        }
        return running.run(running.manager.close(std::move(closing), BrokerEpoch(17)));
    }
    void put(const std::string& directory, const char* file, const std::string& text) {
        REQUIRE(replace_small_file(disk, directory, file, text));
    }
    void put_properties(const std::string& cluster, int owner, DirectoryId directory) {
        put("/b", kMetaPropertiesFile,
            format_meta_properties({cluster, BrokerId(owner), directory}));
    }

    DirectoryId id;
};

TEST_CASE("manager: a start goes on without a directory that cannot be read, and tells why",
          "[storage][manager]") {
    Stopped world;
    const bool is_damaged = GENERATE(false, true);
    const std::string properties = world.disk.contents("/b/meta.properties");
    if (is_damaged) {
        world.put("/b", kMetaPropertiesFile, "damaged\n");
    } else {
        world.disk.faults().failed.insert("/b");
    }
    Node& second = world.start();
    const auto opened = second.open(kBoth);
    REQUIRE(opened.has_value());
    const auto directories = second.manager.directories();
    REQUIRE(directories.size() == 2);
    CHECK_FALSE(directories[0]->failure().has_value());
    CHECK(directories[1]->failure().has_value());
    CHECK(opened->unread == std::vector<const LogDirectory*>{directories[1].get()});
    CHECK(opened->logs.empty());
    CHECK(opened->missing.empty());
    CHECK(second.sink.lines.contains("this node starts without the data directory /b"));
    CHECK_FALSE(second.manager.clean_broker_epoch().has_value());
    CHECK(world.close(second).has_value());

    world.disk.faults().failed.clear();
    if (is_damaged) {
        world.put("/b", kMetaPropertiesFile, properties);
    }
    Node& third = world.start();
    const auto repaired = third.open(kBoth);
    REQUIRE(repaired.has_value());
    CHECK(repaired->logs.size() == 1);
    CHECK(third.manager.directories()[1]->id() == world.id);
    CHECK(third.manager.clean_broker_epoch() == BrokerEpoch(17));
}

TEST_CASE("manager: the id of a directory that cannot be opened is known if it can be read",
          "[storage][manager]") {
    Stopped world;
    world.put("/b", kRecoveryPointFile, "damaged\n");
    Node& second = world.start();
    REQUIRE(second.open(kBoth).has_value());
    CHECK(second.manager.directories()[1]->failure().has_value());
    CHECK(second.manager.directories()[1]->id() == world.id);
}

TEST_CASE("manager: a directory in which nothing can be changed is offline with its logs",
          "[storage][manager]") {
    Stopped world;
    Node& second = world.start();
    world.disk.faults().read_only.insert("/b");
    const auto opened = second.open(kBoth);
    REQUIRE(opened.has_value());
    CHECK(second.manager.directories()[1]->failure().has_value());
    CHECK(opened->logs.empty());
    REQUIRE(opened->failed.size() == 1);
    CHECK(opened->failed[0].name == kName);
    CHECK(opened->unread.empty());
}

TEST_CASE("manager: what an operator must decide ends the start, also if others are in order",
          "[storage][manager]") {
    Stopped world;
    SECTION("another cluster") {
        world.put_properties("other", 1, world.id);
    }
    SECTION("another node") {
        world.put_properties("c", 2, world.id);
    }
    SECTION("another node, and the directory cannot be opened") {
        world.put_properties("c", 2, world.id);
        world.put("/b", kRecoveryPointFile, "damaged\n");
    }
    SECTION("a copy of the other directory") {
        world.put("/b", kMetaPropertiesFile, world.disk.contents("/a/meta.properties"));
    }
    SECTION("a copy of the other directory that cannot be opened") {
        world.put("/b", kMetaPropertiesFile, world.disk.contents("/a/meta.properties"));
        world.put("/b", kRecoveryPointFile, "damaged\n");
    }
    SECTION("logs without meta.properties") {
        REQUIRE(world.disk.remove_file("/b/meta.properties"));
    }
    Node& second = world.start();
    const auto opened = second.open(kBoth);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().kind == ErrorKind::invalid);
}

TEST_CASE("manager: a start without any directory, or without one that is needed, fails",
          "[storage][manager]") {
    Stopped world;
    std::vector<std::string> needed;
    world.disk.faults().failed.insert("/b");
    SECTION("none is left") {
        world.disk.faults().failed.insert("/a");
    }
    SECTION("it is needed") {
        needed = {"/b"};
    }
    Node& second = world.start();
    second.needed = needed;
    const auto opened = second.open(kBoth);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().kind == ErrorKind::io);
}

TEST_CASE("manager: a directory that is empty is told as new, if the others are not",
          "[storage][manager]") {
    World fresh;
    Node& first = fresh.start();
    REQUIRE(first.open(kBoth).has_value());
    CHECK_FALSE(first.sink.lines.contains("was empty"));
    Stopped world;
    Node& second = world.start();
    REQUIRE(second.open({"/a", "/b", "/c"}).has_value());
    CHECK(
        second.sink.lines.contains("data directory /c was empty, and others of this node were "
                                   "not: it is a new directory now"));
    CHECK_FALSE(second.sink.lines.contains("data directory /a was empty"));
}

}  // namespace
}  // namespace hw::storage
