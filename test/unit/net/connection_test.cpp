#include "broker/net/connection.h"

#include <array>
#include <deque>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/net/connection_manager.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "protocol/schema/api/sync_group.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_network.h"
#include "test/support/log_lines.h"
#include "test/support/wire_client.h"

namespace hw::broker {
namespace {

constexpr ApiVersion kVersion{4};

/// Keeps every request until the test answers it.
template <class Request>
class HoldingEach final : public MessageHandler<Request> {
public:
    explicit HoldingEach(std::vector<ExchangePtr>& held) : held_(held) {}

protected:
    Task<> serve(ExchangePtr exchange, const Request&) override {
        held_.push_back(std::move(exchange));
        co_return;
    }

private:
    std::vector<ExchangePtr>& held_;
};
using Holding = HoldingEach<schema::MetadataRequest>;
using HoldingFetch = HoldingEach<schema::FetchRequest>;
using HoldingProduce = HoldingEach<schema::ProduceRequest>;

/// Throttles every sender for `pause`.
class Pausing final : public Quotas {
public:
    Millis charge(const RequestContext&, const schema::ApiInfo&, std::size_t) override {
        return pause;
    }

    Millis pause{0};
};

constexpr std::size_t kHalfMiB = 512 * 1024;

HostLimits host_limits(const ConnectionLimits& limits, std::size_t answers) {
    HostLimits host;
    host.memory.requests = kHalfMiB;
    host.memory.answers = answers;
    host.connection = limits;
    return host;
}

/// A server that holds each Metadata request until the test answers it, and one client transport.
struct World {
    explicit World(std::uint64_t seed, ConnectionLimits limits = {}, std::size_t answers = kHalfMiB)
        : scheduler(seed) {
        dispatcher.add(schema::ApiKey::metadata, std::make_unique<Holding>(held));
        host.emplace(server, clock, dispatcher, host_limits(limits, answers), Logger(log, "net"));
        host->start();
        listener = *network.listen(server, {"server", 9092});
        server.spawn(accept());
        client.spawn(connect());
        REQUIRE(run_until([&] { return transport != nullptr && host->size() == 1; }));
    }
    ~World() {
        bool stopped = false;
        server.spawn(stop(stopped));
        CHECK(run_until([&] { return stopped; }));
        CHECK(stopped);
    }

    Task<> stop(bool& stopped) {
        co_await host->stop();
        stopped = true;
    }
    Task<> drain(Duration limit, bool& drained) {
        co_await host->drain(clock.now() + limit);
        drained = true;
    }

    Task<> accept() {
        auto accepted = co_await listener->accept(server);
        host->adopt(std::move(*accepted), info, [this] { ended = true; });
    }
    Task<> connect() {
        const Endpoint address = listener->local();
        auto connected = co_await network.connect(client, address, kNever);
        transport = std::move(*connected);
    }

    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(5));
    }
    void run_for(Duration span) {
        const TimePoint end = scheduler.now() + span;
        scheduler.run_until([&] { return scheduler.now() >= end; }, end);
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::array<ByteView, 1> slices{as_bytes(bytes)};
            const Transfer sent = transport->try_write(slices);
            REQUIRE(sent.progress != Progress::closed);
            bytes.remove_prefix(sent.bytes);
            if (sent.progress == Progress::would_block) {
                REQUIRE(scheduler.step());
            }
        }
    }
    void send_request(std::int32_t id) {
        send(test::request_frame(schema::MetadataRequest(), kVersion, CorrelationId(id)));
    }
    void answer(std::size_t index) { held.at(index)->reply(schema::MetadataResponse()); }

    /// Correlation ids of the answers received so far.
    std::vector<std::int32_t> receive() {
        std::array<std::byte, 4096> buffer;
        for (;;) {
            const Transfer got = transport->try_read(buffer);
            if (got.progress != Progress::done) {
                break;
            }
            stream += as_text(ByteView(buffer).first(got.bytes));
        }
        while (true) {
            const std::string frame = test::take_frame(stream);
            if (frame.empty()) {
                return answers;
            }
            answers.push_back(test::correlation_of(frame).value());
        }
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
    Pausing quotas;
    Dispatcher dispatcher{authorizer, quotas};
    std::vector<ExchangePtr> held;
    std::optional<ConnectionManager> host;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Transport> transport;
    bool ended = false;
    std::string stream;
    std::vector<std::int32_t> answers;
};

TEST_CASE("connection: answers go out in the order of the requests", "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{30})));
    for (const std::int32_t id : {1, 2, 3}) {
        world.send_request(id);
    }
    REQUIRE(world.run_until([&] { return world.held.size() == 3; }));
    world.answer(2);
    world.answer(1);
    world.run_for(std::chrono::seconds(1));
    CHECK(world.receive().empty());
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.receive().size() == 3; }));
    CHECK(world.answers == std::vector<std::int32_t>{1, 2, 3});
    CHECK_FALSE(world.ended);
}

TEST_CASE("connection: nothing more is read while too many requests are in flight",
          "[net][connection]") {
    ConnectionLimits limits;
    limits.requests_in_flight_max = 2;
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})), limits);
    for (const std::int32_t id : {1, 2, 3, 4}) {
        world.send_request(id);
    }
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.size() == 2);
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.held.size() == 3; }));
    world.answer(1);
    world.answer(2);
    REQUIRE(world.run_until([&] { return world.held.size() == 4; }));
    world.answer(3);
    REQUIRE(world.run_until([&] { return world.receive().size() == 4; }));
}

TEST_CASE(
    "connection: a Fetch waits until earlier Produce requests are answered, a Produce does not",
    "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.dispatcher.add(schema::ApiKey::produce, std::make_unique<HoldingProduce>(world.held));
    world.dispatcher.add(schema::ApiKey::fetch, std::make_unique<HoldingFetch>(world.held));
    const auto send = [&world](const auto& request, std::int16_t version, std::int32_t id) {
        world.send(test::request_frame(request, ApiVersion(version), CorrelationId(id)));
    };
    send(schema::ProduceRequest(), 9, 1);
    send(schema::ProduceRequest(), 9, 2);
    send(schema::FetchRequest(), 4, 3);
    send(schema::ProduceRequest(), 9, 4);
    world.run_for(std::chrono::seconds(1));
    REQUIRE(world.held.size() == 2);
    world.held[1]->reply(schema::ProduceResponse());
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.size() == 2);
    SECTION("the last one is answered") {
        world.held[0]->reply(schema::ProduceResponse());
        REQUIRE(world.run_until([&] { return world.held.size() == 4; }));
        world.held[3]->reply(schema::ProduceResponse());
        world.held[2]->reply(schema::FetchResponse());
        REQUIRE(world.run_until([&] { return world.receive().size() == 4; }));
        CHECK(world.answers == std::vector<std::int32_t>{1, 2, 3, 4});
    }
    SECTION("the last one ends without an answer") {
        world.held[0]->finish_silently();
        REQUIRE(world.run_until([&] { return world.held.size() == 4; }));
    }
    SECTION("the last one is rejected, which ends the connection") {
        world.held[0]->reject({ErrorKind::invalid, "refused"});
        REQUIRE(world.run_until([&] { return world.ended; }));
        CHECK(world.held.size() == 2);
    }
    SECTION("a drain begins, which takes no new requests") {
        bool drained = false;
        world.server.spawn(world.drain(std::chrono::minutes(1), drained));
        world.run_for(std::chrono::seconds(1));
        world.held[0]->reply(schema::ProduceResponse());
        REQUIRE(world.run_until([&] { return drained; }));
        CHECK(world.held.size() == 2);
    }
}

TEST_CASE("connection: a broken frame ends it after the earlier requests are answered",
          "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.send_request(1);
    world.send(std::string_view("\x7F\xFF\xFF\xFF", 4));
    REQUIRE(world.run_until([&] { return !world.log.lines.empty(); }));
    CHECK(world.log.lines.front().find("2147483647 bytes; a request has 0 to 104857600 bytes "
                                       "(socket.request.max.bytes)") != std::string::npos);
    REQUIRE(world.held.size() == 1);
    CHECK_FALSE(world.ended);
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.ended; }));
}

TEST_CASE("connection: a broken frame ends it after the earlier answers, even if the peer is gone",
          "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.send_request(1);
    world.send(std::string_view("\x7F\xFF\xFF\xFF", 4));
    REQUIRE(world.run_until([&] { return !world.log.lines.empty(); }));
    REQUIRE(world.held.size() == 1);
    world.transport->close();
    world.run_for(std::chrono::seconds(1));
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.ended; }));
}

TEST_CASE("connection: a request that cannot be decoded ends it, and the reason is logged",
          "[net][connection]") {
    World world(1);
    std::string frame = test::request_frame(schema::MetadataRequest(), kVersion, CorrelationId(1));
    SECTION("cut short") {
        frame.resize(frame.size() - 1);
        frame[3] = static_cast<char>(frame[3] - 1);
    }
    SECTION("an unknown API") {
        frame[5] = 99;
    }
    SECTION("an unknown version") {
        frame[7] = 99;
    }
    world.send(frame);
    REQUIRE(world.run_until([&] { return world.ended; }));
    CHECK(world.held.empty());
    CHECK(world.log.lines.size() == 1);
}

TEST_CASE(
    "connection: a rejected request ends it after the earlier answers, and later answers are not "
    "sent",
    "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{30})));
    for (const std::int32_t id : {1, 2, 3, 4}) {
        world.send_request(id);
    }
    REQUIRE(world.run_until([&] { return world.held.size() == 4; }));
    world.answer(2);
    world.held[1]->reject({ErrorKind::invalid, "acks=0 was refused"});
    world.run_for(std::chrono::seconds(1));
    CHECK(world.receive().empty());
    CHECK_FALSE(world.ended);
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.ended; }));
    world.run_for(std::chrono::seconds(1));
    // The simulated network loses what is in flight when one side closes.
    const auto received = world.receive();
    CHECK((received.empty() || received == std::vector<std::int32_t>{1}));
}

TEST_CASE("connection: a rejected request ends it even while later requests are unanswered",
          "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.send_request(1);
    world.send_request(2);
    REQUIRE(world.run_until([&] { return world.held.size() == 2; }));
    world.held[0]->reject({ErrorKind::invalid, "acks=0 was refused"});
    world.run_for(std::chrono::seconds(1));
    CHECK(world.ended);
}

TEST_CASE("connection: bytes after the end of a request are ignored", "[net][connection]") {
    World world(1);
    std::string frame = test::request_frame(schema::MetadataRequest(), kVersion, CorrelationId(1));
    frame += std::string(3, '\0');
    frame[3] = static_cast<char>(frame[3] + 3);
    world.send(frame);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.receive().size() == 1; }));
    CHECK(world.log.lines.empty());
}

TEST_CASE("connection: an answer that comes after its end is dropped", "[net][connection]") {
    World world(1);
    world.send_request(1);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    world.transport->close();
    REQUIRE(world.run_until([&] { return world.ended; }));
    world.answer(0);
}

/// Sends a request, and answers it with `count` topics of about 200 bytes each.
void reply_topics(World& world, std::size_t count) {
    std::vector<schema::MetadataResponse::Topic> topics(count);
    const std::string name(200, 'x');
    for (auto& topic : topics) {
        topic.name = name;
    }
    schema::MetadataResponse large;
    large.topics = std::span<const schema::MetadataResponse::Topic>(topics);
    world.send_request(1);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    world.held[0]->reply(large);
}

TEST_CASE(
    "connection: a peer that reads no answers is disconnected after 30 s while memory is scarce",
    "[net][connection]") {
    World world(1);
    reply_topics(world, 5000);
    world.run_for(std::chrono::seconds(29));
    CHECK_FALSE(world.ended);
    world.run_for(std::chrono::seconds(3));
    CHECK(world.ended);
    CHECK(world.log.lines.back().find("takes its answers more slowly than 64 KiB/s, averaged over "
                                      "30 s") != std::string::npos);
}

TEST_CASE("connection: while memory is free, answers may stay unread for connections.max.idle.ms",
          "[net][connection]") {
    World world(1, {}, 16 * kHalfMiB);
    reply_topics(world, 5000);
    if (GENERATE(false, true)) {
        // More requests than may be in flight, so the server stops reading.
        for (std::int32_t id = 2; id < 200; ++id) {
            world.send_request(id);
        }
    }
    world.run_for(std::chrono::minutes(9));
    CHECK_FALSE(world.ended);
    world.run_for(std::chrono::minutes(2));
    CHECK(world.ended);
}

TEST_CASE("connection: it ends when it is idle, but not while a request waits for its answer",
          "[net][connection]") {
    World world(1);
    world.send_request(1);
    world.run_for(std::chrono::minutes(12));
    REQUIRE(world.held.size() == 1);
    CHECK_FALSE(world.ended);
    world.answer(0);
    world.run_for(std::chrono::minutes(12));
    CHECK(world.ended);
}

TEST_CASE("connection: a request that is sent too slowly ends it", "[net][connection]") {
    World world(1);
    world.send(std::string_view("\0\0\0\x10half", 8));
    world.run_for(std::chrono::seconds(58));
    CHECK_FALSE(world.ended);
    world.run_for(std::chrono::seconds(5));
    CHECK(world.ended);
    CHECK(world.log.lines.back().find("was not sent whole within 60 s") != std::string::npos);
}

TEST_CASE("connection: the time limit of a frame does not run while the server does not read",
          "[net][connection]") {
    ConnectionLimits limits;
    limits.requests_in_flight_max = 1;
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})), limits);
    world.send_request(1);
    world.send_request(2);
    world.send(std::string_view("\0\0\0\x10half", 8));
    world.run_for(std::chrono::minutes(5));
    CHECK_FALSE(world.ended);
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.held.size() == 2; }));
    world.run_for(std::chrono::seconds(57));
    CHECK_FALSE(world.ended);
    world.run_for(std::chrono::seconds(6));
    CHECK(world.ended);
}

TEST_CASE("connection: a request still knows its peer after the connection has ended",
          "[net][connection]") {
    World world(1);
    world.send_request(1);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    world.transport->close();
    REQUIRE(world.run_until([&] { return world.ended; }));
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held[0]->context().peer->host == "node-2");
}

/// Sends the same frame several times.
Task<> send_repeatedly(Transport& transport, const std::string& frame, int times) {
    std::string_view rest = frame;
    for (int sent = 0; sent < times;) {
        co_await transport.wait_writable();
        const std::array<ByteView, 1> slices{as_bytes(rest)};
        const Transfer transfer = transport.try_write(slices);
        rest.remove_prefix(transfer.bytes);
        if (rest.empty()) {
            rest = frame;
            ++sent;
        }
    }
}

TEST_CASE("connection: requests that wait for memory are all served", "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    // Each request is larger than the 512 KiB for requests, so only one at a time gets memory.
    std::vector<schema::MetadataRequest::Topic> topics(3000);
    const std::string name(200, 'x');
    for (auto& topic : topics) {
        topic.name = name;
    }
    schema::MetadataRequest request;
    request.topics = std::span<const schema::MetadataRequest::Topic>(topics);
    const std::string frame = test::request_frame(request, kVersion, CorrelationId(1));
    world.client.spawn(send_repeatedly(*world.transport, frame, 3));
    for (std::size_t count = 1; count <= 3; ++count) {
        REQUIRE(world.run_until([&] { return world.held.size() == count; }));
        world.run_for(std::chrono::seconds(2));
        CHECK(world.held.size() == count);
        world.answer(count - 1);
        REQUIRE(world.run_until([&] { return world.receive().size() == count; }));
        world.held[count - 1].reset();
    }
}

TEST_CASE("connection: small requests count with the whole buffer that they take",
          "[net][connection]") {
    ConnectionLimits limits;
    limits.requests_in_flight_max = 1000;
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})), limits);
    for (std::int32_t id = 0; id < 300; ++id) {
        world.send_request(id);
    }
    world.run_for(std::chrono::seconds(1));
    const std::size_t first = world.held.size();
    CHECK(first > 100);
    CHECK(first <= (1 << 20) / BufferPool::kCapacity);
    for (std::size_t next = 0; next < 300; ++next) {
        REQUIRE(world.run_until([&] { return world.held.size() > next; }));
        world.answer(next);
        world.held[next].reset();
    }
    REQUIRE(world.run_until([&] { return world.receive().size() == 300; }));
}

TEST_CASE("connection: unread answers hold memory, and new requests wait until they are read",
          "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    std::vector<schema::MetadataResponse::Topic> topics(5000);
    const std::string name(200, 'x');
    for (auto& topic : topics) {
        topic.name = name;
    }
    schema::MetadataResponse large;  // about 1 MiB, twice the memory for answers
    large.topics = std::span<const schema::MetadataResponse::Topic>(topics);
    world.send_request(1);
    world.send_request(2);
    REQUIRE(world.run_until([&] { return world.held.size() == 2; }));
    world.held[0]->reply(large);
    world.held[1]->reply(large);
    world.held.clear();
    world.run_for(std::chrono::seconds(1));
    world.send_request(3);
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.empty());
    REQUIRE(world.run_until([&] { return world.receive().size() == 2; }));
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
}

TEST_CASE("connection: a sender over its quota is answered at once, and its next request waits",
          "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.quotas.pause = Millis(5000);
    world.send_request(1);
    world.send_request(2);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    world.answer(0);
    REQUIRE(world.run_until([&] { return world.receive().size() == 1; }));
    world.run_for(std::chrono::milliseconds(4500));
    CHECK(world.held.size() == 1);
    world.quotas.pause = Millis(0);
    REQUIRE(world.run_until([&] { return world.held.size() == 2; }));
    world.answer(1);
    REQUIRE(world.run_until([&] { return world.receive().size() == 2; }));
}

TEST_CASE("connection: the throttling of a sender ends with its connection", "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.quotas.pause = Millis(INT32_MAX);
    world.send_request(1);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    // The destructor of World checks that the server stops.
}

TEST_CASE(
    "connection: a drain ends when the accepted requests are answered, and accepts no new ones",
    "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.send_request(1);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    bool drained = false;
    world.server.spawn(world.drain(std::chrono::minutes(1), drained));
    world.send_request(2);
    world.run_for(std::chrono::seconds(50));
    CHECK_FALSE(drained);
    world.answer(0);
    REQUIRE(world.run_until([&] { return drained; }));
    CHECK(world.clock.now().time_since_epoch() < std::chrono::seconds(55));
    REQUIRE(world.run_until([&] { return world.receive().size() == 1; }));
    CHECK(world.held.size() == 1);
    CHECK_FALSE(world.ended);
}

TEST_CASE("connection: requests that came during a drain are answered when it takes them again",
          "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    bool drained = false;
    world.server.spawn(world.drain(std::chrono::minutes(1), drained));
    REQUIRE(world.run_until([&] { return drained; }));
    world.send_request(1);
    world.send_request(2);
    world.run_for(std::chrono::seconds(1));
    CHECK(world.held.empty());
    world.host->take_requests();
    REQUIRE(world.run_until([&] { return world.held.size() == 2; }));
    world.answer(0);
    world.answer(1);
    REQUIRE(world.run_until([&] { return world.receive().size() == 2; }));
}

TEST_CASE("connection: a drain ends at its deadline, or when its connections have ended",
          "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.send_request(1);
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    const bool peer_ends = GENERATE(true, false);
    bool drained = false;
    world.server.spawn(world.drain(std::chrono::seconds(5), drained));
    world.run_for(std::chrono::seconds(1));
    CHECK_FALSE(drained);
    if (peer_ends) {
        world.transport->close();
        world.answer(0);
    }
    world.run_for(std::chrono::seconds(peer_ends ? 1 : 5));
    CHECK(drained);
}

TEMPLATE_TEST_CASE("connection: a drain does not wait for what may wait for other clients",
                   "[net][connection]", schema::FetchRequest, schema::JoinGroupRequest,
                   schema::SyncGroupRequest) {
    World world(1);
    world.dispatcher.add(TestType::kKey, std::make_unique<HoldingEach<TestType>>(world.held));
    world.send(test::request_frame(TestType(), kVersion, CorrelationId(1)));
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    bool drained = false;
    world.server.spawn(world.drain(std::chrono::minutes(1), drained));
    world.run_for(std::chrono::seconds(1));
    CHECK(drained);
    CHECK_FALSE(world.ended);
}

/// Answers each Fetch at once, and says that it comes from a follower.
class FollowerFetch final : public MessageHandler<schema::FetchRequest> {
protected:
    Task<> serve(ExchangePtr exchange, const schema::FetchRequest&) override {
        exchange->note_follower();
        exchange->reply(schema::FetchResponse());
        co_return;
    }
};

TEST_CASE("connection: a drain still takes the requests of a follower", "[net][connection]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.dispatcher.add(schema::ApiKey::fetch, std::make_unique<FollowerFetch>());
    const auto fetch = [&world](std::int32_t id) {
        world.send(test::request_frame(schema::FetchRequest(), kVersion, CorrelationId(id)));
        REQUIRE(world.run_until([&] { return !world.receive().empty(); }));
    };
    fetch(1);
    bool drained = false;
    world.server.spawn(world.drain(std::chrono::minutes(1), drained));
    REQUIRE(world.run_until([&] { return drained; }));
    fetch(2);
    CHECK_FALSE(world.ended);
}

TEST_CASE(
    "connection: warnings that peers cause are rate-limited, and the omitted ones are counted",
    "[net][connection]") {
    World world(1);
    const std::vector<std::string>& lines = world.log.lines;
    RateLimitedLog log(Logger(world.log, "net"), world.clock);
    for (std::uint64_t i = 0; i < RateLimitedLog::kLines + 7; ++i) {
        log.warning("peer {}", i);
    }
    CHECK(lines.size() == RateLimitedLog::kLines);
    world.run_for(RateLimitedLog::kWindow);
    log.warning("peer");
    REQUIRE(lines.size() == RateLimitedLog::kLines + 2);
    CHECK(lines[RateLimitedLog::kLines] == "7 more lines like the last ones were left out");
    CHECK(lines.back() == "peer");
}

}  // namespace
}  // namespace hw::broker
