#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/record/batch_cursor.h"
#include "protocol/record/compressor.h"
#include "protocol/record/control_record.h"
#include "protocol/record/record.h"
#include "protocol/record/record_scanner.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

std::string time_of(const BatchHeader& batch, Timestamp timestamp) {
    const bool append = batch.timestamp_type() == TimestampType::log_append_time;
    return fmt::format("{}: {}", append ? "LogAppendTime" : "CreateTime", timestamp);
}

/// A batch as the line that kafka-dump-log prints for it.
std::string dump(const BatchView& batch, std::size_t position) {
    const auto horizon = batch.delete_horizon();
    return fmt::format(
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} "
        "producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} isControl: {} "
        "deleteHorizonMs: OptionalLong{} position: {} {} size: {} magic: 2 compresscodec: {} crc: "
        "{} isvalid: {}",
        batch.base_offset(), batch.last_offset(), batch.count(), batch.base_sequence(),
        batch.last_sequence(), batch.producer_id(), batch.producer_epoch(), batch.leader_epoch(),
        batch.is_transactional(), batch.is_control(),
        horizon ? fmt::format("[{}]", *horizon) : ".empty", position,
        time_of(batch, batch.max_timestamp()), batch.size(), to_string(batch.codec().value()),
        batch.crc(), batch.crc_matches());
}

std::string dump_control(const RecordView& record) {
    const auto type = parse_control_key(record.key.value());
    const auto epoch = parse_end_transaction(record.value.value());
    REQUIRE(type);
    REQUIRE(epoch);
    return fmt::format(" endTxnMarker: {} coordinatorEpoch: {}",
                       *type == ControlType::commit ? "COMMIT" : "ABORT", *epoch);
}

/// A record as the line that kafka-dump-log prints for it.
std::string dump(const BatchView& batch, const RecordView& record) {
    std::vector<std::string_view> headers;
    HeaderCursor cursor = record.headers;
    while (const auto header = cursor.next()) {
        headers.push_back(header->key);
    }
    const auto size = [](const NullableBytes& bytes) {
        return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
    };
    std::string line = fmt::format(
        "| offset: {} {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]", record.offset,
        time_of(batch, record.timestamp), size(record.key), size(record.value),
        sequence_after(batch.base_sequence(), record.offset_delta), fmt::join(headers, ","));
    if (batch.is_control()) {
        return line + dump_control(record);
    }
    if (record.key) {
        line += fmt::format(" key: {}", as_text(*record.key));
    }
    if (record.value) {
        line += fmt::format(" payload: {}", as_text(*record.value));
    }
    return line;
}

std::vector<std::string> dump_segment(const std::string& bytes) {
    std::vector<std::string> lines;
    Decompressor decompressor;
    BatchCursor batches(as_bytes(bytes));
    std::size_t position = 0;
    while (const auto batch = batches.next()) {
        lines.push_back(dump(*batch, position));
        position = batches.position();
        Buffer plain = test::copy_of(batch->records());
        if (batch->codec() != Codec::none) {
            auto out = decompressor.decompress(batch->codec().value(), batch->records());
            REQUIRE(out);
            plain = std::move(*out);
        }
        RecordCursor records(*batch, plain.view());
        while (const auto record = records.next()) {
            lines.push_back(dump(*batch, *record));
        }
        REQUIRE(records.status());
    }
    REQUIRE(batches.status());
    return lines;
}

void check_against_dump(const std::string& name, std::size_t line_count) {
    CAPTURE(name);
    const auto lines = dump_segment(test::golden("kafka/" + name + ".log"));
    std::istringstream expected(test::golden("kafka/" + name + ".txt"));
    std::size_t at = 0;
    for (std::string line; std::getline(expected, line); ++at) {
        REQUIRE(at < lines.size());
        REQUIRE(lines[at] == line);
    }
    REQUIRE(at > 10);
    REQUIRE(lines.size() == line_count);
}

TEST_CASE("kafka: segments of Kafka in every codec read as Kafka's dump tool prints them",
          "[record][kafka]") {
    for (const Codec codec : test::kCodecs) {
        check_against_dump(fmt::format("codec-{}", to_string(codec)), 301);
    }
}

TEST_CASE("kafka: append time, compacted batches and transactions read as Kafka's dump prints them",
          "[record][kafka]") {
    check_against_dump("appendtime", 21);
    check_against_dump("nulls", 12);
    check_against_dump("txn", 20);
}

TEST_CASE("kafka: the contents of Kafka's segments are rebuilt byte for byte", "[record][kafka]") {
    Compressor compressor;
    for (const char* name : {"codec-none", "txn"}) {
        CAPTURE(name);
        const std::string bytes = test::golden(fmt::format("kafka/{}.log", name));
        BatchCursor batches(as_bytes(bytes));
        std::string rebuilt;
        while (const auto batch = batches.next()) {
            BatchOptions options;
            options.base_offset = batch->base_offset();
            options.leader_epoch = batch->leader_epoch();
            options.producer_id = batch->producer_id();
            options.producer_epoch = batch->producer_epoch();
            options.base_sequence = batch->base_sequence();
            options.transactional = batch->is_transactional();
            options.control = batch->is_control();
            rebuilt += as_text(test::build(test::read_all(*batch), options).view());
        }
        CHECK(rebuilt == bytes);
    }
}

TEST_CASE("kafka: our commit marker has the same bytes as that of Kafka", "[record][kafka]") {
    const std::string bytes = test::golden("kafka/txn.log");
    BatchCursor batches(as_bytes(bytes));
    REQUIRE(batches.next());
    const auto marker = batches.next();
    REQUIRE(marker);
    BatchOptions options;
    options.base_offset = marker->base_offset();
    options.leader_epoch = LeaderEpoch{0};
    options.producer_id = ProducerId{5};
    options.producer_epoch = ProducerEpoch{0};
    options.transactional = true;
    options.control = true;
    BatchBuilder builder(options);
    const auto key = encode_control_key(ControlType::commit);
    const auto value = encode_end_transaction(CoordinatorEpoch{0});
    builder.add({.key = ByteView(key),
                 .value = ByteView(value),
                 .headers = {},
                 .timestamp = marker->max_timestamp()});
    Compressor compressor;
    const auto ours = builder.finish(compressor);
    REQUIRE(ours);
    CHECK(as_text(ours->view()) == as_text(marker->bytes()));
}

}  // namespace
}  // namespace hw::record
