#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/net/long_loop.h"
#include "protocol/schema/api/metadata.h"
#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Values = std::vector<std::string>;

constexpr std::size_t kMany = 2 * kItemsPerTurn + 100;

/// A server with topic "t", and one client.
struct Bench {
    explicit Bench(std::uint64_t seed = 1, const HostLimits& limits = {}) : world(seed, limits) {
        world.add({});
        client = &world.connect();
    }

    World world;
    Client* client = nullptr;
};

schema::FetchRequest::Partition fetched(std::int32_t partition, std::int64_t offset) {
    return {.partition = PartitionIndex(partition),
            .fetch_offset = Offset(offset),
            .partition_max_bytes = 1 << 20};
}

TEST_CASE("many items: a partition that a Fetch names again is answered once, for its last offset",
          "[data][fetch]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    bench.world.append({.value = "a"});
    bench.world.append({.value = "b"});
    const std::array first{fetched(0, 0), fetched(7, 0), fetched(0, 0)};
    const std::array second{fetched(0, 1)};
    const std::array<schema::FetchRequest::Topic, 2> topics{
        schema::FetchRequest::Topic{"t", {}, first}, schema::FetchRequest::Topic{"t", {}, second}};
    FetchOne one(0);
    one.request.topics = topics;
    const auto& answer = bench.client->ask<schema::FetchResponse>(one.request, 12);
    REQUIRE(answer.responses.size() == 1);
    const auto& answered = answer.responses[0].partitions;
    REQUIRE(answered.size() == 2);
    CHECK(answered[0].partition_index == PartitionIndex(0));
    CHECK(values_of(answered[0].records) == Values{"b"});
    CHECK(answered[1].partition_index == PartitionIndex(7));
    CHECK(answered[1].error_code == ErrorCode::unknown_topic_or_partition);
}

TEST_CASE("many items: a partition that a Fetch names thousands of times is read once",
          "[data][fetch]") {
    Bench bench;
    bench.world.append({.value = "a"});
    const std::vector partitions(kMany, fetched(0, 0));
    FetchOne one(0);
    one.named.partitions = partitions;
    const auto& answer = bench.client->ask<schema::FetchResponse>(one.request, 12);
    REQUIRE(answer.responses[0].partitions.size() == 1);
    CHECK(values_of(answer.responses[0].partitions[0].records) == Values{"a"});
}

TEST_CASE("many items: a Fetch of thousands of partitions is answered in the order of the request",
          "[data][fetch]") {
    Bench bench;
    std::vector<schema::FetchRequest::Partition> partitions;
    for (std::size_t i = 0; i < kMany; ++i) {
        partitions.push_back(fetched(static_cast<std::int32_t>(kMany - i), 0));
    }
    FetchOne one(0);
    one.named.partitions = partitions;
    const auto& answer = bench.client->ask<schema::FetchResponse>(one.request, 12);
    const auto& answered = answer.responses[0].partitions;
    REQUIRE(answered.size() == kMany);
    for (std::size_t i = 0; i < kMany; ++i) {
        CHECK(answered[i].partition_index == partitions[i].partition);
    }
}

TEST_CASE("many items: others are served while a Fetch reads batches that do not fit",
          "[data][fetch]") {
    constexpr int kTopics = 20;
    constexpr std::size_t kBatch = 900'000;
    World world;
    world.add({.topic = "small"});
    world.append({.value = "a"}, "small");
    std::vector<std::string> names;
    for (int i = 0; i < kTopics; ++i) {
        names.push_back(fmt::format("large{}", i));
        world.add({.topic = names.back()});
        world.append({.value = std::string(kBatch, 'x')}, names.back());
    }
    FetchOne one(0, {"small"});
    one.partition.partition_max_bytes = kBatch;
    std::vector<schema::FetchRequest::Topic> topics{one.named};
    for (const std::string& name : names) {
        topics.push_back(one.named);
        topics.back().topic = name;
    }
    one.request.topics = topics;
    Client& reader = world.connect();
    Client& other = world.connect();
    reader.send(one.request, 12);
    for (int i = 0; i < 3; ++i) {
        (void)other.ask<schema::ListOffsetsResponse>(ListOne(-1, "small").request, 7);
    }
    CHECK_FALSE(reader.has_answer());
    const auto& answer = reader.receive<schema::FetchResponse>(12);
    REQUIRE(answer.responses.size() == kTopics + 1);
    REQUIRE(answer.responses[0].partitions[0].records.size() == 1);
    CHECK_FALSE(answer.responses[0].partitions[0].records[0].empty());
    CHECK(answer.responses[kTopics].partitions[0].records.empty());
}

TEST_CASE("many items: a Produce to thousands of partitions is answered for each",
          "[data][produce]") {
    Bench bench;
    const Buffer batch = make_batch({});
    const ByteView records = batch.view();
    std::vector<schema::ProduceRequest::Partition> partitions;
    for (std::size_t i = 0; i < kMany; ++i) {
        const bool is_last = i + 1 == kMany;
        partitions.push_back({PartitionIndex(is_last ? 0 : 9), {&records, 1}});
    }
    ProduceOne one(records);
    one.named.partition_data = partitions;
    const auto& answer = bench.client->ask<schema::ProduceResponse>(one.request, 9);
    const auto& answered = answer.responses[0].partition_responses;
    REQUIRE(answered.size() == kMany);
    CHECK(answered[0].error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(answered[0].error_message == "topic t has partitions 0 to 0, not 9");
    CHECK(answered[kMany - 1].error_code == ErrorCode::none);
}

/// A compacted topic, and a batch of 1 KB that decompresses to 4 MiB. It is refused afterwards,
/// because its record has no key.
struct Decompression {
    Decompression() {
        PartitionSpec compacted;
        compacted.options.produce.compacted = true;
        world.add(compacted);
        BatchShape shape{.value = std::string(4 << 20, 'x')};
        shape.options.compression.codec = record::Codec::zstd;
        batch = make_batch(shape);
        producer = &world.connect();
        other = &world.connect();
    }
    /// Several requests, each answered.
    void ask_as_another_client() {
        for (int i = 0; i < 3; ++i) {
            (void)other->ask<schema::ListOffsetsResponse>(ListOne(-1).request, 7);
        }
    }

    World world;
    Buffer batch;
    Client* producer = nullptr;
    Client* other = nullptr;
};

TEST_CASE("many items: others are served while batches of a Produce are decompressed",
          "[data][produce]") {
    Decompression bench;
    const ByteView records = bench.batch.view();
    ProduceOne one(records);
    const std::vector<schema::ProduceRequest::Partition> partitions(
        50, {PartitionIndex(0), {&records, 1}});
    one.named.partition_data = partitions;
    bench.producer->send(one.request, 9);
    bench.ask_as_another_client();
    CHECK_FALSE(bench.producer->has_answer());
    const auto& answer = bench.producer->receive<schema::ProduceResponse>(9);
    const auto& told = answer.responses[0].partition_responses;
    REQUIRE(told.size() == partitions.size());
    CHECK(told[49].error_code == ErrorCode::invalid_record);
}

TEST_CASE("many items: others are served between Produces that decompress to much",
          "[data][produce]") {
    Decompression bench;
    const ProduceOne one(bench.batch.view());
    constexpr int kRequests = 50;
    for (int i = 0; i < kRequests; ++i) {
        bench.producer->send(one.request, 9);
    }
    bench.ask_as_another_client();
    int answered = 0;
    while (bench.producer->has_answer()) {
        (void)bench.producer->receive<schema::ProduceResponse>(9);
        ++answered;
    }
    CHECK(answered < kRequests);
}

TEST_CASE("many items: ListOffsets of thousands of partitions is answered for each",
          "[data][list]") {
    Bench bench;
    std::vector<schema::ListOffsetsRequest::Partition> partitions;
    for (std::size_t i = 0; i < kMany; ++i) {
        partitions.push_back({.partition_index = PartitionIndex(static_cast<std::int32_t>(i)),
                              .timestamp = Timestamp(-1)});
    }
    partitions.push_back(partitions.back());
    ListOne one(-1);
    one.named.partitions = partitions;
    const auto& answer = bench.client->ask<schema::ListOffsetsResponse>(one.request, 7);
    const auto& answered = answer.topics[0].partitions;
    REQUIRE(answered.size() == kMany + 1);
    CHECK(answered[0].error_code == ErrorCode::none);
    CHECK(answered[1].error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(answered[kMany - 1].error_code == ErrorCode::invalid_request);
}

TEST_CASE("many items: a Produce is answered although its answer exceeds the limit",
          "[data][produce]") {
    HostLimits limits;
    limits.memory.requests = std::size_t{256} << 20;
    limits.memory.answers = 64 * 1024;
    limits.connection.bytes_in_flight_max = limits.memory.requests;
    Bench bench(1, limits);
    const Buffer batch = make_batch({});
    const ByteView records = batch.view();
    std::vector<schema::ProduceRequest::Partition> partitions(70'000,
                                                              {PartitionIndex(9), {&records, 1}});
    partitions.back() = {PartitionIndex(0), {&records, 1}};
    ProduceOne one(records);
    one.named.partition_data = partitions;
    const auto& answer = bench.client->ask<schema::ProduceResponse>(one.request, 9);
    const auto& told = answer.responses[0].partition_responses;
    REQUIRE(told.size() == partitions.size());
    CHECK(told[told.size() - 1].error_code == ErrorCode::none);
}

HostLimits little_memory() {
    HostLimits limits;
    limits.memory.requests = 64 * 1024;
    limits.memory.answers = 4 * 1024 * 1024;
    return limits;
}

/// Partitions that do not exist, with a few bytes for each.
std::vector<schema::ProduceRequest::Partition> produced(std::size_t count) {
    static constexpr std::array<std::byte, 32> kBytes{};
    static constexpr ByteView kRecords = kBytes;
    return std::vector(count, schema::ProduceRequest::Partition{.index = PartitionIndex(9),
                                                                .records = {&kRecords, 1}});
}

/// Sends a request; true if the connection ends instead of an answer.
template <class Request>
bool is_rejected(Bench& bench, const Request& request, std::int16_t version) {
    bench.client->send(request, version);
    bool is_answered = false;
    REQUIRE(bench.world.run_until([&] {
        is_answered = bench.client->has_answer();
        return is_answered || bench.client->ended();
    }));
    return !is_answered;
}

TEST_CASE("many items: a request whose items need more memory than there is ends its connection",
          "[data][produce][fetch][list]") {
    Bench bench(1, little_memory());
    // A few hundred bytes for each item exceed the memory; all else of the request fits.
    constexpr std::size_t kTooMany = Reservation::kOverdraft / 200;
    SECTION("Produce") {
        const auto partitions = produced(kTooMany);
        ProduceOne one({});
        one.named.partition_data = partitions;
        CHECK(is_rejected(bench, one.request, 9));
    }
    SECTION("Fetch") {
        const std::vector partitions(kTooMany, fetched(0, 0));
        FetchOne one(0);
        one.named.partitions = partitions;
        CHECK(is_rejected(bench, one.request, 12));
    }
    SECTION("ListOffsets") {
        const std::vector<schema::ListOffsetsRequest::Partition> partitions(kTooMany);
        ListOne one(-1);
        one.named.partitions = partitions;
        CHECK(is_rejected(bench, one.request, 7));
    }
    SECTION("Metadata") {
        const std::vector topics(kTooMany, schema::MetadataRequest::Topic{.name = "t"});
        schema::MetadataRequest request;
        request.topics = std::span<const schema::MetadataRequest::Topic>(topics);
        CHECK(is_rejected(bench, request, 9));
    }
}

TEST_CASE("many items: if the texts of all refusals do not fit into memory, the last have none",
          "[data][produce]") {
    Bench bench(1, little_memory());
    const std::string topic(249, 'n');  // it is in the text
    bench.world.add({.topic = topic});
    const auto partitions = produced(5000);
    ProduceOne one({}, {topic});
    one.named.partition_data = partitions;
    bench.client->send(one.request, 9);
    const auto& answer = bench.client->receive<schema::ProduceResponse>(9);
    const auto& told = answer.responses[0].partition_responses;
    REQUIRE(told.size() == partitions.size());
    CHECK_FALSE(told[0].error_message.empty());
    CHECK(told[partitions.size() - 1].error_message.empty());
    CHECK(told[0].error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(told[partitions.size() - 1].error_code == ErrorCode::unknown_topic_or_partition);
}

TEST_CASE("many items: a Fetch reads at most a quarter of the answer memory that others leave",
          "[data][fetch]") {
    Bench bench(1, little_memory());
    constexpr int kBatches = 40;
    for (int i = 0; i < kBatches; ++i) {
        bench.world.append({.value = std::string(100'000, 'x')});
    }
    FetchOne one(0);
    one.request.max_bytes = 64 << 20;
    one.partition.partition_max_bytes = 64 << 20;
    const auto& answer = bench.client->ask<schema::FetchResponse>(one.request, 12);
    const auto values = values_of(answer.responses[0].partitions[0].records);
    CHECK(values.size() == 10);  // batches of about 100 KB that fit into 1 MiB, a quarter of 4 MiB
}

TEST_CASE("many items: clients that do not read their answers leave memory for those of others",
          "[data][fetch]") {
    Bench bench(1, little_memory());
    constexpr int kBatches = 40;
    for (int i = 0; i < kBatches; ++i) {
        bench.world.append({.value = std::string(100'000, 'x')});
    }
    FetchOne one(0);
    one.request.max_bytes = 64 << 20;
    one.partition.partition_max_bytes = 64 << 20;
    for (int i = 0; i < 30; ++i) {
        Client& idle = bench.world.connect();
        idle.send(one.request, 12);
        idle.send(one.request, 12);
    }
    bench.world.run_for(std::chrono::seconds(2));
    const auto& answer = bench.client->ask<schema::FetchResponse>(one.request, 12);
    CHECK(answer.responses[0].partitions[0].error_code == ErrorCode::none);
}

}  // namespace
}  // namespace hw::broker
