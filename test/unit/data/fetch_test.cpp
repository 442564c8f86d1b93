#include <array>

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::FetchRequest;
using Response = schema::FetchResponse;
using Values = std::vector<std::string>;

const Response::Partition& first_partition(const Response& response) {
    REQUIRE(response.responses.size() == 1);
    return response.responses[0].partitions[0];
}

/// A server with topic "t", and one consumer.
struct Bench {
    explicit Bench(std::uint64_t seed = 1) : world(seed) {
        world.add({});
        client = &world.connect();
    }
    const Response& ask(const Request& request, std::int16_t version = 12) {
        return client->ask<Response>(request, version);
    }
    const Response::Partition& fetch(const Request& request, std::int16_t version = 12) {
        return first_partition(ask(request, version));
    }

    World world;
    Client* client = nullptr;
};

TEST_CASE("fetch: a consumer gets committed records, in every version", "[data][fetch]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const auto version = GENERATE(range(std::int16_t{4}, std::int16_t{19}));
    bench.world.append({.value = "a"});
    bench.world.append({.value = "b"});
    const FetchOne one(1, {"t", bench.world.id_of("t")});
    const Response& answer = bench.ask(one.request, version);
    const auto& partition = first_partition(answer);
    CHECK(answer.error_code == ErrorCode::none);
    CHECK(answer.session_id == 0);
    CHECK(answer.responses[0].topic_id == (version >= 13 ? one.named.topic_id : TopicId()));
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.high_watermark == Offset(2));
    CHECK(partition.last_stable_offset == Offset(2));
    CHECK(partition.log_start_offset == (version >= 5 ? Offset(0) : kNoOffset));
    CHECK(partition.preferred_read_replica == kNoBroker);
    CHECK(values_of(partition.records) == Values{"b"});
}

TEST_CASE("fetch: a damaged batch is answered at once, even if the request may wait",
          "[data][fetch][damage]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    bench.world.append({.value = "a"});
    bench.world.disk.alter("/data/t-0/00000000000000000000.log", record::BatchLayout::kLength,
                           "\x7f");
    FetchOne one(0);
    one.request.max_wait_ms = Millis(600'000);
    one.request.min_bytes = 1;
    const auto& partition = bench.fetch(one.request);
    CHECK(partition.error_code == ErrorCode::corrupt_message);
    CHECK(partition.records.empty());
}

TEST_CASE("fetch: a consumer gets the records that its connection produced before",
          "[data][fetch]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    const Buffer batch = make_batch({.value = "mine"});
    bench.client->send(ProduceOne(batch.view()).request, 9);
    bench.client->send(FetchOne(0).request, 12);  // max_wait_ms is 0
    CHECK(bench.client->receive<schema::ProduceResponse>(9).responses.size() == 1);
    const auto& partition = first_partition(bench.client->receive<Response>(12));
    CHECK(partition.high_watermark == Offset(1));
    CHECK(values_of(partition.records) == Values{"mine"});
}

TEST_CASE("fetch: aborted transactions are null for read_uncommitted, empty for read_committed",
          "[data][fetch]") {
    Bench bench;
    FetchOne one(0);
    CHECK(bench.fetch(one.request).aborted_transactions.is_null());
    one.request.isolation_level = 1;
    CHECK(wire::is_empty(bench.fetch(one.request).aborted_transactions));
}

TEST_CASE("fetch: an unknown isolation level ends the connection", "[data][fetch]") {
    Bench bench;
    FetchOne one(0);
    one.request.isolation_level = 2;
    bench.client->send(one.request, 12);
    CHECK(bench.world.run_until([&] { return bench.client->ended(); }));
}

TEST_CASE("fetch: records at the end of the log are empty, not null", "[data][fetch]") {
    Bench bench;
    const FetchOne one(0);
    CHECK(wire::is_empty(bench.fetch(one.request).records));
}

TEST_CASE("fetch: an unknown session is refused; only a request with epoch 0 gets a new one",
          "[data][fetch]") {
    Bench bench;
    bench.world.append({});
    FetchOne one(0);
    one.request.session_id = 77;
    one.request.session_epoch = 3;
    const Response& refused = bench.ask(one.request);
    CHECK(refused.error_code == ErrorCode::fetch_session_id_not_found);
    CHECK(refused.responses.empty());
    const std::int32_t epoch = GENERATE(-1, 0);
    one.request.session_epoch = epoch;
    const Response& full = bench.ask(one.request);
    CHECK(full.error_code == ErrorCode::none);
    CHECK((full.session_id > 0) == (epoch == 0));
    CHECK(values_of(first_partition(full).records).size() == 1);
}

TEST_CASE("fetch: forgotten topics are ignored", "[data][fetch]") {
    Bench bench;
    bench.world.append({});
    const PartitionIndex index{0};
    const Request::ForgottenTopic forgotten{.topic = "t", .partitions = {&index, 1}};
    FetchOne one(0);
    one.request.forgotten_topics_data = {&forgotten, 1};
    CHECK(values_of(bench.fetch(one.request).records).size() == 1);
}

TEST_CASE("fetch: an offset outside of the log is refused", "[data][fetch]") {
    Bench bench;
    const auto& partition = bench.fetch(FetchOne(5).request);
    CHECK(partition.error_code == ErrorCode::offset_out_of_range);
    CHECK(partition.high_watermark == kNoOffset);
    CHECK(partition.records.empty());
}

TEST_CASE("fetch: the leader epoch of the request is checked", "[data][fetch]") {
    Bench bench;
    FetchOne one(0, {"t", bench.world.id_of("t")});
    one.partition.current_leader_epoch = LeaderEpoch(6);
    CHECK(bench.fetch(one.request).error_code == ErrorCode::unknown_leader_epoch);
    one.partition.current_leader_epoch = LeaderEpoch(4);
    const Response& answer = bench.ask(one.request, 16);
    CHECK(first_partition(answer).error_code == ErrorCode::fenced_leader_epoch);
    CHECK(first_partition(answer).current_leader.leader_id == kSelf);
    CHECK(first_partition(answer).current_leader.leader_epoch == LeaderEpoch(5));
    one.partition.current_leader_epoch = LeaderEpoch(5);
    CHECK(bench.fetch(one.request).error_code == ErrorCode::none);
}

TEST_CASE("fetch: a reader whose log diverges gets the epoch and end offset of the common part",
          "[data][fetch]") {
    Bench bench;
    bench.world.append({});
    const TimePoint start = bench.world.scheduler.now();
    FetchOne one(1);
    one.partition.last_fetched_epoch = LeaderEpoch(4);
    one.request.max_wait_ms = Millis(10'000);
    const auto& older = bench.fetch(one.request);
    CHECK(older.error_code == ErrorCode::none);
    CHECK(older.diverging_epoch.epoch == LeaderEpoch(4));
    CHECK(older.diverging_epoch.end_offset == Offset(0));
    CHECK(older.records.empty());
    one.partition.last_fetched_epoch = LeaderEpoch(5);
    one.partition.fetch_offset = Offset(9);
    const auto& beyond = bench.fetch(one.request);
    CHECK(beyond.error_code == ErrorCode::none);
    CHECK(beyond.diverging_epoch.epoch == LeaderEpoch(5));
    CHECK(beyond.diverging_epoch.end_offset == Offset(1));
    CHECK(beyond.records.empty());
    CHECK(bench.world.scheduler.now() - start < std::chrono::seconds(1));
}

TEST_CASE("fetch: an unknown topic is refused by name and by id", "[data][fetch]") {
    Bench bench;
    const FetchOne one(0, {"nope", TopicId(Uuid{1, 99})});
    CHECK(bench.fetch(one.request, 12).error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(bench.fetch(one.request, 13).error_code == ErrorCode::unknown_topic_id);
}

TEST_CASE("fetch: a broker that does not lead names the leader, from version 16 on",
          "[data][fetch]") {
    Bench bench;
    bench.world.publish({.topic = "other", .leader = kOther});
    const FetchOne one(0, {"other", bench.world.id_of("other")});
    const auto version = GENERATE(std::int16_t{15}, std::int16_t{16});
    const Response& answer = bench.ask(one.request, version);
    CHECK(first_partition(answer).error_code == ErrorCode::not_leader_or_follower);
    CHECK(first_partition(answer).current_leader.leader_id == (version < 16 ? kNoBroker : kOther));
    CHECK(answer.node_endpoints.size() == (version < 16 ? 0 : 1));
}

TEST_CASE("fetch: below version 6 a failed log is reported as NOT_LEADER_OR_FOLLOWER",
          "[data][fetch]") {
    Bench bench;
    bench.world.enter("t", [](replication::PartitionReplica& replica) {
        replica.become_offline({ErrorCode::kafka_storage_error, "the log failed"});
    });
    const auto version = GENERATE(std::int16_t{5}, std::int16_t{6});
    CHECK(bench.fetch(FetchOne(0).request, version).error_code ==
          (version < 6 ? ErrorCode::not_leader_or_follower : ErrorCode::kafka_storage_error));
}

TEST_CASE("fetch: a read that ran on another shard is answered on the connection's shard",
          "[data][fetch]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    bench.world.append({.value = "a"});
    bench.client->send(FetchOne(0).request, 12);
    bench.world.occupy("t");
    CHECK(values_of(first_partition(bench.client->receive<Response>(12)).records) == Values{"a"});
}

TEST_CASE("fetch: the first batch may exceed the limits, and then no other batch is returned",
          "[data][fetch]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    bench.world.add({.topic = "u"});
    for (const std::string topic : {"t", "u"}) {
        bench.world.append({.value = topic + std::string(500, '.')}, topic);
        bench.world.append({.value = topic}, topic);
    }
    const Request::Partition partition{
        .partition = PartitionIndex(0), .fetch_offset = Offset(0), .partition_max_bytes = 10};
    const std::array<Request::Topic, 2> topics{Request::Topic{"t", {}, {&partition, 1}},
                                               Request::Topic{"u", {}, {&partition, 1}}};
    FetchOne one(0);
    one.request.topics = topics;
    const Response& answer = bench.ask(one.request);
    REQUIRE(answer.responses.size() == 2);
    CHECK(values_of(answer.responses[0].partitions[0].records).size() == 1);
    CHECK(answer.responses[1].partitions[0].records.empty());
    CHECK(answer.responses[1].partitions[0].high_watermark == Offset(2));
}

TEST_CASE("fetch: max_bytes and partition_max_bytes limit the records in the answer",
          "[data][fetch]") {
    Bench bench;
    const std::size_t size = make_batch({.value = "0123456789"}).size();
    for (int i = 0; i < 5; ++i) {
        bench.world.append({.value = "0123456789"});
    }
    FetchOne one(0);
    SECTION("partition_max_bytes") {
        one.partition.partition_max_bytes = static_cast<std::int32_t>(3 * size);
    }
    SECTION("max_bytes") {
        one.request.max_bytes = static_cast<std::int32_t>(3 * size + 1);
    }
    CHECK(values_of(bench.fetch(one.request).records).size() == 3);
}

TEST_CASE("fetch: nothing above the high watermark is read", "[data][fetch]") {
    World world;
    world.add({.replicas = {kSelf, kOther}, .isr = {kSelf, kOther}});
    const Buffer batch = make_batch({});
    ProduceOne produce(batch.view());
    produce.request.acks = 1;
    Client& client = world.connect();
    client.ask<schema::ProduceResponse>(produce.request, 9);
    const auto& partition = first_partition(client.ask<Response>(FetchOne(0).request, 12));
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.high_watermark == Offset(0));
    CHECK(partition.records.empty());
}

TEST_CASE("fetch: a client that may not read a topic gets nothing of it, in every version",
          "[data][fetch]") {
    Bench bench;
    const auto version = GENERATE(std::int16_t{4}, std::int16_t{12}, std::int16_t{18});
    bench.world.append({.value = "a"});
    bench.world.forbid(Operation::read, topic_resource("t"));
    const FetchOne one(0, {"t", bench.world.id_of("t")});
    const auto& partition = bench.fetch(one.request, version);
    CHECK(partition.error_code == ErrorCode::topic_authorization_failed);
    CHECK(partition.high_watermark == kNoOffset);
    CHECK(values_of(partition.records).empty());
}

}  // namespace
}  // namespace hw::broker
