#include "tools/perf/commit_connection.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/offset_commit.h"
#include "test/support/wire_client.h"

namespace hw::perf {
namespace {

using wire::ErrorCode;

constexpr ApiVersion kVersion{9};

/// A connection to the test, which acts as the coordinator of two groups.
struct Fixture {
    explicit Fixture(std::uint64_t requests) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        broker = client::Descriptor(ends[1]);
        lane.version = kVersion;
        lane.in_flight = 2;
        lane.partitions = 2;
        lane.supply = Supply(requests);
        lane.tally = &tally;
        for (const std::byte group : {std::byte{'0'}, std::byte{'1'}}) {
            lane.frames.push_back({.head = std::vector<std::byte>(12, group), .tail = {}});
        }
        connection.emplace(client::Socket(client::Descriptor(ends[0])), lane);
    }

    std::string received() const {
        std::array<char, 4096> bytes{};
        const ssize_t count = ::recv(broker.number(), bytes.data(), bytes.size(), 0);
        return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }

    void answer(std::int32_t correlation_id, const std::vector<ErrorCode>& codes) const {
        std::vector<schema::OffsetCommitResponse::Partition> partitions;
        for (const ErrorCode code : codes) {
            partitions.push_back({.partition_index = PartitionIndex(0), .error_code = code});
        }
        const schema::OffsetCommitResponse::Topic topic{
            .name = "t", .topic_id = {}, .partitions = partitions};
        schema::OffsetCommitResponse response;
        response.topics = {&topic, 1};
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
    Tally tally;
    CommitLane lane;
    std::optional<CommitConnection> connection;
    SteadyTime start{};
};

/// The request for group `name` with that correlation id, as Fixture builds it.
std::string frame(char name, char correlation_id) {
    return std::string(8, name) + std::string("\0\0\0", 3) + correlation_id;
}

TEST_CASE("perf commit connection: it fills its window, for each group in turn", "[perf]") {
    Fixture fixture(10);
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK(fixture.received() == frame('0', '\0') + frame('1', '\1'));
    CHECK_FALSE(fixture.connection->is_idle());
    fixture.answer(0, {ErrorCode::none, ErrorCode::none});
    REQUIRE(fixture.connection->receive(fixture.start + std::chrono::milliseconds(3)));
    CHECK(fixture.received() == frame('0', '\2'));
    CHECK(fixture.tally.acknowledged == 1);
    CHECK(fixture.tally.records == 2);
    CHECK(fixture.tally.latency.max() == std::chrono::milliseconds(3));
}

TEST_CASE("perf commit connection: a commit with a refused offset counts as refused", "[perf]") {
    Fixture fixture(1);
    REQUIRE(fixture.connection->send(fixture.start));
    fixture.answer(0, {ErrorCode::none, ErrorCode::unknown_topic_or_partition});
    REQUIRE(fixture.connection->receive(fixture.start));
    CHECK(fixture.tally.acknowledged == 0);
    CHECK(fixture.tally.refused.at(ErrorCode::unknown_topic_or_partition) == 1);
    CHECK(fixture.connection->is_idle());
}

TEST_CASE("perf commit connection: an answer out of order is an error", "[perf]") {
    Fixture fixture(2);
    REQUIRE(fixture.connection->send(fixture.start));
    fixture.answer(1, {ErrorCode::none, ErrorCode::none});
    const auto received = fixture.connection->receive(fixture.start);
    REQUIRE_FALSE(received);
    CHECK(received.error().message == "the broker answered request 1 instead of 0");
}

TEST_CASE("perf commit connection: an answer without a request is an error", "[perf]") {
    Fixture fixture(0);
    REQUIRE(fixture.connection->send(fixture.start));
    fixture.answer(0, {ErrorCode::none, ErrorCode::none});
    CHECK_FALSE(fixture.connection->receive(fixture.start));
}

TEST_CASE("perf commit connection: an answer with other partitions is an error", "[perf]") {
    Fixture fixture(1);
    REQUIRE(fixture.connection->send(fixture.start));
    fixture.answer(0, {ErrorCode::none});
    const auto received = fixture.connection->receive(fixture.start);
    REQUIRE_FALSE(received);
    CHECK(received.error().message == "an answer has 1 partitions, and its request 2");
}

TEST_CASE("perf commit connection: a broker that closes is an error", "[perf]") {
    Fixture fixture(2);
    REQUIRE(fixture.connection->send(fixture.start));
    CHECK_FALSE(fixture.received().empty());
    fixture.broker = client::Descriptor();
    const auto received = fixture.connection->receive(fixture.start);
    REQUIRE_FALSE(received);
    CHECK_THAT(received.error().message, Catch::Contains("with 2 requests unanswered"));
}

}  // namespace
}  // namespace hw::perf
