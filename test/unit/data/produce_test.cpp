#include <array>

#include <catch2/catch.hpp>

#include "protocol/record/batch_patch.h"
#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using record::Codec;
using wire::ErrorCode;
using Response = schema::ProduceResponse;

const Response::Partition& only_partition(const Response& response) {
    REQUIRE(response.responses.size() == 1);
    REQUIRE(response.responses[0].partition_responses.size() == 1);
    return response.responses[0].partition_responses[0];
}

/// A server with partition 0 of topic "t", and one producer.
struct Bench {
    explicit Bench(std::uint64_t seed = 1, const PartitionSpec& spec = {}) : world(seed) {
        world.add(spec);
    }
    const Response::Partition& produce(const schema::ProduceRequest& request,
                                       std::int16_t version = 9) {
        return only_partition(client().ask<Response>(request, version));
    }
    const Response::Partition& produce(const Buffer& batch, std::int16_t version = 9) {
        const ProduceOne one(batch.view());
        return produce(one.request, version);
    }
    Client& client() { return world.clients.empty() ? world.connect() : *world.clients.front(); }
    std::vector<std::string> stored(const std::string& topic = "t") {
        const FetchOne fetch(0, {topic});
        const auto& answer = client().ask<schema::FetchResponse>(fetch.request, 11);
        return values_of(answer.responses[0].partitions[0].records);
    }

    World world;
};

TEST_CASE("produce: acknowledged records are fetched at their offsets, in every version",
          "[data][produce]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const auto version = GENERATE(range(std::int16_t{3}, std::int16_t{14}));
    const Buffer first = make_batch({.value = "a", .records = 2});
    const Buffer second = make_batch({.value = "b"});
    for (const auto& [batch, offset] : {std::pair(&first, 0), std::pair(&second, 2)}) {
        const ProduceOne one(batch->view(), {"t", bench.world.id_of("t")});
        const auto& answer = bench.client().ask<Response>(one.request, version);
        const auto& partition = only_partition(answer);
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.base_offset == Offset(offset));
        CHECK(partition.log_append_time_ms == kNoTimestamp);
        CHECK(partition.log_start_offset == (version >= 5 ? Offset(0) : kNoOffset));
        CHECK(wire::is_null(partition.error_message));
        CHECK(answer.responses[0].topic_id == (version >= 13 ? one.named.topic_id : TopicId()));
        CHECK(answer.responses[0].name == (version >= 13 ? "" : "t"));
    }
    CHECK(bench.stored() == std::vector<std::string>{"a", "a", "b"});
}

TEST_CASE("produce: a stored batch has the leader's epoch and the offsets in the log",
          "[data][produce]") {
    Bench bench;
    bench.produce(make_batch({}));
    bench.produce(make_batch({}));
    const FetchOne fetch(1);
    const auto& answer = bench.client().ask<schema::FetchResponse>(fetch.request, 11);
    const auto batch = record::parse_batch(answer.responses[0].partitions[0].records[0]);
    REQUIRE(batch.has_value());
    CHECK(batch->base_offset() == Offset(1));
    CHECK(batch->leader_epoch() == LeaderEpoch(5));
}

TEST_CASE("produce: acks other than -1, 0 and 1 are refused for every partition",
          "[data][produce]") {
    Bench bench;
    const Buffer batch = make_batch({});
    ProduceOne one(batch.view());
    one.request.acks = GENERATE(std::int16_t{2}, std::int16_t{-2});
    const auto& partition = bench.produce(one.request);
    CHECK(partition.error_code == ErrorCode::invalid_required_acks);
    CHECK(partition.base_offset == kNoOffset);
    CHECK(std::string(partition.error_message).find("acks is") == 0);
    CHECK(bench.stored().empty());
}

TEST_CASE("produce: transactions are refused", "[data][produce]") {
    Bench bench;
    BatchShape shape;
    SECTION("a transactional id in the request") {
        const Buffer batch = make_batch(shape);
        ProduceOne one(batch.view());
        one.request.transactional_id = "tx";
        CHECK(bench.produce(one.request).error_code == ErrorCode::invalid_txn_state);
    }
    SECTION("a transactional batch") {
        shape.options.producer_id = ProducerId(1);
        shape.options.producer_epoch = ProducerEpoch(0);
        shape.options.base_sequence = Sequence(0);
        shape.options.transactional = true;
        const auto& partition = bench.produce(make_batch(shape));
        CHECK(partition.error_code == ErrorCode::invalid_txn_state);
        CHECK_FALSE(partition.error_message.empty());
    }
    CHECK(bench.stored().empty());
}

TEST_CASE("produce: an invalid batch is refused with the code of the failed check",
          "[data][produce]") {
    Bench bench;
    BatchShape shape;
    SECTION("a control batch") {
        shape.options.control = true;
        CHECK(bench.produce(make_batch(shape)).error_code == ErrorCode::invalid_record);
    }
    SECTION("a damaged batch") {
        Buffer batch = make_batch(shape);
        batch.data()[batch.size() - 1] ^= std::byte{1};
        CHECK(bench.produce(batch).error_code == ErrorCode::corrupt_message);
    }
    SECTION("a timestamp in the far future, with the record's own error") {
        shape.timestamp = shape.timestamp + 86'400'000;
        const auto& partition = bench.produce(make_batch(shape));
        CHECK(partition.error_code == ErrorCode::invalid_timestamp);
        REQUIRE(partition.record_errors.size() == 1);
        CHECK(partition.record_errors[0].batch_index == 0);
        CHECK_FALSE(partition.record_errors[0].batch_index_error_message.empty());
    }
    SECTION("two batches in one records field") {
        const Buffer batch = make_batch(shape);
        const std::string twice =
            std::string(as_text(batch.view())) + std::string(as_text(batch.view()));
        const ProduceOne one(as_bytes(twice));
        CHECK(bench.produce(one.request).error_code == ErrorCode::invalid_record);
    }
    CHECK(bench.stored().empty());
}

TEST_CASE("produce: a partition without records is refused", "[data][produce]") {
    Bench bench;
    const auto version = GENERATE(std::int16_t{3}, std::int16_t{9});
    ProduceOne one(wire::kEmptyBytes);
    SECTION("empty") {
        CHECK(bench.produce(one.request, version).error_code == ErrorCode::invalid_record);
    }
    SECTION("null") {
        one.partition.records = wire::Records::null();
        CHECK(bench.produce(one.request, version).error_code == ErrorCode::invalid_record);
    }
}

TEST_CASE("produce: zstd is accepted from version 7 on", "[data][produce]") {
    Bench bench;
    BatchShape shape;
    shape.options.compression.codec = Codec::zstd;
    const auto version = GENERATE(std::int16_t{6}, std::int16_t{7});
    const auto code = bench.produce(make_batch(shape), version).error_code;
    CHECK(code == (version < 7 ? ErrorCode::unsupported_compression_type : ErrorCode::none));
}

TEST_CASE("produce: the topic's settings are applied", "[data][produce]") {
    PartitionSpec spec;
    SECTION("max.message.bytes") {
        spec.options.produce.max_message_bytes = 60;
        Bench bench(1, spec);
        CHECK(bench.produce(make_batch({})).error_code == ErrorCode::message_too_large);
    }
    SECTION("message.timestamp.type: the broker's time, in the answer and in the log") {
        spec.options.produce.timestamp_type = record::TimestampType::log_append_time;
        Bench bench(1, spec);
        const auto& partition = bench.produce(make_batch({.timestamp = Timestamp(7)}));
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.log_append_time_ms >= Timestamp(1'767'225'600'000));
        const FetchOne fetch(0);
        const auto& answer = bench.client().ask<schema::FetchResponse>(fetch.request, 11);
        const auto batch = record::parse_batch(answer.responses[0].partitions[0].records[0]);
        CHECK(batch->max_timestamp() == partition.log_append_time_ms);
        CHECK(batch->crc_matches());
    }
}

TEST_CASE("produce: a wrong max timestamp of the producer is corrected", "[data][produce]") {
    Bench bench;
    const Timestamp time{1'767'225'600'000};
    Buffer batch = make_batch({.timestamp = time});
    record::set_timestamps(batch.bytes(), record::TimestampType::create_time, time + 5);
    CHECK(bench.produce(batch).error_code == ErrorCode::none);
    const FetchOne fetch(0);
    const auto& answer = bench.client().ask<schema::FetchResponse>(fetch.request, 11);
    const auto stored = record::parse_batch(answer.responses[0].partitions[0].records[0]);
    CHECK(stored->max_timestamp() == time);
    CHECK(stored->crc_matches());
}

TEST_CASE("produce: a batch that claims log append time is stored with its own timestamps",
          "[data][produce]") {
    Bench bench;
    const Timestamp time{1'767'225'600'000};
    Buffer batch = make_batch({.timestamp = time});
    record::set_timestamps(batch.bytes(), record::TimestampType::log_append_time, time + 5);
    CHECK(bench.produce(batch).error_code == ErrorCode::none);
    const FetchOne fetch(0);
    const auto& answer = bench.client().ask<schema::FetchResponse>(fetch.request, 11);
    const auto stored = record::parse_batch(answer.responses[0].partitions[0].records[0]);
    CHECK(stored->timestamp_type() == record::TimestampType::create_time);
    CHECK(stored->max_timestamp() == time);
    CHECK(stored->crc_matches());
}

TEST_CASE("produce: an unknown topic is refused by name and by id", "[data][produce]") {
    Bench bench;
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view(), {"nope", TopicId(Uuid{1, 99})});
    CHECK(bench.produce(one.request, 12).error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(bench.produce(one.request, 13).error_code == ErrorCode::unknown_topic_id);
    ProduceOne index(batch.view());
    index.partition.index = PartitionIndex(1);
    CHECK(bench.produce(index.request).error_code == ErrorCode::unknown_topic_or_partition);
}

TEST_CASE("produce: a broker that does not lead names the leader, from version 10 on",
          "[data][produce]") {
    Bench bench;
    bench.world.publish({.topic = "other", .leader = kOther});
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view(), {"other"});
    const auto version = GENERATE(std::int16_t{9}, std::int16_t{10});
    const auto& answer = bench.client().ask<Response>(one.request, version);
    const auto& partition = only_partition(answer);
    CHECK(partition.error_code == ErrorCode::not_leader_or_follower);
    if (version < 10) {
        return;
    }
    CHECK(partition.current_leader.leader_id == kOther);
    CHECK(partition.current_leader.leader_epoch == LeaderEpoch(5));
    REQUIRE(answer.node_endpoints.size() == 1);
    CHECK(answer.node_endpoints[0].node_id == kOther);
    CHECK(answer.node_endpoints[0].host == "host2");
    CHECK(answer.node_endpoints[0].port == 9002);
}

TEST_CASE("produce: a partition that this broker leads but has not opened yet is a retriable error",
          "[data][produce]") {
    Bench bench;
    bench.world.publish({.topic = "opening"});
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view(), {"opening"});
    const auto& answer = bench.client().ask<Response>(one.request, 10);
    CHECK(only_partition(answer).error_code == ErrorCode::not_leader_or_follower);
    CHECK(only_partition(answer).current_leader.leader_id == kNoBroker);
    CHECK(answer.node_endpoints.empty());
}

TEST_CASE("produce: the error for an offline replica has the reason", "[data][produce]") {
    Bench bench;
    bench.world.enter("t", [](replication::PartitionReplica& replica) {
        replica.become_offline({ErrorCode::kafka_storage_error, "the log is damaged"});
    });
    const auto& partition = bench.produce(make_batch({}));
    CHECK(partition.error_code == ErrorCode::kafka_storage_error);
    CHECK(partition.error_message == "the log is damaged");
}

TEST_CASE("produce: clients may not write to internal topics, except Kafka's admin client",
          "[data][produce]") {
    Bench bench;
    bench.world.add({.topic = "__inside", .internal = true});
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view(), {"__inside"});
    CHECK(bench.produce(one.request).error_code == ErrorCode::invalid_topic_exception);
    bench.client().send_as(one.request, 9, "__admin_client");
    CHECK(only_partition(bench.client().receive<Response>(9)).error_code == ErrorCode::none);
}

TEST_CASE("produce: a partition that is named twice gets both batches, in their order",
          "[data][produce]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const Buffer first = make_batch({.value = "a"});
    const Buffer second = make_batch({.value = "b"});
    const std::array<ByteView, 2> records{first.view(), second.view()};
    const std::array<schema::ProduceRequest::Partition, 2> partitions{
        schema::ProduceRequest::Partition{PartitionIndex(0), {&records[0], 1}},
        schema::ProduceRequest::Partition{PartitionIndex(0), {&records[1], 1}}};
    ProduceOne one(first.view());
    one.named.partition_data = partitions;
    const auto& answer = bench.client().ask<Response>(one.request, 9);
    const auto& answered = answer.responses[0].partition_responses;
    REQUIRE(answered.size() == 2);
    CHECK(answered[0].base_offset == Offset(0));
    CHECK(answered[1].base_offset == Offset(1));
    CHECK(bench.stored() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("produce: an error of one partition does not affect the others", "[data][produce]") {
    Bench bench;
    bench.world.add({.topic = "u"});
    const Buffer batch = make_batch({});
    const ByteView records = batch.view();
    const schema::ProduceRequest::Partition partition{PartitionIndex(0), {&records, 1}};
    const schema::ProduceRequest::Partition missing{PartitionIndex(3), {&records, 1}};
    const std::array<schema::ProduceRequest::Topic, 3> topics{
        schema::ProduceRequest::Topic{"t", {}, {&missing, 1}},
        schema::ProduceRequest::Topic{"u", {}, {&partition, 1}},
        schema::ProduceRequest::Topic{"t", {}, {&partition, 1}}};
    ProduceOne one(records);
    one.request.topic_data = topics;
    const auto& answer = bench.client().ask<Response>(one.request, 9);
    REQUIRE(answer.responses.size() == 3);
    CHECK(answer.responses[0].partition_responses[0].error_code ==
          ErrorCode::unknown_topic_or_partition);
    CHECK(answer.responses[1].partition_responses[0].error_code == ErrorCode::none);
    CHECK(answer.responses[2].partition_responses[0].error_code == ErrorCode::none);
    CHECK(bench.stored("u").size() == 1);
    CHECK(bench.stored("t").size() == 1);
}

TEST_CASE("produce: a repeated batch of an idempotent producer gets the offsets of the first",
          "[data][produce]") {
    Bench bench;
    BatchShape shape;
    shape.options.producer_id = ProducerId(7);
    shape.options.producer_epoch = ProducerEpoch(0);
    shape.options.base_sequence = Sequence(0);
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto& partition = bench.produce(make_batch(shape));
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.base_offset == Offset(0));
    }
    bench.world.run_for(std::chrono::seconds(1));  // a new leader is not sure
    shape.options.base_sequence = Sequence(5);
    CHECK(bench.produce(make_batch(shape)).error_code == ErrorCode::out_of_order_sequence_number);
    CHECK(bench.stored().size() == 1);
}

TEST_CASE("produce: a client that may not write to a topic appends nothing, in every version",
          "[data][produce]") {
    Bench bench;
    const auto version = GENERATE(std::int16_t{3}, std::int16_t{9}, std::int16_t{13});
    bench.world.forbid(Operation::write, topic_resource("t"));
    const Buffer batch = make_batch({});
    const ProduceOne one(batch.view(), {"t", bench.world.id_of("t")});
    CHECK(bench.produce(one.request, version).error_code == ErrorCode::topic_authorization_failed);
    CHECK(bench.stored().empty());
}

}  // namespace
}  // namespace hw::broker
