#include "broker/api/describe_lag.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::DescribeLagRequest;
using Response = schema::DescribeLagResponse;

constexpr std::int64_t kTime = 1'767'225'600'000;

/// A server with topic "t", which has two batches: four records from kTime on, a millisecond apart,
/// and two from a second later on.
struct Bench {
    explicit Bench(std::uint64_t seed = 1, record::Codec codec = record::Codec::none)
        : world(seed) {
        world.add({});
        record::BatchOptions options;
        options.compression.codec = codec;
        world.append({.records = 4, .timestamp = Timestamp(kTime), .options = options});
        world.append({.records = 2, .timestamp = Timestamp(kTime + 1000)});
        client = &world.connect();
    }
    const Response& ask(std::span<const Request::Topic> topics) {
        const Request request{.topics = topics};
        return client->ask<Response>(request, 0);
    }
    const Response::Partition& ask_one(std::int64_t next_offset, std::string_view topic = "t",
                                       PartitionIndex index = PartitionIndex(0)) {
        const std::array partitions{
            Request::Partition{.partition_index = index, .next_offset = Offset(next_offset)}};
        const std::array topics{Request::Topic{.name = topic, .partitions = partitions}};
        const Response& answer = ask(topics);
        CHECK(answer.error_code == ErrorCode::none);
        REQUIRE(answer.topics.size() == 1);
        return answer.topics[0].partitions[0];
    }

    World world;
    Client* client = nullptr;
};

TEST_CASE("describe lag: the oldest unread record has its own timestamp, in every codec",
          "[data][describe-lag]") {
    const auto codec = GENERATE(record::Codec::none, record::Codec::gzip, record::Codec::snappy,
                                record::Codec::lz4, record::Codec::zstd);
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{3})), codec);
    const std::array oldest{kTime, kTime + 1, kTime + 2, kTime + 3, kTime + 1000, kTime + 1001};
    for (std::size_t offset = 0; offset < oldest.size(); ++offset) {
        const auto& partition = bench.ask_one(static_cast<std::int64_t>(offset));
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.end_offset == Offset(6));
        CHECK(partition.oldest_timestamp == Timestamp(oldest[offset]));
    }
}

TEST_CASE("describe lag: the timestamp is that of the next record, also if it is an earlier one",
          "[data][describe-lag]") {
    Bench bench;
    bench.world.append({.timestamp = Timestamp(kTime - 5000)});
    CHECK(bench.ask_one(6).oldest_timestamp == Timestamp(kTime - 5000));
    CHECK(bench.ask_one(5).oldest_timestamp == Timestamp(kTime + 1001));
}

TEST_CASE("describe lag: without an unread record there is only the end", "[data][describe-lag]") {
    Bench bench;
    const std::int64_t next = GENERATE(-1, 6, 7, 1'000'000);
    const auto& partition = bench.ask_one(next);
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.end_offset == Offset(6));
    CHECK(partition.oldest_timestamp == kNoTimestamp);
}

TEST_CASE("describe lag: a record that cannot be read yet is not unread", "[data][describe-lag]") {
    Bench bench;
    bench.world.add({.topic = "u",
                     .replicas = {kOther, kSelf},
                     .isr = {kSelf},
                     .options = {.min_insync_replicas = 2, .produce = {}}});
    const Buffer batch = make_batch({});
    ProduceOne produce(batch.view(), {"u"});
    produce.request.acks = 1;
    bench.client->ask<schema::ProduceResponse>(produce.request, 9);
    const auto& partition = bench.ask_one(0, "u");
    CHECK(partition.end_offset == Offset(0));
    CHECK(partition.oldest_timestamp == kNoTimestamp);
}

TEST_CASE("describe lag: the answer has the time of the broker", "[data][describe-lag]") {
    Bench bench;
    const Timestamp before = bench.world.clock.wall_now();
    bench.world.run_for(std::chrono::seconds(3));
    CHECK(bench.ask({}).time >= before + 3000);
}

TEST_CASE("describe lag: a partition that this broker does not lead has an error that says so",
          "[data][describe-lag]") {
    Bench bench;
    bench.world.publish({.topic = "other", .leader = kOther});
    const auto& elsewhere = bench.ask_one(0, "other");
    CHECK(elsewhere.error_code == ErrorCode::not_leader_or_follower);
    CHECK(elsewhere.error_message == "other-0 is led by broker 2");
    CHECK(bench.ask_one(0, "nope").error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(bench.ask_one(0, "t", PartitionIndex(1)).error_message ==
          "topic t has partitions 0 to 0, not 1");
}

TEST_CASE("describe lag: it needs Describe on the topic", "[data][describe-lag]") {
    Bench bench;
    bench.world.forbid(Operation::describe, {ResourceType::topic, "t"});
    const auto& partition = bench.ask_one(0);
    CHECK(partition.error_code == ErrorCode::topic_authorization_failed);
    CHECK(partition.end_offset == kNoOffset);
}

TEST_CASE("describe lag: the answer has the topics and partitions of the request, in order",
          "[data][describe-lag]") {
    Bench bench;
    const std::array thrice{Request::Partition{PartitionIndex(0), Offset(4)},
                            Request::Partition{PartitionIndex(7), Offset(0)},
                            Request::Partition{PartitionIndex(0), Offset(0)}};
    const std::array topics{Request::Topic{.name = "none", .partitions = {}},
                            Request::Topic{.name = "t", .partitions = thrice}};
    const Response& answer = bench.ask(topics);
    REQUIRE(answer.topics.size() == 2);
    CHECK(answer.topics[0].partitions.empty());
    REQUIRE(answer.topics[1].partitions.size() == 3);
    CHECK(answer.topics[1].partitions[0].oldest_timestamp == Timestamp(kTime + 1000));
    CHECK(answer.topics[1].partitions[1].error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(answer.topics[1].partitions[2].oldest_timestamp == Timestamp(kTime));
}

TEST_CASE("describe lag: 1000 partitions are described at once, and more are refused",
          "[data][describe-lag]") {
    Bench bench;
    std::vector<Request::Partition> partitions(DescribeLagHandler::kMaxPartitions,
                                               {PartitionIndex(0), Offset(0)});
    const std::array topics{Request::Topic{.name = "t", .partitions = partitions}};
    const Response& most = bench.ask(topics);
    REQUIRE(most.topics.size() == 1);
    CHECK(most.topics[0].partitions.size() == 1000);
    CHECK(most.topics[0].partitions[999].oldest_timestamp == Timestamp(kTime));
    partitions.push_back({PartitionIndex(0), Offset(0)});
    const std::array too_many{Request::Topic{.name = "t", .partitions = partitions}};
    const Response& refused = bench.ask(too_many);
    CHECK(refused.error_code == ErrorCode::invalid_request);
    CHECK(refused.error_message ==
          "the request asks for 1001 partitions of 1 topics, but at most 1000 of each are "
          "described at once; ask for them in several requests");
    const std::vector<Request::Topic> many_topics(100'000, {.name = "t", .partitions = {}});
    CHECK(bench.ask(many_topics).error_code == ErrorCode::invalid_request);
}

}  // namespace
}  // namespace hw::broker
