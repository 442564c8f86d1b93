#include "tools/client/partition_lag.h"

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/describe_lag.h"
#include "protocol/schema/api/list_offsets.h"
#include "test/support/scripted_broker.h"

namespace hw::client {
namespace {

using schema::ApiKey;
using schema::DescribeLagRequest;
using schema::DescribeLagResponse;
using schema::MetadataResponse;
using wire::ErrorCode;

constexpr Timestamp kNow{1'767'225'600'000};

/// Broker 1, which leads partitions 0 and up of topic "t", and answers other requests by `answer`.
ScriptedBroker::Script leading(std::int32_t partitions,
                               std::function<std::string(const ScriptedRequest&)> answer) {
    return [partitions, answer = std::move(answer)](const ScriptedRequest& request,
                                                    const config::Address& address) {
        if (request.header.request_api_key != ApiKey::metadata) {
            return answer(request);
        }
        std::vector<MetadataResponse::Partition> led;
        for (std::int32_t index = 0; index < partitions; ++index) {
            led.push_back({.partition_index = PartitionIndex(index), .leader_id = BrokerId(1)});
        }
        return metadata_answer(request, address, ErrorCode::none, led);
    };
}

/// Answers each partition that is asked for by `lag`, which has its number and offset.
using Lag = std::function<DescribeLagResponse::Partition(std::int32_t, Offset)>;
std::string answer_each(const ScriptedRequest& request, const Lag& lag) {
    Arena arena(1 << 20);
    const auto asked = request.decoded<DescribeLagRequest>(arena);
    std::vector<DescribeLagResponse::Partition> partitions;
    for (const auto& partition : asked.topics[0].partitions) {
        partitions.push_back(lag(partition.partition_index.value(), partition.next_offset));
        partitions.back().partition_index = partition.partition_index;
    }
    const std::array topics{DescribeLagResponse::Topic{.name = "t", .partitions = partitions}};
    DescribeLagResponse response;
    response.time = kNow;
    response.topics = topics;
    return request.answer(response);
}

/// Positions in partitions 0 and up of topic "t".
std::vector<ReadPosition> positions(const std::vector<std::optional<Offset>>& offsets) {
    std::vector<ReadPosition> positions;
    for (const auto& offset : offsets) {
        const PartitionIndex index(static_cast<std::int32_t>(positions.size()));
        positions.push_back({{"t", index}, offset});
    }
    return positions;
}

Client connected_to(const ScriptedBroker& broker, Milliseconds timeout = Milliseconds(15000)) {
    auto client = Client::connect({.servers = {broker.address()}, .timeout = timeout});
    REQUIRE(client);
    return std::move(*client);
}

TEST_CASE("partition lag: the age is that of the oldest unread record, by the leader's clock",
          "[client][lag]") {
    int asked = 0;
    std::vector<Offset> next;
    const ScriptedBroker broker(leading(5, [&](const ScriptedRequest& request) {
        ++asked;
        return answer_each(request, [&](std::int32_t index, Offset offset) {
            next.push_back(offset);
            // A record may have no timestamp, or one that is ahead of the clock.
            constexpr std::array<std::int64_t, 5> kAges{1500, 0, 0, 0, -5};
            const bool has_oldest = index == 0 || index == 4;
            return DescribeLagResponse::Partition{
                .end_offset = Offset(10),
                .oldest_timestamp =
                    has_oldest ? kNow - kAges[static_cast<std::size_t>(index)] : kNoTimestamp};
        });
    }));
    Client client = connected_to(broker);
    const auto lags = partition_lags(
        client, positions({Offset(4), Offset(10), std::nullopt, Offset(5), Offset(9)}));
    CHECK(asked == 1);
    CHECK(next == std::vector{Offset(4), Offset(10), kNoOffset, Offset(5), Offset(9)});
    REQUIRE(lags.size() == 5);
    CHECK(lags[0].value().age == Milliseconds(1500));
    CHECK(lags[1].value().age == Milliseconds(0));
    CHECK_FALSE(lags[2].value().age);
    CHECK_FALSE(lags[3].value().age);
    CHECK(lags[4].value().age == Milliseconds(0));
    CHECK(lags[2].value().end_offset == Offset(10));
    CHECK(lags[2].value().leader_tells_age);
}

TEST_CASE("partition lag: only a partition that is refused for now is asked for again",
          "[client][lag]") {
    std::vector<std::size_t> asked;
    const ScriptedBroker broker(leading(3, [&](const ScriptedRequest& request) {
        std::size_t count = 0;
        std::string answer = answer_each(request, [&](std::int32_t index, Offset /*offset*/) {
            ++count;
            DescribeLagResponse::Partition partition{.end_offset = Offset(7)};
            if (index == 1 && asked.empty()) {
                partition.error_code = ErrorCode::not_leader_or_follower;
            }
            if (index == 2) {
                partition.error_code = ErrorCode::topic_authorization_failed;
            }
            return partition;
        });
        asked.push_back(count);
        return answer;
    }));
    Client client = connected_to(broker);
    const auto lags = partition_lags(client, positions({Offset(0), Offset(0), Offset(0)}));
    CHECK(asked == std::vector<std::size_t>{3, 1});
    CHECK(lags[0]);
    CHECK(lags[1].value().end_offset == Offset(7));
    CHECK(lags[2].error().kind == ErrorKind::permission);
}

TEST_CASE("partition lag: a leader is asked for 1000 partitions at most in one request",
          "[client][lag]") {
    std::vector<std::size_t> asked;
    const ScriptedBroker broker(leading(1001, [&](const ScriptedRequest& request) {
        asked.push_back(0);
        return answer_each(request, [&](std::int32_t index, Offset /*offset*/) {
            ++asked.back();
            return DescribeLagResponse::Partition{.end_offset = Offset(index)};
        });
    }));
    Client client = connected_to(broker);
    const std::vector<std::optional<Offset>> offsets(1001, Offset(0));
    const auto lags = partition_lags(client, positions(offsets));
    CHECK(asked == std::vector<std::size_t>{1000, 1});
    CHECK(lags[1000].value().end_offset == Offset(1000));
}

TEST_CASE("partition lag: a broker that is not Highwater's tells the ends only", "[client][lag]") {
    const ScriptedBroker broker(
        leading(1,
                [](const ScriptedRequest& request) {
                    const std::array partitions{schema::ListOffsetsResponse::Partition{
                        .partition_index = PartitionIndex(0), .offset = Offset(10)}};
                    const std::array topics{
                        schema::ListOffsetsResponse::Topic{.name = "t", .partitions = partitions}};
                    schema::ListOffsetsResponse response;
                    response.topics = topics;
                    return request.answer(response);
                }),
        {.lists_own_apis = false});
    Client client = connected_to(broker);
    const auto lags = partition_lags(client, positions({Offset(4)}));
    CHECK(lags[0].value().end_offset == Offset(10));
    CHECK_FALSE(lags[0].value().age);
    CHECK_FALSE(lags[0].value().leader_tells_age);
}

TEST_CASE("partition lag: a failure says for how long it was tried", "[client][lag]") {
    const ScriptedBroker broker(leading(1, [](const ScriptedRequest& request) {
        return answer_each(request, [](std::int32_t /*index*/, Offset /*offset*/) {
            return DescribeLagResponse::Partition{.error_code = ErrorCode::kafka_storage_error,
                                                  .error_message = "the disk is gone"};
        });
    }));
    Client client = connected_to(broker, Milliseconds(50));
    const auto lags = partition_lags(client, positions({Offset(4)}));
    CHECK(lags[0].error().message ==
          "partition t-0: KAFKA_STORAGE_ERROR: the disk is gone; given up after 50 ms (--timeout)");
    const std::array absent{ReadPosition{{"t", PartitionIndex(3)}, Offset(0)}};
    CHECK(partition_lags(client, absent)[0].error().message ==
          "topic 't' has no partition 3; it has only 0");
}

TEST_CASE("partition lag: an answer with other partitions is not used", "[client][lag]") {
    const ScriptedBroker broker(leading(2, [](const ScriptedRequest& request) {
        const std::array partitions{
            DescribeLagResponse::Partition{.partition_index = PartitionIndex(1)}};
        const std::array topics{DescribeLagResponse::Topic{.name = "t", .partitions = partitions}};
        DescribeLagResponse response;
        response.topics = topics;
        return request.answer(response);
    }));
    Client client = connected_to(broker);
    for (const auto& lag : partition_lags(client, positions({Offset(4), Offset(4)}))) {
        CHECK(lag.error().kind == ErrorKind::corrupt);
    }
}

}  // namespace
}  // namespace hw::client
