#include "broker/net/dispatcher.h"

#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/schema/api/metadata.h"
#include "test/sim/sim_shard.h"
#include "test/support/wire_client.h"

namespace hw::broker {
namespace {

class Sink final : public AnswerSink {
public:
    void on_answer() override { ++answers; }
    void on_reject(const Error& reason) override { rejected = reason.message; }

    int answers = 0;
    std::optional<std::string> rejected;
};

class Replying final : public MessageHandler<schema::MetadataRequest> {
protected:
    Task<> serve(ExchangePtr exchange, const schema::MetadataRequest&) override {
        exchange->reply(schema::MetadataResponse());
        co_return;
    }
};

/// Throttles every sender for 250 ms, and notes what it charged.
class Pausing final : public Quotas {
public:
    Millis charge(const RequestContext& sender, const schema::ApiInfo& api,
                  std::size_t request_bytes) override {
        charged += fmt::format("{}: {} of {} bytes;", sender.client_id, api.name, request_bytes);
        return Millis(250);
    }

    std::string charged;
};

struct Fixture {
    Fixture() { dispatcher.add(schema::ApiKey::metadata, std::make_unique<Replying>()); }

    ExchangePtr send(const std::string& frame) {
        Buffer buffer(frame.size() - 4);
        std::ranges::copy(as_bytes(frame).subspan(4), buffer.data());
        auto exchange = std::make_shared<Exchange>(std::move(buffer), Reservation(), sink);
        exchange->context().listener = &listener;
        shard.spawn(dispatcher.dispatch(exchange));
        while (scheduler.step()) {
        }
        return exchange;
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    ListenerInfo listener{
        .name = "CLIENTS", .role = ListenerRole::broker, .bound = {}, .advertised = {}};
    AllowAll authorizer;
    Pausing quotas;
    Dispatcher dispatcher{authorizer, quotas};
    Sink sink;
};

TEST_CASE("dispatcher: a request reaches its handler with the values of its header", "[net]") {
    Fixture fixture;
    const auto exchange = fixture.send(
        test::request_frame(schema::MetadataRequest(), ApiVersion(9), CorrelationId(7), "me"));
    CHECK(fixture.sink.answers == 1);
    CHECK_FALSE(fixture.sink.rejected);
    CHECK(exchange->context().client_id == "me");
    CHECK(exchange->version() == ApiVersion(9));
}

TEST_CASE("dispatcher: an API is rejected on a listener that it is not declared for", "[net]") {
    Fixture fixture;
    fixture.listener.role = ListenerRole::controller;
    fixture.send(test::request_frame(schema::MetadataRequest(), ApiVersion(9), CorrelationId(7)));
    CHECK(fixture.sink.rejected == "Metadata is not served on listener CLIENTS");
}

TEST_CASE("dispatcher: a request that is cut short at any byte is rejected", "[net]") {
    const std::string frame =
        test::request_frame(schema::MetadataRequest(), ApiVersion(9), CorrelationId(7));
    for (std::size_t size = 4; size < frame.size(); ++size) {
        Fixture fixture;
        fixture.send(frame.substr(0, size));
        CHECK(fixture.sink.rejected);
        CHECK(fixture.sink.answers == 0);
    }
}

TEST_CASE("dispatcher: a request is charged once, and its answer has the throttle time", "[net]") {
    Fixture fixture;
    const std::string frame =
        test::request_frame(schema::MetadataRequest(), ApiVersion(9), CorrelationId(7), "me");
    const auto exchange = fixture.send(frame);
    CHECK(fixture.quotas.charged == fmt::format("me: Metadata of {} bytes;", frame.size() - 4));
    CHECK(exchange->context().throttle == Millis(250));
    std::string answer;
    test::append(answer, exchange->answer());
    // The throttle time follows the length, the correlation id and the tagged fields.
    CHECK(load_big_endian<std::int32_t>(as_bytes(answer).data() + 9) == 250);
}

}  // namespace
}  // namespace hw::broker
