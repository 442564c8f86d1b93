#include "broker/node.h"

#include <memory>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "broker/net/peer_channel.h"
#include "protocol/schema/api/metadata.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_network.h"
#include "test/support/raft_process.h"

namespace hw::broker {
namespace {

/// What all nodes of one process share.
struct World {
    explicit World(std::uint64_t seed) : scheduler(seed) {}

    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }

    sim::Scheduler scheduler;
    sim::SimNetwork network{scheduler, {}};
    sim::SimClock clock{scheduler};
    sim::SimEntropy entropy{scheduler.random()};
    test::Silence log;
};

NodeOptions options_of(BrokerId id, Endpoint bind) {
    NodeOptions options;
    options.id = id;
    options.cluster_id = fmt::format("cluster-{}", id);
    options.listeners.push_back({"PLAINTEXT", ListenerRole::broker, std::move(bind)});
    return options;
}

/// A node with a control shard and two data shards, and a client of it.
struct Member {
    Member(World& of, std::uint32_t number, std::uint16_t port = 0)
        : world(of),
          control(of.scheduler, number, 2),
          first(of.scheduler, number, 0),
          second(of.scheduler, number, 1),
          node(options_of(BrokerId(static_cast<std::int32_t>(number)), {"localhost", port}),
               {of.clock, of.entropy, of.network, of.log, control, {&first, &second}}) {}

    Task<> start() {
        Result<void> outcome = co_await node.start();
        started = std::move(outcome);
        done = true;
    }
    Task<> stop() {
        co_await channel.stop();
        co_await node.stop();
        stopped = true;
    }
    Task<> ask() {
        const TimePoint deadline = world.clock.now() + std::chrono::seconds(10);
        schema::MetadataRequest request;
        request.topics = wire::Array<schema::MetadataRequest::Topic>::null();
        const auto answer = co_await replication::call<schema::MetadataResponse>(
            channel, request, ApiVersion(12), deadline);
        if (answer) {
            cluster = (*answer)->cluster_id;
            broker = (*answer)->brokers[0].node_id;
        }
    }

    World& world;
    sim::SimShard control;
    sim::SimShard first;
    sim::SimShard second;
    Node node;
    PeerChannel channel{control, world.clock, "client", [this](TimePoint deadline) {
                            const Endpoint address = node.listeners().front().bound;
                            return world.network.connect(control, address, deadline);
                        }};
    Result<void> started;
    bool done = false;
    bool stopped = false;
    std::string cluster;
    BrokerId broker = kNoBroker;
};

TEST_CASE("node: two nodes of one process serve side by side and end one by one", "[node]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})));
    Member one(world, 1);
    Member two(world, 2);
    for (Member* member : {&one, &two}) {
        member->control.spawn(member->start());
        REQUIRE(world.run_until([&] { return member->done; }));
        REQUIRE(member->started);
        member->control.spawn(member->ask());
    }
    REQUIRE(world.run_until([&] { return !one.cluster.empty() && !two.cluster.empty(); }));
    CHECK(one.cluster == "cluster-1");
    CHECK(two.cluster == "cluster-2");
    one.control.spawn(one.stop());
    REQUIRE(world.run_until([&] { return one.stopped; }));
    two.broker = kNoBroker;
    two.control.spawn(two.ask());
    CHECK(world.run_until([&] { return two.broker == BrokerId(2); }));
    two.control.spawn(two.stop());
    REQUIRE(world.run_until([&] { return two.stopped; }));
}

TEST_CASE("node: a port that is taken is an error that says what to do", "[node]") {
    World world(1);
    Member one(world, 1, 9092);
    Member two(world, 2, 9092);
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

}  // namespace
}  // namespace hw::broker
