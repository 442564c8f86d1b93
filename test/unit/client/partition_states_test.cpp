#include "tools/client/partition_states.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/describe_replicas.h"
#include "test/support/scripted_broker.h"

namespace hw::client {
namespace {

using schema::DescribeReplicasRequest;
using schema::DescribeReplicasResponse;
using schema::MetadataResponse;
using wire::ErrorCode;

const std::vector kBoth{PartitionIndex(0), PartitionIndex(1)};

/// The metadata of topic "t", whose partitions are led by broker 1.
std::string metadata(const ScriptedRequest& request, const config::Address& address,
                     const std::vector<PartitionIndex>& indexes = kBoth) {
    std::vector<MetadataResponse::Partition> partitions;
    for (const PartitionIndex index : indexes) {
        partitions.push_back({.partition_index = index, .leader_id = BrokerId(1)});
    }
    return metadata_answer(request, address, ErrorCode::none, partitions);
}

/// Broker 1, which answers DescribeReplicas by `describe`.
ScriptedBroker::Script describing(std::function<std::string(const ScriptedRequest&)> describe,
                                  const std::vector<PartitionIndex>& indexes = kBoth) {
    return [describe = std::move(describe), indexes](const ScriptedRequest& request,
                                                     const config::Address& address) {
        return request.header.request_api_key == schema::ApiKey::metadata
                   ? metadata(request, address, indexes)
                   : describe(request);
    };
}

std::string answer_with(const ScriptedRequest& request,
                        std::span<const DescribeReplicasResponse::Partition> partitions) {
    const std::array topics{DescribeReplicasResponse::Topic{.name = "t", .partitions = partitions}};
    DescribeReplicasResponse response;
    response.topics = topics;
    return request.answer(response);
}

DescribeReplicasResponse::Partition partition(PartitionIndex index,
                                              ErrorCode error = ErrorCode::none,
                                              std::string_view message = {}) {
    DescribeReplicasResponse::Partition partition;
    partition.partition_index = index;
    partition.error_code = error;
    partition.error_message = message;
    partition.log_end_offset = Offset(100) + index.value();
    return partition;
}

Client connected_to(const ScriptedBroker& broker, Milliseconds timeout = Milliseconds(15000)) {
    auto client = Client::connect({.servers = {broker.address()}, .timeout = timeout});
    REQUIRE(client);
    return std::move(*client);
}

TEST_CASE("partition states: a leader is asked once for all its partitions", "[client]") {
    int asked = 0;
    std::optional<ScriptedBroker> broker;
    broker.emplace(describing([&](const ScriptedRequest& request) {
        ++asked;
        const std::array replicas{DescribeReplicasResponse::Replica{.broker_id = BrokerId(2),
                                                                    .log_end_offset = Offset(97),
                                                                    .since_fetch_ms = 5,
                                                                    .since_caught_up_ms = 700,
                                                                    .reason = "it is late"}};
        std::array partitions{partition(PartitionIndex(0)), partition(PartitionIndex(1))};
        partitions[0].replicas = replicas;
        return answer_with(request, partitions);
    }));
    Client client = connected_to(*broker);
    const PartitionStates states = partition_states(client, "t", kBoth);
    broker.reset();
    CHECK(asked == 1);
    REQUIRE(states.size() == 2);
    const PartitionState& first = states.at(PartitionIndex(0)).value();
    CHECK(first.log_end_offset == Offset(100));
    CHECK_FALSE(first.proposed_isr);
    REQUIRE(first.replicas.size() == 1);
    CHECK(first.lag_of(first.replicas[0]) == 3);
    CHECK(first.replicas[0].since_caught_up == Milliseconds(700));
    CHECK(first.replicas[0].reason == "it is late");
    CHECK(states.at(PartitionIndex(1)).value().log_end_offset == Offset(101));
}

TEST_CASE("partition states: the lag of a replica without an acknowledged end is not known",
          "[client]") {
    const PartitionState state{.log_end_offset = Offset(5)};
    CHECK_FALSE(state.lag_of({.broker = BrokerId(2)}));
    CHECK(state.lag_of({.broker = BrokerId(2), .end_offset = Offset(6)}) == 0);
}

TEST_CASE("partition states: only the partition that its leader refuses for now is asked for again",
          "[client]") {
    std::vector<std::size_t> asked;
    std::optional<ScriptedBroker> broker;
    broker.emplace(describing([&](const ScriptedRequest& request) {
        Arena arena(1 << 16);
        asked.push_back(
            request.decoded<DescribeReplicasRequest>(arena).topics[0].partitions.size());
        if (asked.size() == 1) {
            const std::array partitions{
                partition(PartitionIndex(0)),
                partition(PartitionIndex(1), ErrorCode::not_leader_or_follower)};
            return answer_with(request, partitions);
        }
        const std::array partitions{partition(PartitionIndex(1))};
        return answer_with(request, partitions);
    }));
    Client client = connected_to(*broker);
    const PartitionStates states = partition_states(client, "t", kBoth);
    broker.reset();
    CHECK(asked == std::vector<std::size_t>{2, 1});
    CHECK(states.at(PartitionIndex(0)));
    CHECK(states.at(PartitionIndex(1)));
}

TEST_CASE("partition states: a leader is asked for 1000 partitions at most in one request",
          "[client]") {
    std::vector<PartitionIndex> indexes;
    for (std::int32_t index = 0; index <= 1000; ++index) {
        indexes.emplace_back(index);
    }
    std::vector<std::size_t> asked;
    std::optional<ScriptedBroker> broker;
    broker.emplace(describing(
        [&](const ScriptedRequest& request) {
            Arena arena(1 << 16);
            const auto decoded = request.decoded<DescribeReplicasRequest>(arena);
            std::vector<DescribeReplicasResponse::Partition> partitions;
            for (const PartitionIndex index : decoded.topics[0].partitions) {
                partitions.push_back(partition(index));
            }
            asked.push_back(partitions.size());
            return answer_with(request, partitions);
        },
        indexes));
    Client client = connected_to(*broker);
    const PartitionStates states = partition_states(client, "t", indexes);
    broker.reset();
    CHECK(asked == std::vector<std::size_t>{1000, 1});
    CHECK(states.size() == 1001);
    CHECK(states.at(PartitionIndex(1000)).value().log_end_offset == Offset(1100));
}

TEST_CASE("partition states: the failure of a partition has the sentence of the broker",
          "[client]") {
    const ScriptedBroker broker(describing([](const ScriptedRequest& request) {
        const std::array partitions{
            partition(PartitionIndex(0), ErrorCode::kafka_storage_error, "the disk is gone")};
        return answer_with(request, partitions);
    }));
    Client client = connected_to(broker, Milliseconds(50));
    const PartitionStates states = partition_states(client, "t", kBoth);
    CHECK(states.at(PartitionIndex(0)).error().message ==
          "partition t-0: KAFKA_STORAGE_ERROR: the disk is gone; given up after 50 ms (--timeout)");
    CHECK(states.at(PartitionIndex(1)).error().message ==
          "partition t-1: its leader does not describe it: " + config::to_string(broker.address()) +
              ": it is not in the answer");
}

TEST_CASE("partition states: a client that may not describe the cluster is told so", "[client]") {
    const ScriptedBroker broker(describing([](const ScriptedRequest& request) {
        DescribeReplicasResponse response;
        response.error_code = ErrorCode::cluster_authorization_failed;
        response.error_message = "not you";
        return request.answer(response);
    }));
    Client client = connected_to(broker);
    const PartitionStates states = partition_states(client, "t", {PartitionIndex(0)});
    CHECK(states.at(PartitionIndex(0)).error().kind == ErrorKind::permission);
}

TEST_CASE("partition states: a broker that is not Highwater's does not serve the request",
          "[client]") {
    const ScriptedBroker broker(
        [](const ScriptedRequest& request, const config::Address& address) {
            return metadata(request, address);
        },
        {.lists_own_apis = false});
    Client client = connected_to(broker);
    const PartitionStates states = partition_states(client, "t", {PartitionIndex(0)});
    CHECK(states.at(PartitionIndex(0)).error().kind == ErrorKind::unsupported);
}

}  // namespace
}  // namespace hw::client
