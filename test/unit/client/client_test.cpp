#include "tools/client/client.h"

#include <array>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "test/support/scripted_broker.h"
#include "tools/client/partition_io.h"
#include "tools/client/topic_admin.h"

namespace hw::client {
namespace {

using schema::MetadataResponse;
using schema::ProduceRequest;
using schema::ProduceResponse;
using wire::ErrorCode;

Client connected_to(const ScriptedBroker& broker) {
    auto client = Client::connect({.servers = {broker.address()}});
    REQUIRE(client);
    return std::move(*client);
}

constexpr std::array kLed{MetadataResponse::Partition{
    .error_code = ErrorCode::none, .partition_index = PartitionIndex(0), .leader_id = BrokerId(1)}};
constexpr Offset kBaseOffset{7};

/// The answer to a Produce request for partition 0 of the topic.
std::string produce_answer(const ScriptedRequest& request, ErrorCode error) {
    const std::array partitions{ProduceResponse::Partition{
        .index = PartitionIndex(0), .error_code = error, .base_offset = kBaseOffset}};
    const std::array topics{
        ProduceResponse::Topic{.topic_id = kTopicId, .partition_responses = partitions}};
    ProduceResponse response;
    response.responses = topics;
    return request.answer(response);
}

/// An address where nobody listens.
config::Address closed_address() {
    return ScriptedBroker(
               [](const ScriptedRequest&, const config::Address&) { return std::string(); })
        .address();
}

TEST_CASE("client: produce waits until the topic has a leader, and then sends the topic's id",
          "[client]") {
    int looked_up = 0;
    TopicId produced_to;
    const auto produced = [&](const ScriptedRequest& request) {
        Arena arena(1 << 16);
        produced_to = request.decoded<ProduceRequest>(arena).topic_data[0].topic_id;
        return produce_answer(request, ErrorCode::none);
    };
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address& address) {
        if (request.header.request_api_key == schema::ApiKey::produce) {
            return produced(request);
        }
        const bool first = looked_up++ == 0;
        return metadata_answer(request, address,
                               first ? ErrorCode::leader_not_available : ErrorCode::none, kLed);
    });
    Client client = connected_to(*broker);
    const auto offset = produce(client, {"t", PartitionIndex(0)}, Acks::all, as_bytes("batch"));
    broker.reset();
    REQUIRE(offset);
    CHECK(*offset == kBaseOffset);
    CHECK(produced_to == kTopicId);
    CHECK(looked_up == 2);
}

TEST_CASE("client: a broker that does not know the client's version of ApiVersions is asked again",
          "[client]") {
    const ScriptedBroker broker(
        [](const ScriptedRequest& request, const config::Address& address) {
            return metadata_answer(request, address, ErrorCode::none, kLed);
        },
        {.newest_api_versions = ApiVersion(2)});
    Client client = connected_to(broker);
    CHECK(client.serves(schema::ApiKey::metadata));
    CHECK(client.topic("t"));
}

TEST_CASE("client: a topic without partitions is reported as busy", "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address& address) {
        return metadata_answer(request, address, ErrorCode::none, {});
    });
    Client client = connected_to(broker);
    const auto topic = client.topic("t", Deadline(client.timeout()));
    REQUIRE_FALSE(topic);
    CHECK(topic.error().kind == ErrorKind::busy);
    CHECK(topic.error().message == "topic 't' has no partitions yet");
}

TEST_CASE("client: produce looks up the leader again while it cannot be connected to", "[client]") {
    const config::Address nobody = closed_address();
    int looked_up = 0;
    const auto script = [&](const ScriptedRequest& request, const config::Address& address) {
        if (request.header.request_api_key == schema::ApiKey::produce) {
            return produce_answer(request, ErrorCode::none);
        }
        return metadata_answer(request, looked_up++ == 0 ? nobody : address, ErrorCode::none, kLed);
    };
    std::optional<ScriptedBroker> broker;
    broker.emplace(script);
    Client client = connected_to(*broker);
    const auto offset = produce(client, {"t", PartitionIndex(0)}, Acks::all, as_bytes("batch"));
    broker.reset();
    REQUIRE(offset);
    CHECK(*offset == kBaseOffset);
    CHECK(looked_up == 2);
}

TEST_CASE("client: produce looks up the leader again when a broker says that it does not lead",
          "[client]") {
    int produced = 0;
    int looked_up = 0;
    const auto script = [&](const ScriptedRequest& request, const config::Address& address) {
        if (request.header.request_api_key == schema::ApiKey::produce) {
            return produce_answer(
                request, produced++ == 0 ? ErrorCode::not_leader_or_follower : ErrorCode::none);
        }
        ++looked_up;
        return metadata_answer(request, address, ErrorCode::none, kLed);
    };
    std::optional<ScriptedBroker> broker;
    broker.emplace(script);
    Client client = connected_to(*broker);
    const auto offset = produce(client, {"t", PartitionIndex(0)}, Acks::all, as_bytes("batch"));
    broker.reset();
    REQUIRE(offset);
    CHECK(produced == 2);
    CHECK(looked_up == 2);
}

TEST_CASE("client: produce gives up at the timeout when no leader can be connected to",
          "[client]") {
    const config::Address nobody = closed_address();
    const ScriptedBroker broker([&](const ScriptedRequest& request, const config::Address&) {
        return metadata_answer(request, nobody, ErrorCode::none, kLed);
    });
    auto client = Client::connect({.servers = {broker.address()}, .timeout = Milliseconds(50)});
    REQUIRE(client);
    const auto offset = produce(*client, {"t", PartitionIndex(0)}, Acks::all, as_bytes("batch"));
    REQUIRE_FALSE(offset);
    CHECK(offset.error().kind == ErrorKind::not_sent);
    CHECK(offset.error().message ==
          "partition t-0 is led by broker 1, which does not answer: " + config::to_string(nobody) +
              ": connect: Connection refused; given up after 50 ms (--timeout)");
}

TEST_CASE(
    "client: the leader that refused the connection is named if then the lookup has no answer",
    "[client]") {
    const config::Address nobody = closed_address();
    int looked_up = 0;
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address&) {
        return looked_up++ == 0 ? metadata_answer(request, nobody, ErrorCode::none, kLed) : "";
    });
    auto client = Client::connect({.servers = {broker->address()}, .timeout = Milliseconds(50)});
    REQUIRE(client);
    const auto offset = produce(*client, {"t", PartitionIndex(0)}, Acks::all, as_bytes("batch"));
    broker.reset();
    CHECK(looked_up == 2);
    REQUIRE_FALSE(offset);
    CHECK(offset.error().kind == ErrorKind::not_sent);
    CHECK(offset.error().message ==
          "partition t-0 is led by broker 1, which does not answer: " + config::to_string(nobody) +
              ": connect: Connection refused; given up after 50 ms (--timeout)");
}

TEST_CASE("client: a request without an answer fails with the timeout that it has waited",
          "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest&, const config::Address&) { return ""; });
    auto client = Client::connect({.servers = {broker.address()}, .timeout = Milliseconds(50)});
    REQUIRE(client);
    const auto topic = client->topic("t");
    REQUIRE_FALSE(topic);
    CHECK(topic.error().kind == ErrorKind::timed_out);
    CHECK(topic.error().message ==
          config::to_string(broker.address()) + ": no answer within 50 ms (--timeout)");
}

TEST_CASE("client: the outcome of a new topic whose answer does not come is unknown", "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest&, const config::Address&) { return ""; });
    auto client = Client::connect({.servers = {broker.address()}, .timeout = Milliseconds(50)});
    REQUIRE(client);
    const auto created =
        create_topics(*client, {{.name = "a", .configs = {}}, {.name = "b", .configs = {}}});
    REQUIRE_FALSE(created);
    CHECK(created.error().message == config::to_string(broker.address()) +
                                         ": no answer within 50 ms (--timeout); the outcome "
                                         "is unknown: 'hw topic describe a b' shows it");
}

}  // namespace
}  // namespace hw::client
