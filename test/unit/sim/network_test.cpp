#include <array>
#include <string>

#include <catch2/catch.hpp>

#include "test/sim/sim_network.h"

namespace hw::sim {
namespace {

constexpr TimePoint kLimit = TimePoint() + std::chrono::minutes(1);

const Endpoint kServer{"server", 9092};

struct World {
    explicit World(std::uint64_t seed, NetworkFaults faults = {})
        : scheduler(seed), network(scheduler, faults) {}

    Scheduler scheduler;
    SimNetwork network;
    SimShard server{scheduler, 1, 0};
    SimShard client{scheduler, 2, 0};
};

Task<> read_all(std::unique_ptr<Transport> transport, std::string& into, bool& ended) {
    std::array<std::byte, 100> buffer;
    for (;;) {
        co_await transport->wait_readable();
        const Transfer transfer = transport->try_read(buffer);
        if (transfer.progress == Progress::closed) {
            break;
        }
        into += as_text(ByteView(buffer).first(transfer.bytes));
    }
    ended = true;
}

Task<> accept_and_read(World& world, Listener& listener, std::string& into, bool& ended) {
    auto accepted = co_await listener.accept(world.server);
    if (accepted) {
        co_await read_all(std::move(*accepted), into, ended);
    }
}

Task<> connect_and_write(World& world, std::string text, std::unique_ptr<Transport>& kept) {
    auto transport = co_await world.network.connect(world.client, kServer, kLimit);
    if (!transport) {
        co_return;
    }
    kept = std::move(*transport);
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::array<ByteView, 1> slices{as_bytes(rest)};
        const Transfer transfer = kept->try_write(slices);
        if (transfer.progress == Progress::closed) {
            co_return;
        }
        rest.remove_prefix(transfer.bytes);
        co_await kept->wait_writable();
    }
}

TEST_CASE("network: bytes arrive whole and in order, however they are split", "[sim]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})));
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        text += std::to_string(i) + " ";
    }
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    std::string received;
    bool ended = false;
    std::unique_ptr<Transport> kept;
    world.server.spawn(accept_and_read(world, **listener, received, ended));
    world.client.spawn(connect_and_write(world, text, kept));
    CHECK(world.scheduler.run_until([&] { return received.size() == text.size(); }, kLimit));
    CHECK(received == text);
    CHECK_FALSE(ended);
    kept->close();
    CHECK(world.scheduler.run_until([&] { return ended; }, kLimit));
}

TEST_CASE("network: peers notice the end of a node", "[sim]") {
    World world(1);
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    std::string received;
    bool ended = false;
    std::unique_ptr<Transport> kept;
    world.server.spawn(accept_and_read(world, **listener, received, ended));
    world.client.spawn(connect_and_write(world, "hello", kept));
    REQUIRE(world.scheduler.run_until([&] { return received == "hello"; }, kLimit));
    world.network.cut(2);
    CHECK(world.scheduler.run_until([&] { return ended; }, kLimit));
}

Task<> dial_refused(World& world, bool& refused) {
    const auto transport = co_await world.network.connect(world.client, kServer, kLimit);
    refused = !transport && transport.error().kind == ErrorKind::closed;
}

TEST_CASE("network: a port has one listener, and refuses connections once it is closed", "[sim]") {
    World world(1);
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    const auto second = world.network.listen(world.server, {"server", 9092});
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::busy);
    listener->reset();
    bool refused = false;
    world.client.spawn(dial_refused(world, refused));
    CHECK(world.scheduler.run_until([&] { return refused; }, kLimit));
}

TEST_CASE("network: what is sent into a blocked direction waits until it is healed", "[sim]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    std::string received;
    bool ended = false;
    std::unique_ptr<Transport> kept;
    world.server.spawn(accept_and_read(world, **listener, received, ended));
    world.client.spawn(connect_and_write(world, "hello", kept));
    REQUIRE(world.scheduler.run_until([&] { return received == "hello"; }, kLimit));
    world.network.block(2, 1);
    std::string_view rest = " world";
    while (!rest.empty()) {
        const std::array<ByteView, 1> slices{as_bytes(rest)};
        rest.remove_prefix(kept->try_write(slices).bytes);
    }
    const TimePoint later = world.scheduler.now() + std::chrono::seconds(10);
    world.scheduler.run_until([&] { return world.scheduler.now() >= later; }, later);
    CHECK(received == "hello");
    world.network.heal();
    CHECK(world.scheduler.run_until([&] { return received == "hello world"; }, kLimit));
}

TEST_CASE("network: a close into a blocked direction is noticed when it is healed", "[sim]") {
    World world(1);
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    std::string received;
    bool ended = false;
    std::unique_ptr<Transport> kept;
    world.server.spawn(accept_and_read(world, **listener, received, ended));
    world.client.spawn(connect_and_write(world, "hello", kept));
    REQUIRE(world.scheduler.run_until([&] { return received == "hello"; }, kLimit));
    world.network.block(2, 1);
    kept->close();
    std::array<std::byte, 1> byte;
    CHECK(kept->try_read(byte).progress == Progress::closed);
    const TimePoint later = world.scheduler.now() + std::chrono::seconds(10);
    world.scheduler.run_until([&] { return ended; }, later);
    CHECK_FALSE(ended);
    world.network.heal();
    CHECK(world.scheduler.run_until([&] { return ended; }, kLimit));
}

Task<> dial(World& world, TimePoint deadline, Result<void>& outcome, bool& done) {
    const auto transport = co_await world.network.connect(world.client, kServer, deadline);
    outcome = transport ? Result<void>() : std::unexpected(transport.error());
    done = true;
}

TEST_CASE("network: a connection to a node that is cut off times out, or waits", "[sim]") {
    const bool is_way_there = GENERATE(true, false);
    World world(1);
    const auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    world.network.block(is_way_there ? 2 : 1, is_way_there ? 1 : 2);
    Result<void> outcome;
    bool done = false;
    const TimePoint deadline = world.scheduler.now() + std::chrono::seconds(2);
    world.client.spawn(dial(world, deadline, outcome, done));
    REQUIRE(world.scheduler.run_until([&] { return done; }, kLimit));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == ErrorKind::timed_out);
    CHECK(world.scheduler.now() >= deadline);
    done = false;
    world.client.spawn(dial(world, kLimit, outcome, done));
    world.scheduler.run_until([&] { return done; },
                              world.scheduler.now() + std::chrono::seconds(1));
    CHECK_FALSE(done);
    world.network.heal();
    REQUIRE(world.scheduler.run_until([&] { return done; }, kLimit));
    CHECK(outcome);
}

TEST_CASE("network: a dead process refuses connections, but not if its machine cannot be reached",
          "[sim]") {
    World world(1);
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    const bool has_power = GENERATE(true, false);
    has_power ? world.network.cut(1) : world.network.cut_power(1);
    const bool is_blocked = GENERATE(true, false);
    if (is_blocked) {
        world.network.block(2, 1);
    }
    Result<void> outcome;
    bool done = false;
    const TimePoint deadline = world.scheduler.now() + std::chrono::seconds(2);
    world.client.spawn(dial(world, deadline, outcome, done));
    REQUIRE(world.scheduler.run_until([&] { return done; }, kLimit));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind ==
          (has_power && !is_blocked ? ErrorKind::closed : ErrorKind::timed_out));
}

TEST_CASE("network: peers notice a loss of power only when the machine has started again",
          "[sim]") {
    World world(1);
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    std::string received;
    bool ended = false;
    std::unique_ptr<Transport> kept;
    world.server.spawn(accept_and_read(world, **listener, received, ended));
    world.client.spawn(connect_and_write(world, "hello", kept));
    REQUIRE(world.scheduler.run_until([&] { return received == "hello"; }, kLimit));
    world.network.cut_power(1);
    std::array<std::byte, 1> byte;
    CHECK(kept->try_read(byte).progress == Progress::would_block);
    const auto again = world.network.listen(world.server, {"server", 9093});
    REQUIRE(again);
    CHECK(kept->try_read(byte).progress == Progress::closed);
}

TEST_CASE("network: a direction that is blocked twice passes nothing until both blocks end",
          "[sim]") {
    World world(1);
    auto listener = world.network.listen(world.server, {"server", 9092});
    REQUIRE(listener);
    std::string received;
    bool ended = false;
    std::unique_ptr<Transport> kept;
    world.server.spawn(accept_and_read(world, **listener, received, ended));
    world.client.spawn(connect_and_write(world, "", kept));
    REQUIRE(world.scheduler.run_until([&] { return kept != nullptr; }, kLimit));
    world.network.block(2, 1);
    world.network.block(2, 1);
    const std::array<ByteView, 1> slices{as_bytes(std::string_view("x"))};
    REQUIRE(kept->try_write(slices).bytes == 1);
    world.network.unblock(2, 1);
    const TimePoint later = world.scheduler.now() + std::chrono::seconds(1);
    world.scheduler.run_until([&] { return !received.empty(); }, later);
    CHECK(received.empty());
    world.network.unblock(2, 1);
    CHECK(world.scheduler.run_until([&] { return received == "x"; }, kLimit));
}

}  // namespace
}  // namespace hw::sim
