#include "broker/api/forwarding.h"

#include <climits>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/api/envelope.h"
#include "broker/metadata/principal.h"
#include "broker/net/connection_manager.h"
#include "broker/net/local_transport.h"
#include "broker/net/peer_channel.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"
#include "test/support/log_lines.h"
#include "test/support/wire_client.h"
#include "test/unit/config/support.h"

namespace hw::broker {
namespace {

using schema::CreateTopicsRequest;
using schema::CreateTopicsResponse;
using wire::ErrorCode;

/// Plays the controller. Answers with the topic's name, unless it is told otherwise.
class CreateTopicsStub final : public MessageHandler<schema::CreateTopicsRequest> {
public:
    struct Script {
        std::string asked_by;    ///< the principal of the last request
        int requests = 0;        ///< so far
        int not_controller = 0;  ///< so many requests are answered with NOT_CONTROLLER
        bool is_silent = false;
    };
    explicit CreateTopicsStub(Script& script) : script_(script) {}

protected:
    Task<> serve(ExchangePtr exchange, const schema::CreateTopicsRequest& request) override {
        ++script_.requests;
        script_.asked_by = exchange->context().principal;
        if (script_.is_silent) {
            waiting_.push_back(std::move(exchange));
            co_return;
        }
        if (script_.not_controller > 0) {
            --script_.not_controller;
            exchange->set_error(ErrorCode::not_controller);
            reply_error(*exchange, request, {ErrorCode::not_controller, "not active"});
            co_return;
        }
        const CreateTopicsResponse::Topic topic{.name = request.topics[0].name};
        CreateTopicsResponse response;
        response.topics = {&topic, 1};
        exchange->reply(response);
    }

private:
    Script& script_;
    std::vector<ExchangePtr> waiting_;
};

/// A controller that gives the same answer to every Envelope.
class FixedEnvelope final : public MessageHandler<schema::EnvelopeRequest> {
public:
    explicit FixedEnvelope(schema::EnvelopeResponse answer) : answer_(answer) {}

protected:
    Task<> serve(ExchangePtr exchange, const schema::EnvelopeRequest&) override {
        exchange->reply(answer_);
        co_return;
    }

private:
    schema::EnvelopeResponse answer_;
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
    explicit World(std::uint64_t seed = 1,
                   std::optional<schema::EnvelopeResponse> fixed = std::nullopt)
        : scheduler(seed) {
        controller.add(schema::ApiKey::create_topics, std::make_unique<CreateTopicsStub>(script));
        if (fixed) {
            controller.add(schema::ApiKey::envelope, std::make_unique<FixedEnvelope>(*fixed));
        } else {
            controller.add(schema::ApiKey::envelope, std::make_unique<EnvelopeHandler>(controller));
        }
        host.emplace(control, clock, controller, HostLimits(), Logger(log, "net"));
    }
    ~World() {
        bool stopped = false;
        control.spawn(stop(stopped));
        CHECK(run_until([&] { return stopped; }));
    }

    Task<> stop(bool& stopped) {
        gateway.begin_stop();
        co_await channel.stop();
        co_await gateway.stop();
        co_await host->stop();
        stopped = true;
    }
    Task<Result<std::unique_ptr<Transport>>> connect(TimePoint) {
        ++connects;
        Signal never;
        co_await control.wait(never, clock.now() + std::chrono::milliseconds(1));
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

    /// Sends a creation of topic "orders" as a client of the data shard would.
    ExchangePtr send(ApiVersion version = ApiVersion(7), Millis timeout = Millis(5000)) {
        const CreateTopicsRequest::Topic topic{.name = "orders"};
        CreateTopicsRequest request;
        request.topics = {&topic, 1};
        request.timeout_ms = timeout;
        return send(request, version);
    }
    ExchangePtr send(const CreateTopicsRequest& request, ApiVersion version) {
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
    /// Waits for the answer; returns the error of its first topic as "CODE: message".
    std::string error_of(const Exchange& exchange) {
        REQUIRE(run_until([&] { return exchange.answered(); }));
        REQUIRE_FALSE(exchange.rejected());
        std::string frame;
        test::append(frame, exchange.answer());
        const std::string body = frame.substr(9);  // length, correlation id, no tagged fields
        Buffer bytes(body.size());
        std::ranges::copy(as_bytes(body), bytes.data());
        wire::DecodedMessage<CreateTopicsResponse> answer(std::move(bytes), 64);
        REQUIRE(answer.read(exchange.version()));
        REQUIRE(answer->topics[0].name == "orders");
        return fmt::format("{}: {}", answer->topics[0].error_code, answer->topics[0].error_message);
    }
    void pass(Duration span) {
        scheduler.run_until([] { return false; }, scheduler.now() + span);
    }

    sim::Scheduler scheduler;
    sim::SimShard data{scheduler, 1, 0};
    sim::SimShard control{scheduler, 1, 1};
    sim::SimClock clock{scheduler};
    sim::SimEntropy entropy{scheduler.random()};
    test::LogLines log;
    ListenerInfo info{
        .name = "CONTROLLER", .role = ListenerRole::controller, .bound = {}, .advertised = {}};
    std::shared_ptr<const Endpoint> peer =
        std::make_shared<const Endpoint>(Endpoint{"127.0.0.1", 5});
    CreateTopicsStub::Script script;
    bool refusing = false;
    int connects = 0;
    AllowAll authorizer;
    NoQuotas quotas;
    Dispatcher controller{authorizer, quotas};
    std::optional<ConnectionManager> host;
    PeerChannel channel{control, clock, "test",
                        [this](TimePoint deadline) { return connect(deadline); }};
    ControllerLocator locator{{{BrokerId(1), {"host", 9093}}}};
    ControllerGateway gateway{{control, clock, entropy, Logger(log, "test")}, locator, channel};
    config::Settings settings = config::settings_of("");
    ForwardingHandler<CreateTopicsRequest> forwarding{data, gateway, settings};
    Sink sink;
};

TEST_CASE(
    "forwarding: the controller answers the client in the client's version and with its "
    "correlation id",
    "[api][forwarding]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    const ApiVersion version(GENERATE(std::int16_t{2}, std::int16_t{7}));
    const auto exchange = world.send(version);
    REQUIRE(world.run_until([&] { return world.sink.answered; }));
    CHECK(world.script.asked_by == "User:alice");
    std::string stream;
    test::append(stream, exchange->answer());
    const std::string frame = test::take_frame(stream);
    CHECK(stream.empty());
    CHECK(test::correlation_of(frame) == CorrelationId(77));
    CHECK(frame.find("orders") != std::string::npos);
}

TEST_CASE("forwarding: without a controller the client gets an error at its own deadline",
          "[api][forwarding]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{5})));
    world.refusing = true;
    const TimePoint begin = world.scheduler.now();
    const auto exchange = world.send();
    const std::string error = world.error_of(*exchange);
    CHECK(error.starts_with("REQUEST_TIMED_OUT: nothing was done: for "));
    CHECK(
        error.ends_with(" s this broker has waited for the active controller. Last asked: "
                        "controller 1 at host:9093: connection refused. Try again when the "
                        "controller answers"));
    CHECK(world.scheduler.now() - begin > std::chrono::seconds(3));
    CHECK(world.scheduler.now() - begin <= std::chrono::seconds(5));
    CHECK(world.connects > 5);
    CHECK(world.log.count("request CreateTopics of 127.0.0.1 gets REQUEST_TIMED_OUT: nothing") ==
          1);
}

TEST_CASE("forwarding: a request is sent again until a controller is active, and done once",
          "[api][forwarding]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{5})));
    world.script.not_controller = 3;
    world.refusing = true;
    const auto exchange = world.send(ApiVersion(7), Millis(30'000));
    world.pass(std::chrono::seconds(1));
    world.refusing = false;
    CHECK(world.error_of(*exchange).starts_with("NONE"));
    CHECK(world.script.requests == 4);
}

TEST_CASE("forwarding: an answer NOT_CONTROLLER never reaches the client", "[api][forwarding]") {
    World world;
    world.script.not_controller = INT_MAX;
    const auto exchange = world.send();
    const std::string error = world.error_of(*exchange);
    CHECK(error.starts_with("REQUEST_TIMED_OUT: nothing was done"));
    CHECK(error.contains("Last asked: controller 1 at host:9093: it answered NOT_CONTROLLER"));
}

TEST_CASE("forwarding: what waits is sent at once when there is another controller",
          "[api][forwarding]") {
    World world;
    world.refusing = true;
    const auto exchange = world.send(ApiVersion(7), Millis(30'000));
    world.pass(std::chrono::seconds(5));
    const int connects = world.connects;
    REQUIRE(world.run_until([&] { return world.connects == connects + 1; }));
    world.pass(std::chrono::milliseconds(100));  // the next pause has begun, 750 ms or longer
    world.refusing = false;
    world.gateway.on_controller_change();
    const TimePoint begin = world.scheduler.now();
    CHECK(world.error_of(*exchange).starts_with("NONE"));
    CHECK(world.scheduler.now() - begin < std::chrono::milliseconds(100));
}

TEST_CASE("forwarding: a request that was sent is not sent again, and its outcome is unknown",
          "[api][forwarding]") {
    World world;
    world.script.is_silent = true;
    const auto exchange = world.send();
    REQUIRE(world.run_until([&] { return world.script.requests == 1; }));
    world.script.is_silent = false;
    const std::string start =
        "REQUEST_TIMED_OUT: the outcome is unknown: the request was sent to controller 1 at "
        "host:9093, and no answer came: ";
    SECTION("when the connection ends") {
        world.channel.disconnect();
        CHECK(world.error_of(*exchange).starts_with(start + "the connection was ended"));
    }
    SECTION("when no answer comes in time") {
        CHECK(world.error_of(*exchange).starts_with(start + "self:0 gave no answer in time"));
    }
    CHECK(world.script.requests == 1);
}

TEST_CASE("forwarding: an Envelope that the controller refuses becomes an error of the API",
          "[api][forwarding]") {
    const ErrorCode code =
        GENERATE(ErrorCode::cluster_authorization_failed, ErrorCode::invalid_request);
    World world(1, schema::EnvelopeResponse{.response_data = {}, .error_code = code});
    const auto exchange = world.send();
    CHECK(world.error_of(*exchange).starts_with("UNKNOWN_SERVER_ERROR: "));
    CHECK(world.log.count(fmt::format("request CreateTopics of 127.0.0.1 gets "
                                      "UNKNOWN_SERVER_ERROR: this broker and controller 1 at "
                                      "host:9093 do not understand each other: it answered {}",
                                      code)) == 1);
}

TEST_CASE("forwarding: an answer that is not one to the request becomes an error of the API",
          "[api][forwarding]") {
    const std::string garbage = "garbage";
    World world(1, schema::EnvelopeResponse{.response_data = as_bytes(garbage),
                                            .error_code = ErrorCode::none});
    const auto exchange = world.send();
    CHECK(world.error_of(*exchange).starts_with("UNKNOWN_SERVER_ERROR: "));
    CHECK(world.log.have("its answer of 7 bytes does not belong to the request"));
}

TEST_CASE("forwarding: if the controller does not know the version, the client must ask again",
          "[api][forwarding]") {
    World world(1, schema::EnvelopeResponse{.response_data = {},
                                            .error_code = ErrorCode::unsupported_version});
    const auto exchange = world.send();
    REQUIRE(world.run_until([&] { return world.sink.rejected.has_value(); }));
    CHECK(world.sink.rejected ==
          "controller 1 at host:9093 does not know this version of the request: it answered "
          "UNSUPPORTED_VERSION");
}

TEST_CASE("forwarding: a request that is too large is refused and not sent", "[api][forwarding]") {
    World world;
    const std::string value(32'700, 'x');
    const std::vector<CreateTopicsRequest::Config> configs(
        ForwardingLimits::kMaxRequestBytes / value.size() + 1, {.name = "x", .value = value});
    const CreateTopicsRequest::Topic topic{.name = "orders", .configs = configs};
    CreateTopicsRequest request;
    request.topics = {&topic, 1};
    const auto exchange = world.send(request, ApiVersion(7));
    CHECK(world.error_of(*exchange).starts_with("POLICY_VIOLATION: the request has 42"));
    CHECK(world.connects == 0);
}

TEST_CASE("forwarding: over the limit of requests clients are told to try again",
          "[api][forwarding]") {
    World world;
    world.refusing = true;
    std::vector<ExchangePtr> accepted;
    for (std::size_t count = 0; count < ForwardingLimits::kMaxRequests; ++count) {
        accepted.push_back(world.send());
    }
    world.pass(std::chrono::milliseconds(100));
    CHECK_FALSE(world.sink.answered);
    const auto refused = world.send();
    CHECK(world.error_of(*refused).starts_with("NOT_CONTROLLER: nothing was done: 256 requests"));
    CHECK_FALSE(accepted.front()->answered());
    CHECK(world.connects < 50);  // they share the attempts to connect
    world.refusing = false;
    for (const ExchangePtr& exchange : accepted) {
        CHECK(world.error_of(*exchange).starts_with("NONE"));
    }
    CHECK(world.script.requests == static_cast<int>(ForwardingLimits::kMaxRequests));
    CHECK(world.error_of(*world.send()).starts_with("NONE"));
}

TEST_CASE("forwarding: a stop ends the wait for a controller", "[api][forwarding]") {
    World world;
    world.refusing = true;
    const auto exchange = world.send();
    world.pass(std::chrono::seconds(1));
    CHECK_FALSE(exchange->answered());
    const TimePoint begin = world.scheduler.now();
    world.gateway.begin_stop();
    CHECK(world.error_of(*exchange).starts_with("REQUEST_TIMED_OUT: nothing was done"));
    CHECK(world.scheduler.now() - begin < std::chrono::milliseconds(100));
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
