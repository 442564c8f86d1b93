#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "broker/coordinator/group/group_machine.h"
#include "broker/coordinator/runtime/log_replay.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/control_record.h"
#include "protocol/schema/group_record.h"
#include "test/sim/scheduler.h"
#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

std::string file(const std::string& name) {
    std::ifstream stream(std::string(HW_KAFKA_FILES) + "/" + name, std::ios::binary);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// A machine that is loaded from logs.
struct Loading {
    Result<void> load(ByteView batches) {
        std::optional<Result<void>> outcome;
        shard.spawn(run(batches, outcome));
        REQUIRE(scheduler.run_until([&] { return outcome.has_value(); }, kNever));
        return *outcome;
    }
    std::string offset(std::string_view group, std::string_view topic, std::int32_t partition) {
        const NamedPartition asked{topic, PartitionIndex(partition)};
        return fmt::format("{}", machine.fetch(group, {&asked, 1})[0].committed.offset);
    }

    Task<> run(ByteView batches, std::optional<Result<void>>& outcome) {
        const auto applied = co_await replay.apply(batches);
        outcome = applied;
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    GroupMachine machine{{}};
    LogReplay replay{shard, machine};
};

TEST_CASE("load: the offsets in Kafka's own log are those that its dump tool shows",
          "[groups][golden]") {
    Loading first;
    const std::string log = file("consumer_offsets-0.log");
    REQUIRE(first.load(as_bytes(log)).has_value());
    CHECK(first.offset("sample-group", "codec-none", 0) == "90");
    // Committed in a transaction that was committed.
    CHECK(first.offset("sample-group", "txn", 0) == "3");
    CHECK(first.offset("sample-group", "txn", 1) == "12");
    CHECK(first.offset("sample-group", "txn", 2) == "-1");
    Loading second;
    const std::string other = file("consumer_offsets-1.log");
    REQUIRE(second.load(as_bytes(other)).has_value());
    CHECK(second.offset("new-protocol", "codec-zstd", 0) == "300");
    CHECK(second.offset("sample-848", "codec-none", 0) == "50");
}

/// A batch of one commit of group "g".
Buffer commit_of(std::int64_t offset, const record::BatchOptions& options = {}) {
    const auto bytes = schema::encode_group_record(schema::OffsetCommitRecord{
        .key = {.group = "g", .topic = "t", .partition = PartitionIndex(0)},
        .value = schema::OffsetCommitValue{.offset = Offset(offset), .metadata = ""}});
    REQUIRE(bytes.has_value());
    record::BatchBuilder builder(options);
    builder.add({.key = bytes->key(), .value = bytes->value(), .headers = {}});
    record::Compressor compressor;
    return std::move(*builder.finish(compressor));
}

Buffer marker_of(record::ControlType type, ProducerId producer) {
    record::BatchOptions options;
    options.producer_id = producer;
    options.producer_epoch = ProducerEpoch(0);
    options.transactional = true;
    options.control = true;
    record::BatchBuilder builder(options);
    const auto key = record::encode_control_key(type);
    const auto value = record::encode_end_transaction(record::CoordinatorEpoch(0));
    builder.add({.key = ByteView(key), .value = ByteView(value), .headers = {}});
    record::Compressor compressor;
    return std::move(*builder.finish(compressor));
}

TEST_CASE("load: the offsets of a transaction count when it is committed, not before", "[groups]") {
    record::BatchOptions in_transaction;
    in_transaction.producer_id = ProducerId(7);
    in_transaction.producer_epoch = ProducerEpoch(0);
    in_transaction.base_sequence = Sequence(0);
    in_transaction.transactional = true;
    Loading loading;
    REQUIRE(loading.load(commit_of(1).view()));
    REQUIRE(loading.load(commit_of(2, in_transaction).view()));
    CHECK(loading.offset("g", "t", 0) == "1");
    SECTION("committed") {
        REQUIRE(loading.load(marker_of(record::ControlType::commit, ProducerId(8)).view()));
        CHECK(loading.offset("g", "t", 0) == "1");
        REQUIRE(loading.load(marker_of(record::ControlType::commit, ProducerId(7)).view()));
        CHECK(loading.offset("g", "t", 0) == "2");
    }
    SECTION("aborted") {
        REQUIRE(loading.load(marker_of(record::ControlType::abort, ProducerId(7)).view()));
        REQUIRE(loading.load(marker_of(record::ControlType::commit, ProducerId(7)).view()));
        CHECK(loading.offset("g", "t", 0) == "1");
    }
}

TEST_CASE("load: compressed batches are read, too", "[groups]") {
    Loading loading;
    record::BatchOptions compressed;
    compressed.compression.codec = record::Codec::zstd;
    REQUIRE(loading.load(commit_of(5, compressed).view()));
    CHECK(loading.offset("g", "t", 0) == "5");
}

TEST_CASE("load: a record that cannot be read is an error that names its batch", "[groups]") {
    record::BatchOptions options;
    options.base_offset = Offset(17);
    record::BatchBuilder builder(options);
    const std::string key("\0\1\0\1g", 5);
    builder.add({.key = as_bytes(key), .value = as_bytes(key), .headers = {}});
    record::Compressor compressor;
    const Buffer batch = std::move(*builder.finish(compressor));
    Loading loading;
    const auto outcome = loading.load(batch.view());
    REQUIRE_FALSE(outcome.has_value());
    CHECK_THAT(outcome.error().message, Catch::StartsWith("the batch at offset 17: "));
}

}  // namespace
}  // namespace hw::broker
