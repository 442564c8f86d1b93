#include "broker/net/peer_channel.h"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/net/connection_manager.h"
#include "broker/net/local_transport.h"
#include "protocol/schema/api/metadata.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

using schema::MetadataRequest;
using schema::MetadataResponse;
using wire::DecodedMessage;

constexpr ApiVersion kVersion{9};

/// Answers with the requested topic names. Does not answer while `silent` is true.
class Echo final : public MessageHandler<MetadataRequest> {
public:
    explicit Echo(bool& silent) : silent_(silent) {}

protected:
    Task<> serve(ExchangePtr exchange, const MetadataRequest& request) override {
        std::vector<MetadataResponse::Topic> topics;
        for (const auto& topic : request.topics) {
            topics.push_back({.name = topic.name});
        }
        MetadataResponse response;
        response.topics = std::span<const MetadataResponse::Topic>(topics);
        if (!silent_) {
            exchange->reply(response);
        }
        co_return;
    }

private:
    bool& silent_;
};

class NullLogSink final : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view) override {}
    bool enabled(LogLevel) const override { return false; }
};

/// A server shard and a client shard of one node, connected by local pairs.
struct World {
    explicit World(std::uint64_t seed) : scheduler(seed) {
        dispatcher.add(schema::ApiKey::metadata, std::make_unique<Echo>(silent));
        host.emplace(server, clock, dispatcher, HostLimits(), Logger(log, "net"));
        host->start();
    }
    ~World() {
        bool stopped = false;
        client.spawn(stop(stopped));
        CHECK(run_until([&] { return stopped; }));
    }

    Task<> stop(bool& stopped) {
        co_await channel.stop();
        co_await host->stop();
        stopped = true;
    }

    Task<Result<std::unique_ptr<Transport>>> connect(TimePoint) {
        ++connects;
        Signal never;
        co_await client.wait(never, clock.now() + std::chrono::milliseconds(1));
        if (refusing) {
            co_return fail(ErrorKind::closed, "refused");
        }
        LocalPair pair = make_local_pair(client, server, {"self", 0});
        host->adopt(std::move(pair.second), info, [] {});
        co_return std::move(pair.first);
    }

    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(5));
    }

    /// Asks for one topic. Adds the returned name, or the kind of the error, to `results`.
    Task<> ask(std::string name, PeerChannel* through = nullptr) {
        const std::vector<MetadataRequest::Topic> topics{{.topic_id = {}, .name = name}};
        MetadataRequest request;
        request.topics = std::span<const MetadataRequest::Topic>(topics);
        const TimePoint deadline = clock.now() + std::chrono::seconds(10);
        const auto answer = co_await replication::call<MetadataResponse>(
            through == nullptr ? channel : *through, request, kVersion, deadline);
        if (answer) {
            results.emplace_back((**answer).topics[0].name);
        } else {
            results.emplace_back(to_string(answer.error().kind));
        }
    }

    /// Starts a call that gets no answer, and lets a second pass.
    void begin_lost_call() {
        silent = true;
        client.spawn(ask("lost"));
        pass(std::chrono::seconds(1));
    }
    void pass(Duration span) {
        scheduler.run_until([] { return false; }, scheduler.now() + span);
    }

    sim::Scheduler scheduler;
    sim::SimShard server{scheduler, 1, 0};
    sim::SimShard client{scheduler, 1, 1};
    sim::SimClock clock{scheduler};
    NullLogSink log;
    ListenerInfo info{.name = "L", .role = ListenerRole::broker, .bound = {}, .advertised = {}};
    bool silent = false;
    bool refusing = false;
    int connects = 0;
    AllowAll authorizer;
    NoQuotas quotas;
    Dispatcher dispatcher{authorizer, quotas};
    std::optional<ConnectionManager> host;
    PeerChannel channel{client, clock, "test",
                        [this](TimePoint deadline) { return connect(deadline); }};
    std::vector<std::string> results;
};

/// A connection that takes `room` bytes and gives no answer, or sends bytes without end.
class Window {
public:
    Window(Shard& shard, const Clock& clock) : shard_(shard), clock_(clock) {}

    Task<Result<std::unique_ptr<Transport>>> connect() { co_return std::make_unique<End>(*this); }
    void open_up() { writable_.set(); }

    int room = 0;
    int written = 0;
    std::string flood;  ///< sent over and over, if not empty

private:
    class End final : public Transport {
    public:
        explicit End(Window& window) : window_(window) {}

        Transfer try_read(MutableBytes into) override {
            if (!is_open_ || window_.flood.empty()) {
                return {is_open_ ? Progress::would_block : Progress::closed, 0};
            }
            for (std::size_t i = 0; i < into.size(); ++i) {
                into[i] = static_cast<std::byte>(window_.flood[i % window_.flood.size()]);
            }
            return {Progress::done, into.size()};
        }
        Transfer try_write(std::span<const ByteView>) override {
            if (!is_open_ || window_.written == window_.room) {
                return {is_open_ ? Progress::would_block : Progress::closed, 0};
            }
            ++window_.written;
            return {Progress::done, 1};
        }
        Task<> wait_readable() override {
            const TimePoint until = window_.flood.empty() ? kNever : window_.clock_.now();
            co_await window_.shard_.wait(readable_, until);
        }
        Task<> wait_writable() override { return wait(window_.writable_); }
        void close() override {
            is_open_ = false;
            readable_.set();
            window_.writable_.set();
        }
        const Endpoint& local() const override { return name_; }
        const Endpoint& peer() const override { return name_; }

    private:
        Task<> wait(Signal& signal) { co_await window_.shard_.wait(signal, kNever); }

        Window& window_;
        Endpoint name_{"peer", 1};
        Signal readable_;
        bool is_open_ = true;
    };

    Shard& shard_;
    const Clock& clock_;
    Signal writable_;
};

Task<> stop_channel(PeerChannel& channel, bool& stopped) {
    co_await channel.stop();
    stopped = true;
}

TEST_CASE("channel: each call gets its own answer, over one connection", "[net][channel]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{20})));
    world.client.spawn(world.ask("first"));
    REQUIRE(world.run_until([&] { return world.results.size() == 1; }));
    for (const char* name : {"a", "b", "c"}) {
        world.client.spawn(world.ask(name));
    }
    REQUIRE(world.run_until([&] { return world.results.size() == 4; }));
    std::ranges::sort(world.results);
    CHECK(world.results == std::vector<std::string>{"a", "b", "c", "first"});
    CHECK(world.connects == 1);
}

TEST_CASE("channel: answers that exceed the buffer of the local pair arrive whole",
          "[net][channel]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{5})));
    std::string name(30'000, 'x');
    for (int i = 0; i < 100; ++i) {
        world.client.spawn(world.ask(name));
    }
    REQUIRE(world.run_until([&] { return world.results.size() == 100; }));
    CHECK(std::ranges::count(world.results, name) == 100);
}

TEST_CASE("channel: a call without an answer ends at its deadline", "[net][channel]") {
    World world(1);
    world.silent = true;
    world.client.spawn(world.ask("lost"));
    REQUIRE(world.run_until([&] { return world.results.size() == 1; }));
    CHECK(world.results.front() == "timed_out");
}

TEST_CASE("channel: after a call without an answer, the next one connects again",
          "[net][channel]") {
    World world(1);
    world.begin_lost_call();
    world.client.spawn(world.ask("with it"));
    REQUIRE(world.run_until([&] { return world.results.size() == 2; }));
    CHECK(world.results == std::vector<std::string>{"timed_out", "closed"});
    world.silent = false;
    world.client.spawn(world.ask("again"));
    REQUIRE(world.run_until([&] { return world.results.size() == 3; }));
    CHECK(world.results.back() == "again");
    CHECK(world.connects == 2);
}

TEST_CASE("channel: a call without an answer leaves the connection to others for a while",
          "[net][channel]") {
    World world(1);
    PeerChannel patient(
        world.client, world.clock, "test",
        [&](TimePoint deadline) { return world.connect(deadline); }, std::chrono::seconds(25));
    world.silent = true;
    for (const char* name : {"a", "b", "c"}) {
        world.client.spawn(world.ask(name, &patient));
        const std::size_t before = world.results.size();
        REQUIRE(world.run_until([&] { return world.results.size() == before + 1; }));
        CHECK(world.results.back() == "timed_out");
    }
    CHECK(world.connects == 1);
    world.client.spawn(world.ask("d", &patient));
    REQUIRE(world.run_until([&] { return world.results.size() == 4; }));
    CHECK(world.connects == 2);
    bool stopped = false;
    world.client.spawn(stop_channel(patient, stopped));
    REQUIRE(world.run_until([&] { return stopped; }));
}

TEST_CASE("channel: waiting calls fail when the connection ends, and later calls connect again",
          "[net][channel]") {
    World world(1);
    world.begin_lost_call();
    world.channel.disconnect();
    REQUIRE(world.run_until([&] { return world.results.size() == 1; }));
    CHECK(world.results.front() == "closed");
    world.silent = false;
    world.client.spawn(world.ask("again"));
    REQUIRE(world.run_until([&] { return world.results.size() == 2; }));
    CHECK(world.results.back() == "again");
    CHECK(world.connects == 2);
}

TEST_CASE("channel: a call fails if the peer refuses the connection", "[net][channel]") {
    World world(1);
    world.refusing = true;
    world.client.spawn(world.ask("nobody"));
    REQUIRE(world.run_until([&] { return world.results.size() == 1; }));
    CHECK(world.results.front() == "not_sent");
}

TEST_CASE("channel: calls that need a connection at the same time share one attempt",
          "[net][channel]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.refusing = GENERATE(false, true);
    for (const char* name : {"a", "b", "c"}) {
        world.client.spawn(world.ask(name));
    }
    REQUIRE(world.run_until([&] { return world.results.size() == 3; }));
    CHECK(world.connects == 1);
    CHECK(std::ranges::count(world.results, "not_sent") == (world.refusing ? 3 : 0));
}

TEST_CASE("channel: a call of which no byte was written is not sent, one with a byte may be",
          "[net][channel]") {
    World world(1);
    Window window(world.client, world.clock);
    PeerChannel channel(world.client, world.clock, "test",
                        [&](TimePoint) { return window.connect(); });
    world.client.spawn(world.ask("first", &channel));
    world.client.spawn(world.ask("second", &channel));
    world.pass(std::chrono::seconds(1));
    SECTION("when the connection ends") {
        window.room = GENERATE(0, 1);
        window.open_up();
        world.pass(std::chrono::seconds(1));
        channel.disconnect();
        REQUIRE(world.run_until([&] { return world.results.size() == 2; }));
        CHECK(std::ranges::count(world.results, "closed") == window.room);
        CHECK(std::ranges::count(world.results, "not_sent") == 2 - window.room);
    }
    SECTION("when the time is over, and then it is not sent later either") {
        REQUIRE(world.run_until([&] { return world.results.size() == 2; }));
        CHECK(world.results == std::vector<std::string>{"not_sent", "not_sent"});
        CHECK(window.written == 0);
    }
    bool stopped = false;
    world.client.spawn(stop_channel(channel, stopped));
    REQUIRE(world.run_until([&] { return stopped; }));
}

TEST_CASE("channel: a peer that never stops sending leaves the shard to others", "[net][channel]") {
    World world(1);
    Window window(world.client, world.clock);
    window.room = 1000;
    const bool has_correlation = GENERATE(true, false);
    window.flood = has_correlation ? std::string("\0\0\0\4\x7f\0\0\0", 8) : std::string(4, '\0');
    PeerChannel channel(world.client, world.clock, "test",
                        [&](TimePoint) { return window.connect(); });
    world.client.spawn(world.ask("flooded", &channel));
    world.client.spawn(world.ask("other"));
    REQUIRE(world.run_until([&] { return std::ranges::count(world.results, "other") == 1; }));
    // A frame that is too short to be an answer ends the connection.
    CHECK(std::ranges::count(world.results, "closed") == (has_correlation ? 0 : 1));
    bool stopped = false;
    world.client.spawn(stop_channel(channel, stopped));
    REQUIRE(world.run_until([&] { return stopped; }));
}

}  // namespace
}  // namespace hw::broker
