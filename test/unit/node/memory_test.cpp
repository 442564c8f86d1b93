#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/broker_process.h"
#include "test/support/log_lines.h"

namespace hw::broker {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
const Endpoint kAddress{"localhost", 9092};
constexpr const char* kProperties =
    "process.roles=broker,controller\nnode.id=1\n"
    "listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
    "controller.listener.names=CONTROLLER\nlog.dirs=/data\n";

/// A node with two data shards and 12 MiB of memory for requests, and its clients.
struct World {
    World() {
        process.begin_start();
        REQUIRE(run_until([this] { return process.started().has_value(); }));
        REQUIRE(process.started()->has_value());
    }
    ~World() {
        process.begin_stop();
        CHECK(run_until([this] { return process.stopped(); }));
        client.drop();
    }

    /// Announces a request, and sends zeroes as far as the node takes them.
    Task<> announce(std::int32_t size) {
        auto connected = co_await network.connect(client, kAddress, kNever);
        REQUIRE(connected.has_value());
        Transport& transport = *transports.emplace_back(std::move(*connected));
        std::string bytes(static_cast<std::size_t>(size), '\0');
        store_big_endian(reinterpret_cast<std::byte*>(bytes.data()), size);
        std::string_view rest = bytes;
        while (!rest.empty()) {
            co_await transport.wait_writable();
            const std::array<ByteView, 1> slices{as_bytes(rest)};
            const Transfer sent = transport.try_write(slices);
            if (sent.progress == Progress::closed) {
                co_return;
            }
            rest.remove_prefix(sent.bytes);
        }
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }

    sim::Scheduler scheduler{1};
    sim::SimNetwork network{scheduler, {}};
    sim::SimClock clock{scheduler};
    sim::SimEntropy entropy{scheduler.random()};
    test::LogLines log;
    sim::SimDisk disk{scheduler, 1};
    sim::SimShard client{scheduler, 2, 0};
    std::vector<std::unique_ptr<Transport>> transports;
    sim::BrokerProcess process{{.scheduler = scheduler,
                                .network = network,
                                .entropy = entropy,
                                .data_shards = 2,
                                .mutants = {},
                                .limits = {.memory = 12 * kMiB}},
                               {1, clock, disk, log},
                               sim::load_config(kProperties)};
};

TEST_CASE(
    "memory: half of the request memory is for large frames, seven thirty-seconds for others, a "
    "quarter for answers",
    "[node][memory]") {
    World world;
    for (int i = 0; i < 3; ++i) {
        world.client.spawn(world.announce(4 * kMiB));
    }
    REQUIRE(world.run_until([&] { return world.log.have("connections wait for memory"); }));
    CAPTURE(world.log.lines);
    // Two data shards and the control shard have the same parts.
    CHECK(world.log.have("of 917504 bytes of this shard, larger ones "));
    CHECK(world.log.have(" of 6291456 bytes of the node, unsent answers 0 of 1048576 bytes"));
}

}  // namespace
}  // namespace hw::broker
