#include "broker/node.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "test/support/raft_process.h"
#include "test/unit/node/member.h"

namespace hw::broker {
namespace {

TEST_CASE("node: two nodes in one process serve side by side and stop independently", "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})));
    sim::SimDisk first_disk(world.scheduler, 1);
    sim::SimDisk second_disk(world.scheduler, 2);
    Member one(world, 1, first_disk);
    Member two(world, 2, second_disk);
    for (Member* member : {&one, &two}) {
        member->control.spawn(member->start());
        REQUIRE(world.run_until([&] { return member->done; }));
        REQUIRE(member->started);
        member->control.spawn(member->ask());
    }
    REQUIRE(world.run_until([&] { return !one.cluster.empty() && !two.cluster.empty(); }));
    CHECK(one.cluster == one.node.cluster_id());
    CHECK(two.cluster == two.node.cluster_id());
    CHECK(one.cluster != two.cluster);
    one.control.spawn(one.stop());
    REQUIRE(world.run_until([&] { return one.stopped; }));
    two.broker = kNoBroker;
    two.control.spawn(two.ask());
    CHECK(world.run_until([&] { return two.broker == BrokerId(2); }));
    two.control.spawn(two.stop());
    REQUIRE(world.run_until([&] { return two.stopped; }));
}

TEST_CASE("node: the error about a port in use says what to do", "[node]") {
    World world(1);
    sim::SimDisk first_disk(world.scheduler, 1);
    sim::SimDisk second_disk(world.scheduler, 2);
    Member one(world, 1, first_disk, 9092);
    Member two(world, 2, second_disk, 9092);
    one.control.spawn(one.start());
    REQUIRE(world.run_until([&] { return one.done; }));
    two.control.spawn(two.start());
    REQUIRE(world.run_until([&] { return two.done; }));
    REQUIRE_FALSE(two.started);
    CHECK(two.started.error().message.find("Choose another port in `listeners`") !=
          std::string::npos);
    for (Member* member : {&one, &two}) {
        member->control.spawn(member->stop());
        REQUIRE(world.run_until([&] { return member->stopped; }));
    }
}

TEST_CASE("node: the error about a port that needs root says so", "[node]") {
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk, 1023);
    member.control.spawn(member.start());
    REQUIRE(world.run_until([&] { return member.done; }));
    REQUIRE_FALSE(member.started);
    CHECK(member.started.error().message ==
          "listen on localhost:1023: Permission denied (listener PLAINTEXT). Ports below 1024 need "
          "root or CAP_NET_BIND_SERVICE; choose another in `listeners` (test:3)");
    member.control.spawn(member.stop());
    REQUIRE(world.run_until([&] { return member.stopped; }));
}

std::set<schema::ApiKey> declared_for(ListenerRole role, bool is_hw) {
    std::set<schema::ApiKey> keys;
    for (const schema::ApiInfo& api : schema::kApiTable) {
        const bool here = role == ListenerRole::broker ? api.on_broker : api.on_controller;
        if (here && (is_hw || !api.hw_only)) {
            keys.insert(api.key);
        }
    }
    return keys;
}

Task<> ask_served(PeerChannel& channel, const Clock& clock, std::string_view software,
                  std::set<schema::ApiKey>& served, bool& done) {
    const schema::ApiVersionsRequest request{.client_software_name = software,
                                             .client_software_version = "1"};
    const TimePoint deadline = clock.now() + std::chrono::seconds(10);
    const auto answer = co_await replication::call<schema::ApiVersionsResponse>(
        channel, request, ApiVersion(3), deadline);
    REQUIRE(answer.has_value());
    for (const auto& api : (*answer)->api_keys) {
        served.insert(api.api_key);
    }
    co_await channel.stop();
    done = true;
}

TEST_CASE(
    "node: each API is served on the listeners that it is declared for, Highwater's own only to hw",
    "[node]") {
    const std::string software = GENERATE("hw", "hwclient", "apache-kafka-java");
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk);
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    for (const ListenerInfo& listener : member.node.listeners()) {
        CAPTURE(listener.name);
        PeerChannel channel(member.control, world.clock, "client", [&](TimePoint deadline) {
            return world.network.connect(member.control, listener.bound, deadline);
        });
        std::set<schema::ApiKey> served;
        bool done = false;
        member.run(ask_served(channel, world.clock, software, served, done), done);
        CHECK(served == declared_for(listener.role, software == "hw"));
    }
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: ApiVersions lists the supported and the finalized features", "[node]") {
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk);
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    member.run(member.ask_features(ApiVersion(4)), member.asked);
    CHECK(member.features == std::vector<std::string>{"group.version 0-1", "highwater.durable 0-1",
                                                      "metadata.version 7-33", "group.version at 1",
                                                      "metadata.version at 30"});
    member.features.clear();
    member.asked = false;
    member.run(member.ask_features(ApiVersion(3)), member.asked);
    CHECK(member.features.front() == "group.version 1-1");
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: the largest request that it accepts also reaches the controller", "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{5})));
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk, 0, {"socket.request.max.bytes=10000"});
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    // The rest of the request takes about 50 bytes.
    member.control.spawn(member.create("orders", std::string(9945, 'v')));
    REQUIRE(world.run_until([&] { return member.created.has_value(); }));
    CHECK(*member.created == wire::ErrorCode::invalid_config);
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: a topic can be deleted while its log is synced, and created again", "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})),
                {.delay_least = Duration(0), .delay_most = Duration(1)});
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk);
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    for (int round = 0; round < 5; ++round) {
        member.created.reset();
        member.produced.reset();
        member.removed.reset();
        member.control.spawn(member.create("orders"));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        REQUIRE(*member.created == wire::ErrorCode::none);
        REQUIRE(world.run_until([&] { return !member.ask_topics().empty(); }));
        member.control.spawn(member.produce("orders"));
        REQUIRE(world.run_until([&] { return member.produced.has_value(); }));
        CHECK(*member.produced == wire::ErrorCode::none);
        member.control.spawn(member.remove("orders"));
        REQUIRE(world.run_until([&] { return member.removed.has_value(); }));
        CHECK(*member.removed == wire::ErrorCode::none);
        REQUIRE(world.run_until([&] { return member.ask_topics().empty(); }));
    }
    CHECK_FALSE(member.node.ended());
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: a start that opens many logs says how far it is, and a stop does not wait for it",
          "[node]") {
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    {
        Member member(world, 1, disk);
        member.run(member.start(), member.done);
        REQUIRE(member.started);
        disk.faults().delay_least = std::chrono::milliseconds(500);
        disk.faults().delay_most = std::chrono::milliseconds(500);
        member.control.spawn(member.create("orders", {}, 8000));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        REQUIRE(*member.created == wire::ErrorCode::none);
        world.network.cut(1);
        disk.process_kill();
    }
    Member member(world, 1, disk);
    member.control.spawn(member.start());
    world.run_for(std::chrono::minutes(2));
    CHECK_FALSE(member.done);
    CHECK(world.log.count("of 8000 partitions are opened") > 4);
    member.node.cancel_start();
    REQUIRE(world.run_until([&] { return member.done; }));
    CHECK_FALSE(member.started);
    // A stop closes the logs that are open.
    disk.faults().delay_least = std::chrono::milliseconds(1);
    disk.faults().delay_most = std::chrono::milliseconds(1);
    member.run(member.stop(), member.stopped);
    CHECK(disk.list("/data")->size() < 8000);
    CHECK_FALSE(member.node.ended());
}

TEST_CASE("node: a stop acknowledges exactly the records that were appended", "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})),
                {.delay_least = Duration(0), .delay_most = std::chrono::milliseconds(1)});
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk);
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    member.control.spawn(member.create("orders"));
    REQUIRE(world.run_until([&] { return member.created.has_value(); }));
    REQUIRE(world.run_until([&] { return !member.ask_topics().empty(); }));
    disk.faults().delay_least = std::chrono::milliseconds(500);
    disk.faults().delay_most = std::chrono::milliseconds(1000);
    const bool produces_first = GENERATE(true, false);
    if (produces_first) {
        member.control.spawn(member.produce("orders", -1));
    }
    world.run_for(std::chrono::milliseconds(GENERATE(0, 1, 200)));
    member.control.spawn(member.stop_before_client());
    if (!produces_first) {
        member.control.spawn(member.produce("orders", -1));
    }
    REQUIRE(world.run_until([&] { return member.stopped; }));
    const bool is_taken = !disk.contents("/data/orders-0/00000000000000000000.log").empty();
    CHECK(is_taken == (member.produced == wire::ErrorCode::none));
    member.stopped = false;
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: a first start on a full disk fails soon, and the error says what to do",
          "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    sim::SimDisk disk(world.scheduler, 1);
    disk.faults().space_left =
        GENERATE(range(std::uint64_t{0}, std::uint64_t{600}, std::uint64_t{20}));
    Member member(world, 1, disk);
    const TimePoint begin = world.scheduler.now();
    member.run(member.start(), member.done);
    REQUIRE_FALSE(member.started);
    CHECK(world.scheduler.now() - begin < std::chrono::seconds(5));
    CHECK(member.started.error().message.find("Make room on that disk") != std::string::npos);
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: a topic whose log is damaged or missing serves nothing, and can be created again",
          "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})),
                {.delay_least = Duration(0), .delay_most = Duration(1)});
    sim::SimDisk disk(world.scheduler, 1);
    const auto produce = [&](Member& member) {
        member.produced.reset();
        member.control.spawn(member.produce("orders"));
        REQUIRE(world.run_until([&] { return member.produced.has_value(); }));
        return *member.produced;
    };
    const auto create = [&](Member& member) {
        member.control.spawn(member.create("orders"));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        REQUIRE(world.run_until([&] { return !member.ask_topics().empty(); }));
    };
    {
        Member member(world, 1, disk);
        member.run(member.start(), member.done);
        create(member);
        REQUIRE(produce(member) == wire::ErrorCode::none);
        member.run(member.stop(), member.stopped);
    }
    const bool is_gone = GENERATE(true, false);
    REQUIRE((is_gone ? disk.remove_tree("/data/orders-0")
                     : disk.remove_file("/data/orders-0/00000000000000000000.log"))
                .has_value());
    {
        Member member(world, 1, disk);
        member.run(member.start(), member.done);
        REQUIRE(member.started);
        CHECK(produce(member) == wire::ErrorCode::kafka_storage_error);
        member.run(member.stop(), member.stopped);
    }
    Member member(world, 1, disk);
    member.run(member.start(), member.done);
    CHECK(produce(member) == wire::ErrorCode::kafka_storage_error);
    member.control.spawn(member.remove("orders"));
    REQUIRE(world.run_until([&] { return member.removed.has_value(); }));
    REQUIRE(world.run_until([&] { return member.ask_topics().empty(); }));
    create(member);
    CHECK(produce(member) == wire::ErrorCode::none);
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: a start is refused if the metadata log is missing", "[node]") {
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    {
        Member member(world, 1, disk);
        member.run(member.start(), member.done);
        REQUIRE(member.started);
        member.run(member.stop(), member.stopped);
    }
    REQUIRE(disk.remove_tree("/data/__cluster_metadata-0").has_value());
    for (int start = 0; start < 2; ++start) {
        Member member(world, 1, disk);
        member.run(member.start(), member.done);
        REQUIRE_FALSE(member.started);
        CHECK(member.started.error().message ==
              "/data/__cluster_metadata-0 is missing, and with it the metadata of the cluster: put "
              "it back, or move all data directories (log.dirs) away to begin a new cluster");
        member.run(member.stop(), member.stopped);
    }
}

TEST_CASE(
    "node: topics survive a clean stop, a kill and a power loss, and have leaders once it serves",
    "[node]") {
    // No network delay, so that the client asks as soon as the node serves.
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})),
                {.delay_least = Duration(0), .delay_most = Duration(1)});
    const int end = GENERATE(0, 1, 2);
    sim::SimDisk disk(world.scheduler, 1);
    std::string cluster;
    {
        Member member(world, 1, disk);
        member.run(member.start(), member.done);
        REQUIRE(member.started);
        member.control.spawn(member.create("orders"));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        CHECK(*member.created == wire::ErrorCode::none);
        CHECK(world.run_until([&] { return !member.ask_topics().empty(); }));
        CHECK(member.ask_topics() == std::vector<std::string>{"orders led"});
        cluster = member.node.cluster_id();
        if (end == 0) {
            member.run(member.stop(), member.stopped);
        } else {
            end == 1 ? disk.process_kill() : disk.power_loss();
        }
    }
    Member member(world, 1, disk);
    member.run(member.start(), member.done);
    INFO((member.started ? "" : member.started.error().message));
    REQUIRE(member.started);
    CHECK(member.node.cluster_id() == cluster);
    CHECK(member.ask_topics() == std::vector<std::string>{"orders led"});
    member.run(member.stop(), member.stopped);
}

TEST_CASE("node: a new producer beyond the limit is refused until another is idle for 15 minutes",
          "[node]") {
    World world(1);
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk);
    member.run(member.start(), member.done);
    member.control.spawn(member.create("orders"));
    REQUIRE(world.run_until([&] { return member.created.has_value(); }));
    REQUIRE(world.run_until([&] { return !member.ask_topics().empty(); }));
    const auto produce_as = [&](std::int64_t producer) {
        member.produced.reset();
        member.control.spawn(member.produce("orders", 1, ProducerId(producer)));
        REQUIRE(world.run_until([&] { return member.produced.has_value(); }));
        return *member.produced;
    };
    CHECK(produce_as(1) == wire::ErrorCode::none);
    CHECK(produce_as(2) == wire::ErrorCode::none);
    CHECK(produce_as(3) == wire::ErrorCode::not_enough_replicas);
    CHECK(produce_as(1) == wire::ErrorCode::none);  // a retry
    CHECK(produce_as(kNoProducerId.value()) == wire::ErrorCode::none);
    CHECK(world.log.count("new producers are refused") == 0);
    world.run_for(std::chrono::minutes(14));
    CHECK(produce_as(3) == wire::ErrorCode::not_enough_replicas);
    // Each minute.
    CHECK(world.log.count("new producers are refused: this broker remembers 2 producers") == 14);
    world.run_for(std::chrono::minutes(2));
    CHECK(produce_as(3) == wire::ErrorCode::none);
    member.run(member.stop(), member.stopped);
}

TEST_CASE(
    "node: a stop ends even if the disk of one directory hangs, and closes the other directory",
    "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const std::string hung = GENERATE("/d0", "/d1");  // with and without the metadata log
    const std::string other = hung == "/d0" ? "/d1" : "/d0";
    sim::SimDisk disk(world.scheduler, 1);
    Member member(world, 1, disk, 0, {"log.dirs=/d0,/d1"});
    member.run(member.start(), member.done);
    REQUIRE(member.started);
    member.control.spawn(member.create("orders"));
    REQUIRE(world.run_until([&] { return member.created.has_value(); }));
    REQUIRE(world.run_until([&] { return !member.ask_topics().empty(); }));
    member.control.spawn(member.produce("orders"));
    REQUIRE(world.run_until([&] { return member.produced.has_value(); }));
    disk.faults().hung.insert(hung);
    const TimePoint begin = world.scheduler.now();
    const std::uint64_t first_step = world.scheduler.steps();
    member.run(member.stop(), member.stopped);
    CHECK(world.scheduler.now() - begin < std::chrono::seconds(45));
    CHECK(world.scheduler.steps() - first_step < 100'000);  // nothing spins meanwhile
    CHECK(member.node.hung_directories() == std::vector{hung});
    CHECK(member.node.ended()->message.find(hung + " hangs") != std::string::npos);
    CHECK(disk.contents(hung + "/.kafka_cleanshutdown").empty());
    CHECK_FALSE(disk.contents(other + "/.kafka_cleanshutdown").empty());
    // The abandoned work ends now, before the objects that it uses.
    disk.release(hung);
    world.run_for(std::chrono::seconds(1));
    CHECK(disk.contents(hung + "/.kafka_cleanshutdown").empty());
}

}  // namespace
}  // namespace hw::broker
