#include "tools/client/client.h"

#include <array>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "test/support/scripted_broker.h"
#include "tools/client/partition_io.h"

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

TEST_CASE("client: produce waits until the topic has a leader, and then sends the topic's id",
          "[client]") {
    const std::array led{MetadataResponse::Partition{.error_code = ErrorCode::none,
                                                     .partition_index = PartitionIndex(0),
                                                     .leader_id = BrokerId(1)}};
    int looked_up = 0;
    TopicId produced_to;
    const auto produced = [&](const ScriptedRequest& request) {
        Arena arena(1 << 16);
        produced_to = request.decoded<ProduceRequest>(arena).topic_data[0].topic_id;
        const std::array partitions{ProduceResponse::Partition{
            .index = PartitionIndex(0), .error_code = ErrorCode::none, .base_offset = Offset(7)}};
        const std::array topics{
            ProduceResponse::Topic{.topic_id = produced_to, .partition_responses = partitions}};
        ProduceResponse response;
        response.responses = topics;
        return request.answer(response);
    };
    std::optional<ScriptedBroker> broker;
    broker.emplace([&](const ScriptedRequest& request, const config::Address& address) {
        if (request.header.request_api_key == schema::ApiKey::produce) {
            return produced(request);
        }
        const bool first = looked_up++ == 0;
        return metadata_answer(request, address,
                               first ? ErrorCode::leader_not_available : ErrorCode::none, led);
    });
    Client client = connected_to(*broker);
    const auto offset = produce(client, {"t", PartitionIndex(0)}, Acks::all, as_bytes("batch"));
    broker.reset();
    REQUIRE(offset);
    CHECK(*offset == Offset(7));
    CHECK(produced_to == kTopicId);
    CHECK(looked_up == 2);
}

TEST_CASE("client: a topic without partitions is reported as busy", "[client]") {
    const ScriptedBroker broker([](const ScriptedRequest& request, const config::Address& address) {
        return metadata_answer(request, address, ErrorCode::none, {});
    });
    Client client = connected_to(broker);
    const auto topic = client.topic("t");
    REQUIRE_FALSE(topic);
    CHECK(topic.error().kind == ErrorKind::busy);
    CHECK(topic.error().message == "topic 't' has no partitions yet");
}

}  // namespace
}  // namespace hw::client
