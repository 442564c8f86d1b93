#include "tools/perf/load_connection.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/produce.h"
#include "test/support/wire_client.h"

namespace hw::perf {
namespace {

constexpr ApiVersion kVersion{11};
const std::string kBatch = "BATCH";

/// A connection to the test, which acts as the broker.
struct Fixture {
    explicit Fixture(std::uint64_t requests) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        broker = client::Descriptor(ends[1]);
        load.batch = as_bytes(kBatch);
        load.batch_records = 3;
        load.version = kVersion;
        load.in_flight = 2;
        load.supply = Supply(requests);
        for (const std::byte partition : {std::byte{'0'}, std::byte{'1'}}) {
            frames.push_back({.head = std::vector<std::byte>(12, partition), .tail = {}});
        }
        connection.emplace(client::Socket(client::Descriptor(ends[0])),
                           std::vector<const RequestFrame*>{&frames[0], &frames[1]}, load);
    }

    std::string received() const {
        std::array<char, 4096> bytes{};
        const ssize_t count = ::recv(broker.number(), bytes.data(), bytes.size(), 0);
        return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }

    void answer(std::int32_t correlation_id, wire::ErrorCode code) const {
        schema::ProduceResponse::Partition partition;
        partition.error_code = code;
        schema::ProduceResponse::Topic topic;
        topic.partition_responses = {&partition, 1};
        schema::ProduceResponse response;
        response.responses = {&topic, 1};
        std::string body;
        test::append(body,
                     *wire::encode_message(schema::ResponseHeader{CorrelationId(correlation_id)},
                                           ApiVersion(1)));
        test::append(body, *wire::encode_message(response, kVersion));
        std::string frame(4, '\0');
        store_big_endian(reinterpret_cast<std::byte*>(frame.data()),
                         static_cast<std::uint32_t>(body.size()));
        frame += body;
        REQUIRE(::send(broker.number(), frame.data(), frame.size(), 0) ==
                static_cast<ssize_t>(frame.size()));
    }

    client::Descriptor broker;
    SharedProduce load;
    std::vector<RequestFrame> frames;
    std::optional<ProduceConnection> connection;
    SteadyTime start{};
};

/// The request for partition `name` with that correlation id, as Fixture builds it.
std::string frame(char name, char correlation_id) {
    return std::string(8, name) + std::string("\0\0\0", 3) + correlation_id + kBatch;
}

TEST_CASE(
    "perf connection: it sends as many requests as may be in flight, to each partition in turn",
    "[perf]") {
    Fixture fixture(10);
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK(fixture.received() == frame('0', '\0') + frame('1', '\1'));
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK(fixture.received().empty());
}

TEST_CASE("perf connection: each answer makes room for one more request", "[perf]") {
    Fixture fixture(10);
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK_FALSE(fixture.received().empty());
    fixture.answer(0, wire::ErrorCode::none);
    REQUIRE(fixture.connection->receive(fixture.start + std::chrono::milliseconds(3)));
    CHECK(fixture.received() == frame('0', '\2'));
    CHECK(fixture.load.tally.acknowledged == 1);
    CHECK(fixture.load.tally.bytes == kBatch.size());
    CHECK(fixture.load.tally.records == 3);
    CHECK(fixture.load.tally.latency.max() == std::chrono::milliseconds(3));
}

TEST_CASE("perf connection: it is idle when the supply is empty and all requests are answered",
          "[perf]") {
    Fixture fixture(1);
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK(fixture.received() == frame('0', '\0'));
    CHECK_FALSE(fixture.connection->is_idle());
    fixture.answer(0, wire::ErrorCode::none);
    REQUIRE(fixture.connection->receive(fixture.start));
    CHECK(fixture.connection->is_idle());
    CHECK(fixture.load.supply.is_empty());
}

TEST_CASE("perf connection: an error code counts as refused, not as acknowledged", "[perf]") {
    Fixture fixture(1);
    REQUIRE(fixture.connection->send(fixture.start));
    fixture.answer(0, wire::ErrorCode::not_enough_replicas);
    REQUIRE(fixture.connection->receive(fixture.start));
    CHECK(fixture.load.tally.acknowledged == 0);
    CHECK(fixture.load.tally.refused.at(wire::ErrorCode::not_enough_replicas) == 1);
}

TEST_CASE("perf connection: an answer out of order is an error", "[perf]") {
    Fixture fixture(2);
    REQUIRE(fixture.connection->send(fixture.start));
    fixture.answer(1, wire::ErrorCode::none);
    const auto received = fixture.connection->receive(fixture.start);
    REQUIRE_FALSE(received);
    CHECK(received.error().message == "the broker answered request 1 instead of 0");
}

TEST_CASE("perf connection: an answer without a request is an error", "[perf]") {
    Fixture fixture(0);
    REQUIRE(fixture.connection->send(fixture.start));
    fixture.answer(0, wire::ErrorCode::none);
    CHECK_FALSE(fixture.connection->receive(fixture.start));
}

TEST_CASE("perf connection: a broker that closes is an error, but earlier answers count",
          "[perf]") {
    Fixture fixture(2);
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK_FALSE(fixture.received().empty());
    fixture.answer(0, wire::ErrorCode::none);
    fixture.broker = client::Descriptor();
    const auto received = fixture.connection->receive(fixture.start);
    REQUIRE_FALSE(received);
    CHECK(received.error().message ==
          "lost a connection to the broker with 1 request unanswered: the other side closed the "
          "connection");
    CHECK(fixture.load.tally.acknowledged == 1);
}

TEST_CASE("perf connection: with acks=0 requests count as acknowledged when the socket took them",
          "[perf]") {
    Fixture fixture(3);
    fixture.load.is_answered = false;
    REQUIRE(fixture.connection->send(fixture.start));
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK(fixture.received() == frame('0', '\0') + frame('1', '\1') + frame('0', '\2'));
    CHECK(fixture.load.tally.acknowledged == 3);
    CHECK(fixture.connection->is_idle());
}

TEST_CASE("perf connection: bytes that a full socket did not take are sent later, in order",
          "[perf]") {
    Fixture fixture(2);
    const std::string large(std::size_t{4} << 20, 'x');
    fixture.load.batch = as_bytes(large);
    std::string all;
    while (all.size() < 2 * (12 + large.size())) {
        REQUIRE(fixture.connection->send(fixture.start));
        const std::string part = fixture.received();
        REQUIRE_FALSE(part.empty());
        all += part;
    }
    const std::string first = std::string(8, '0') + std::string(4, '\0') + large;
    CHECK(all.substr(0, first.size()) == first);
    CHECK(all.substr(first.size(), 12) == std::string(8, '1') + std::string("\0\0\0\1", 4));
    CHECK(all.substr(first.size() + 12) == large);
}

TEST_CASE("perf connection: at a fixed rate the latency counts from when a request was due",
          "[perf]") {
    using std::chrono::milliseconds;
    Fixture fixture(2);
    fixture.load.supply.pace(fixture.start, milliseconds(10));
    REQUIRE(fixture.connection->send(fixture.start + milliseconds(9)));
    CHECK(fixture.received() == frame('0', '\0'));
    REQUIRE(fixture.connection->send(fixture.start + milliseconds(14)));
    CHECK(fixture.received() == frame('1', '\1'));
    fixture.answer(0, wire::ErrorCode::none);
    fixture.answer(1, wire::ErrorCode::none);
    REQUIRE(fixture.connection->receive(fixture.start + milliseconds(15)));
    CHECK(fixture.load.tally.latency.quantile(0.5) >= milliseconds(5));
    CHECK(fixture.load.tally.latency.quantile(0.5) < milliseconds(6));
    CHECK(fixture.load.tally.latency.max() == milliseconds(15));
}

}  // namespace
}  // namespace hw::perf
