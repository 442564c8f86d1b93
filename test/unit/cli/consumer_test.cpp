#include "tools/cli/consumer.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/batch_builder.h"
#include "protocol/schema/api/list_offsets.h"
#include "test/support/scripted_broker.h"

namespace hw::cli {
namespace {

using client::ScriptedBroker;
using client::ScriptedRequest;

/// A batch of two records, the first with that offset.
std::string batch_at(std::int64_t base_offset) {
    record::BatchBuilder builder({});
    for (int i = 0; i < 2; ++i) {
        builder.add({{}, as_bytes("value"), {}, Timestamp(1000)});
    }
    record::Compressor compressor;
    auto batch = builder.finish(compressor);
    REQUIRE(batch.has_value());
    store_big_endian(batch->data(), base_offset);  // no checksum covers it
    return std::string(as_text(batch->view()));
}

std::string offset_answer(const ScriptedRequest& request) {
    Arena arena(1 << 16);
    const auto asked = request.decoded<schema::ListOffsetsRequest>(arena);
    const bool is_end = asked.topics[0].partitions[0].timestamp == client::kLogEnd;
    const std::array partitions{schema::ListOffsetsResponse::Partition{
        .partition_index = PartitionIndex(0), .offset = Offset(is_end ? 10 : 0)}};
    const std::array topics{
        schema::ListOffsetsResponse::Topic{.name = "t", .partitions = partitions}};
    schema::ListOffsetsResponse response;
    response.topics = topics;
    return request.answer(response);
}

std::string fetch_answer(const ScriptedRequest& request, const std::string& records) {
    const std::array slices{as_bytes(records)};
    const std::array partitions{schema::FetchResponse::Partition{
        .partition_index = PartitionIndex(0), .high_watermark = Offset(10), .records = slices}};
    const std::array topics{schema::FetchResponse::Topic{
        .topic = "t", .topic_id = client::kTopicId, .partitions = partitions}};
    schema::FetchResponse response;
    response.responses = topics;
    return request.answer(response);
}

/// A consumer of partition t-0, offsets 0 to 10, from offset 3 on. Every fetch is answered with
/// `records`.
struct Bench {
    explicit Bench(std::string records_of_fetch,
                   const ConsumerOptions& options = {.topic = "t", .start = Offset(3)})
        : records(std::move(records_of_fetch)),
          consumer(*client, options, [this](PartitionIndex, const record::RecordView& record) {
              read.push_back(record.offset);
          }) {
        REQUIRE(client.has_value());
        REQUIRE(consumer.start({PartitionIndex(0)}));
    }
    [[nodiscard]] std::string answer(const ScriptedRequest& request,
                                     const config::Address& address) const {
        if (request.header.request_api_key == schema::ApiKey::fetch) {
            return fetch_answer(request, records);
        }
        if (request.header.request_api_key == schema::ApiKey::list_offsets) {
            return offset_answer(request);
        }
        const std::array led{
            schema::MetadataResponse::Partition{.error_code = wire::ErrorCode::none,
                                                .partition_index = PartitionIndex(0),
                                                .leader_id = BrokerId(1)}};
        return client::metadata_answer(request, address, wire::ErrorCode::none, led);
    }

    std::string records;
    ScriptedBroker broker{[this](const ScriptedRequest& request, const config::Address& address) {
        return answer(request, address);
    }};
    Result<client::Client> client = client::Client::connect({.servers = {broker.address()}});
    std::vector<Offset> read;
    Consumer consumer;
};

TEST_CASE("consumer: records before the position in its batch are not read", "[cli][consume]") {
    Bench bench(batch_at(2) + batch_at(4));
    REQUIRE(bench.consumer.poll());
    CHECK(bench.read == std::vector{Offset(3), Offset(4), Offset(5)});
    CHECK(bench.consumer.positions()[0].next_offset == Offset(6));
}

TEST_CASE("consumer: after the last record that was asked for, it goes on in the middle of a batch",
          "[cli][consume]") {
    Bench bench(batch_at(3), {.topic = "t", .start = Offset(3), .most_records = 1});
    CHECK_FALSE(bench.consumer.is_done());
    REQUIRE(bench.consumer.poll());
    CHECK(bench.consumer.is_done());
    CHECK(bench.read == std::vector{Offset(3)});
    CHECK(bench.consumer.all_positions()[0].next_offset == Offset(4));
}

TEST_CASE("consumer: at the end that the partition had, it goes on in the middle of a batch",
          "[cli][consume]") {
    Bench bench(batch_at(9), {.topic = "t", .start = Offset(9), .at_end = AtEnd::stop});
    REQUIRE(bench.consumer.poll());
    CHECK(bench.consumer.is_done());
    CHECK(bench.read == std::vector{Offset(9)});
    CHECK(bench.consumer.positions().empty());
    REQUIRE(bench.consumer.all_positions().size() == 1);
    CHECK(bench.consumer.all_positions()[0].next_offset == Offset(10));
}

TEST_CASE("consumer: it resumes at the committed offset, or the nearest one in the log",
          "[cli][consume]") {
    Bench bench("");
    const auto [committed, next] =
        GENERATE(std::pair<std::optional<Offset>, Offset>{Offset(7), Offset(7)},
                 std::pair<std::optional<Offset>, Offset>{Offset(99), Offset(10)},
                 std::pair<std::optional<Offset>, Offset>{std::nullopt, Offset(3)});
    REQUIRE(bench.consumer.resume({{PartitionIndex(0), committed}}));
    REQUIRE(bench.consumer.positions().size() == 1);
    CHECK(bench.consumer.positions()[0].next_offset == next);
    REQUIRE(bench.consumer.resume({}));
    CHECK(bench.consumer.positions().empty());
    CHECK_FALSE(bench.consumer.is_done());
}

TEST_CASE("consumer: a broker that gives no later offset is an error, not an endless read",
          "[cli][consume]") {
    const bool is_cut = GENERATE(false, true);
    Bench bench(is_cut ? batch_at(3).substr(0, 40) : batch_at(1));
    const auto polled = bench.consumer.poll();
    REQUIRE_FALSE(polled);
    CHECK(polled.error().kind == ErrorKind::corrupt);
    CHECK(bench.read.empty());
    CAPTURE(polled.error().message);
    if (is_cut) {
        CHECK(polled.error().message.starts_with("partition t-0, from offset 3 on: "));
    } else {
        CHECK(
            polled.error().message ==
            "partition t-0, batch at offset 1: it ends at offset 2, but 3 or higher was expected");
    }
}

}  // namespace
}  // namespace hw::cli
