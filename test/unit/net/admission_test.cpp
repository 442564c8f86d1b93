#include <array>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/net/connection_manager.h"
#include "protocol/schema/api/metadata.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_network.h"
#include "test/support/log_lines.h"
#include "test/support/wire_client.h"

namespace hw::broker {
namespace {

constexpr ApiVersion kVersion{4};
constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = kKiB * kKiB;

/// Keeps every request until the test answers it.
class Holding final : public MessageHandler<schema::MetadataRequest> {
public:
    explicit Holding(std::vector<ExchangePtr>& held) : held_(held) {}

protected:
    Task<> serve(ExchangePtr exchange, const schema::MetadataRequest&) override {
        held_.push_back(std::move(exchange));
        return done();
    }

private:
    std::vector<ExchangePtr>& held_;
};

/// A Metadata request of about `size` bytes.
std::string large_request(std::size_t size) {
    const std::string name(200, 'x');
    std::vector<schema::MetadataRequest::Topic> topics(size / 202);
    for (auto& topic : topics) {
        topic.name = name;
    }
    schema::MetadataRequest request;
    request.topics = std::span<const schema::MetadataRequest::Topic>(topics);
    return test::request_frame(request, kVersion, CorrelationId(1));
}

std::string small_request() {
    return test::request_frame(schema::MetadataRequest(), kVersion, CorrelationId(1));
}

/// The length prefix of a request of `size` bytes, and the first 8 bytes of its body.
std::string start_of_request(std::size_t size) {
    std::string frame(12, '\0');
    store_big_endian(reinterpret_cast<std::byte*>(frame.data()), static_cast<std::int32_t>(size));
    return frame;
}

/// A server with 512 KiB for requests and 512 KiB for answers, and any number of clients.
struct World {
    explicit World(std::uint64_t seed = 1, ConnectionLimits connection = {}) : scheduler(seed) {
        HostLimits limits;
        limits.memory.requests = 512 * kKiB;
        limits.memory.answers = 512 * kKiB;
        limits.connection = connection;
        dispatcher.add(schema::ApiKey::metadata, std::make_unique<Holding>(held));
        host.emplace(server, clock, dispatcher, limits, Logger(log, "net"));
        host->start();
        listener = *network.listen(server, {"server", 9092});
        server.spawn(accept());
    }
    ~World() {
        bool stopped = false;
        listener->close();
        server.spawn(stop(stopped));
        CHECK(run_until([&] { return stopped; }));
    }

    Task<> stop(bool& stopped) {
        co_await host->stop();
        stopped = true;
    }
    Task<> accept() {
        while (true) {
            auto accepted = co_await listener->accept(server);
            if (!accepted) {
                co_return;
            }
            host->adopt(std::move(*accepted), info, [this] { ++ended; });
        }
    }
    std::size_t connect() {
        const std::size_t index = clients.size();
        clients.emplace_back();
        client.spawn(connect(index));
        REQUIRE(run_until([&] { return clients[index] != nullptr; }));
        return index;
    }
    Task<> connect(std::size_t index) {
        const Endpoint address = listener->local();
        auto connected = co_await network.connect(client, address, kNever);
        clients[index] = std::move(*connected);
    }
    /// Sends all of `bytes`, as fast as the server takes them.
    void send(std::size_t index, std::string bytes) { client.spawn(feed(index, std::move(bytes))); }
    Task<> feed(std::size_t index, std::string bytes) {
        std::string_view rest = bytes;
        while (!rest.empty()) {
            co_await clients[index]->wait_writable();
            const std::array<ByteView, 1> slices{as_bytes(rest)};
            const Transfer sent = clients[index]->try_write(slices);
            if (sent.progress == Progress::closed) {
                co_return;
            }
            rest.remove_prefix(sent.bytes);
        }
    }
    void answer_all() {
        for (const ExchangePtr& exchange : std::exchange(held, {})) {
            exchange->reply(schema::MetadataResponse());
        }
    }

    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(5));
    }
    void run_for(Duration span) {
        const TimePoint end = scheduler.now() + span;
        scheduler.run_until([&] { return scheduler.now() >= end; }, end);
    }

    sim::Scheduler scheduler;
    sim::SimNetwork network{scheduler, {}};
    sim::SimShard server{scheduler, 1, 0};
    sim::SimShard client{scheduler, 2, 0};
    sim::SimClock clock{scheduler};
    test::LogLines log;
    ListenerInfo info{
        .name = "PLAINTEXT", .role = ListenerRole::broker, .bound = {}, .advertised = {}};
    AllowAll authorizer;
    NoQuotas quotas;
    Dispatcher dispatcher{authorizer, quotas};
    std::vector<ExchangePtr> held;
    std::optional<ConnectionManager> host;
    std::unique_ptr<Listener> listener;
    std::vector<std::unique_ptr<Transport>> clients;
    std::size_t ended = 0;
};

TEST_CASE("admission: clients that send only the start of a request do not delay other clients",
          "[net][admission]") {
    const std::size_t size = GENERATE(100 * kMiB, kMiB);
    World world;
    for (int i = 0; i < 30; ++i) {
        world.send(world.connect(), start_of_request(size));
    }
    world.run_for(std::chrono::seconds(1));
    world.send(world.connect(), small_request());
    world.send(world.connect(), large_request(100 * kKiB));
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.size() == 2);
}

TEST_CASE("admission: half-received requests never block each other for ever", "[net][admission]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const std::size_t size = GENERATE(400 * kKiB, 3 * kMiB);
    for (int i = 0; i < 6; ++i) {
        world.send(world.connect(), large_request(size));
    }
    std::size_t served = 0;
    const auto all_served = [&] {
        served += world.held.size();
        world.answer_all();
        return served == 6;
    };
    CHECK(world.run_until(all_served));
}

TEST_CASE("admission: a small request is served while larger requests hold all memory",
          "[net][admission]") {
    World world;
    for (int i = 0; i < 6; ++i) {
        world.send(world.connect(), large_request(200 * kKiB));
    }
    world.run_for(std::chrono::seconds(1));
    const std::size_t admitted = world.held.size();
    CHECK(admitted < 6);
    world.send(world.connect(), small_request());
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.size() == admitted + 1);
}

TEST_CASE("admission: a log line about waiting connections names the limit and the largest holder",
          "[net][admission]") {
    World world;
    for (int i = 0; i < 6; ++i) {
        world.send(world.connect(), large_request(200 * kKiB));
    }
    world.run_for(std::chrono::seconds(25));
    CHECK(world.log.have("connections wait for memory"));
    CHECK(world.log.have("highwater.memory.limit"));
    CHECK(world.log.have("The connections that hold the most: node-2:"));
    CHECK(world.log.lines.size() <= 3);
}

TEST_CASE("admission: a sender below the minimum rate is disconnected while memory is scarce",
          "[net][admission]") {
    World world;
    world.send(world.connect(), start_of_request(kMiB));
    world.run_for(std::chrono::seconds(30));
    CHECK(world.ended == 0);
    world.send(world.connect(), large_request(400 * kKiB));
    world.run_for(std::chrono::seconds(3));
    CHECK(world.ended == 1);
    CHECK(
        world.log.have("sends a request of 1048576 bytes more slowly than 64 KiB/s, averaged "
                       "over 10 s"));
}

TEST_CASE("admission: a slow sender above the minimum rate is served", "[net][admission]") {
    World world;
    const std::size_t slow = world.connect();
    const std::string frame = large_request(3 * kMiB);
    // About 100 KiB/s, including the time that the simulated network takes.
    for (std::size_t at = 0; at < frame.size(); at += 160 * kKiB) {
        world.send(slow, frame.substr(at, 160 * kKiB));
        world.run_for(std::chrono::seconds(1));
        CAPTURE(at, world.log.lines);
        REQUIRE(world.ended == 0);
    }
    CHECK(world.run_until([&] { return world.held.size() == 1; }));
}

TEST_CASE(
    "admission: the time that a sender waits for memory of the server does not count as slowness",
    "[net][admission]") {
    World world;
    for (int i = 0; i < 6; ++i) {
        world.send(world.connect(), large_request(200 * kKiB));
    }
    world.run_for(std::chrono::minutes(3));
    CHECK(world.ended == 0);
    std::size_t served = 0;
    const auto all_served = [&] {
        served += world.held.size();
        world.answer_all();
        return served == 6;
    };
    CHECK(world.run_until(all_served));
}

TEST_CASE("admission: a sender is not measured over the time in which this side had no memory",
          "[net][admission]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    for (int i = 0; i < 3; ++i) {
        world.send(world.connect(), large_request(200 * kKiB));
        world.run_for(std::chrono::seconds(1));
    }
    const std::size_t slow = world.connect();
    const std::string frame = large_request(900 * kKiB);
    constexpr std::size_t kFirst = 10 * kKiB;
    world.send(slow, frame.substr(0, kFirst));
    world.run_for(std::chrono::minutes(1));
    REQUIRE(world.held.size() == 3);
    world.answer_all();
    world.send(world.connect(), large_request(200 * kKiB));
    world.run_for(std::chrono::seconds(1));
    // From now on it sends 100 KiB/s, and soon memory is scarce again.
    for (std::size_t at = kFirst; at < frame.size(); at += 100 * kKiB) {
        world.send(slow, frame.substr(at, 100 * kKiB));
        world.run_for(std::chrono::seconds(1));
        CAPTURE(at, world.log.lines);
        REQUIRE(world.ended == 0);
    }
    CHECK(world.run_until([&] { return world.held.size() == 2; }));
}

TEST_CASE("admission: unsent answers of one connection do not hold up requests of another",
          "[net][admission]") {
    World world;
    const std::size_t reader = world.connect();
    world.send(reader, small_request());
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    // It takes all memory for answers, and the client does not read it.
    const std::string name(200, 'x');
    std::vector<schema::MetadataResponse::Topic> topics(5000);
    for (auto& topic : topics) {
        topic.name = name;
    }
    schema::MetadataResponse large;
    large.topics = std::span<const schema::MetadataResponse::Topic>(topics);
    world.held[0]->reply(large);
    world.held.clear();
    world.run_for(std::chrono::seconds(1));
    world.send(reader, small_request());
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.empty());
    world.send(world.connect(), small_request());
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.size() == 1);
}

TEST_CASE("admission: the requests in flight of one connection are limited by their total bytes",
          "[net][admission]") {
    ConnectionLimits limits;
    limits.bytes_in_flight_max = 100 * kKiB;
    World world(1, limits);
    const std::size_t one = world.connect();
    for (int i = 0; i < 6; ++i) {
        world.send(one, large_request(60 * kKiB));
        world.run_for(std::chrono::seconds(1));
    }
    const std::size_t first = world.held.size();
    CHECK(first >= 1);
    CHECK(first <= 2);
    world.send(world.connect(), large_request(60 * kKiB));
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.size() == first + 1);
    world.answer_all();
    world.run_for(std::chrono::seconds(1));
    CHECK(!world.held.empty());
}

TEST_CASE("admission: a request that needs too much memory to decode ends its connection",
          "[net][admission]") {
    World world;
    // An empty name takes 2 bytes on the wire, but a string view and more in memory.
    std::vector<schema::MetadataRequest::Topic> topics(250'000);
    for (auto& topic : topics) {
        topic.name = "";
    }
    schema::MetadataRequest request;
    request.topics = std::span<const schema::MetadataRequest::Topic>(topics);
    world.send(world.connect(), test::request_frame(request, kVersion, CorrelationId(1)));
    CHECK(world.run_until([&] { return world.ended == 1; }));
    CHECK(world.held.empty());
    CHECK(world.log.have("not enough memory to decode the request: it takes"));
    CHECK(world.log.have("highwater.memory.limit"));
}

}  // namespace
}  // namespace hw::broker
