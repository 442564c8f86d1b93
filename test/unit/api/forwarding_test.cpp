#include "broker/api/forwarding.h"

#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "broker/api/envelope.h"
#include "broker/metadata/principal.h"
#include "broker/net/connection_manager.h"
#include "broker/net/local_transport.h"
#include "broker/net/peer_channel.h"
#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/metadata.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"
#include "test/support/wire_client.h"

namespace hw::broker {
namespace {

class NullLogSink final : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view) override {}
    bool enabled(LogLevel) const override { return false; }
};

/// Plays the controller: stores the principal of the request, and answers with the topic's name.
class CreateTopicsStub final : public MessageHandler<schema::CreateTopicsRequest> {
public:
    explicit CreateTopicsStub(std::string& asked_by) : asked_by_(asked_by) {}

protected:
    Task<> serve(ExchangePtr exchange, const schema::CreateTopicsRequest& request) override {
        asked_by_ = exchange->context().principal;
        const schema::CreateTopicsResponse::Topic topic{.name = request.topics[0].name};
        schema::CreateTopicsResponse response;
        response.topics = {&topic, 1};
        exchange->reply(response);
        co_return;
    }

private:
    std::string& asked_by_;
};

class Sink final : public AnswerSink {
public:
    void on_answer() override { answered = true; }
    void on_reject(const Error& reason) override { rejected = reason.message; }

    bool answered = false;
    std::optional<std::string> rejected;
};

/// A data shard that forwards requests through the gateway to a controller on the control shard.
struct World {
    explicit World(std::uint64_t seed) : scheduler(seed) {
        controller.add(schema::ApiKey::create_topics, std::make_unique<CreateTopicsStub>(asked_by));
        controller.add(schema::ApiKey::envelope, std::make_unique<EnvelopeHandler>(controller));
        host.emplace(control, clock, controller, HostLimits(), Logger(log, "net"));
    }
    ~World() {
        bool stopped = false;
        control.spawn(stop(stopped));
        CHECK(run_until([&] { return stopped; }));
    }

    Task<> stop(bool& stopped) {
        co_await gateway.stop();
        co_await channel.stop();
        co_await host->stop();
        stopped = true;
    }
    Task<Result<std::unique_ptr<Transport>>> connect(TimePoint) {
        if (refusing) {
            co_return fail(ErrorKind::closed, "connection refused");
        }
        LocalPair pair = make_local_pair(control, control, {"self", 0});
        host->adopt(std::move(pair.second), info, [] {});
        co_return std::move(pair.first);
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(5));
    }

    /// Sends a request as a client of the data shard would.
    template <class Request>
    ExchangePtr send(const Request& request, ApiVersion version) {
        const std::string frame =
            test::request_frame(request, version, CorrelationId(77)).substr(4);
        Buffer buffer(frame.size());
        std::ranges::copy(as_bytes(frame), buffer.data());
        auto exchange = std::make_shared<Exchange>(std::move(buffer), Reservation(), sink);
        exchange->context().listener = &info;
        exchange->context().peer = peer;
        exchange->context().principal = "User:alice";
        REQUIRE(exchange->read_header());
        data.spawn(forwarding.handle(exchange));
        return exchange;
    }

    sim::Scheduler scheduler;
    sim::SimShard data{scheduler, 1, 0};
    sim::SimShard control{scheduler, 1, 1};
    sim::SimClock clock{scheduler};
    NullLogSink log;
    ListenerInfo info{
        .name = "CONTROLLER", .role = ListenerRole::controller, .bound = {}, .advertised = {}};
    std::shared_ptr<const Endpoint> peer =
        std::make_shared<const Endpoint>(Endpoint{"127.0.0.1", 5});
    std::string asked_by;
    bool refusing = false;
    AllowAll authorizer;
    NoQuotas quotas;
    Dispatcher controller{authorizer, quotas};
    std::optional<ConnectionManager> host;
    PeerChannel channel{control, clock, "test",
                        [this](TimePoint deadline) { return connect(deadline); }};
    ControllerGateway gateway{control, clock, channel};
    ForwardingHandler forwarding{data, gateway};
    Sink sink;
};

schema::CreateTopicsRequest create(const schema::CreateTopicsRequest::Topic& topic) {
    schema::CreateTopicsRequest request;
    request.topics = {&topic, 1};
    return request;
}

TEST_CASE(
    "forwarding: the controller answers the client in the client's version and with its "
    "correlation id",
    "[api][forwarding]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    const ApiVersion version(GENERATE(std::int16_t{2}, std::int16_t{7}));
    const schema::CreateTopicsRequest::Topic topic{.name = "orders"};
    const auto exchange = world.send(create(topic), version);
    REQUIRE(world.run_until([&] { return world.sink.answered; }));
    CHECK(world.asked_by == "User:alice");
    std::string stream;
    for (const ByteView slice : exchange->answer().slices) {
        stream += as_text(slice);
    }
    const std::string frame = test::take_frame(stream);
    CHECK(stream.empty());
    CHECK(test::correlation_of(frame) == CorrelationId(77));
    CHECK(frame.find("orders") != std::string::npos);
}

TEST_CASE("forwarding: without a controller the client's connection is closed with the reason",
          "[api][forwarding]") {
    World world(1);
    world.refusing = true;
    const schema::CreateTopicsRequest::Topic topic{.name = "orders"};
    const auto exchange = world.send(create(topic), ApiVersion(7));
    REQUIRE(world.run_until([&] { return world.sink.rejected.has_value(); }));
    CHECK(world.sink.rejected == "connection refused");
}

TEST_CASE("forwarding: the controller refuses an envelope with a request that is never forwarded",
          "[api][forwarding]") {
    World world(1);
    const auto exchange = world.send(schema::MetadataRequest(), ApiVersion(9));
    REQUIRE(world.run_until([&] { return world.sink.rejected.has_value(); }));
    CHECK(world.sink.rejected == "the controller refuses the forwarded request: INVALID_REQUEST");
}

TEST_CASE(
    "principal: decoding gives the encoded name; a name without a type and cut bytes are refused",
    "[api][forwarding]") {
    const auto bytes = encode_principal("User:CN=a:b");
    REQUIRE(bytes);
    CHECK(decode_principal(bytes->view()) == "User:CN=a:b");
    CHECK_FALSE(encode_principal("nobody"));
    for (std::size_t size = 0; size < bytes->size(); ++size) {
        CHECK_FALSE(decode_principal(bytes->view().first(size)));
    }
}

TEST_CASE("principal: a client address is encoded as 4 or 16 bytes", "[api][forwarding]") {
    CHECK(encode_address("127.0.0.1").size() == 4);
    CHECK(encode_address("::1").size() == 16);
    CHECK(encode_address("no address").size() == 4);
}

}  // namespace
}  // namespace hw::broker
