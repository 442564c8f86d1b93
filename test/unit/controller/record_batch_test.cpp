#include "controller/ops/record_batch.h"

#include <vector>

#include <catch2/catch.hpp>

namespace hw::controller {
namespace {

/// Changes of the ISRs of partitions 0, 1, 2, ..., each with `members` brokers.
RecordBatch changes(std::int32_t partitions, std::size_t members) {
    RecordBatch batch;
    const std::vector<BrokerId> isr(members, BrokerId(1'000'000));
    for (std::int32_t index = 0; index < partitions; ++index) {
        batch.add(schema::PartitionChangeRecord{.partition_id = PartitionIndex(index),
                                                .isr = batch.list(isr)},
                  ApiVersion(0));
    }
    return batch;
}

std::size_t encoded_bytes(const RecordBatch& batch) {
    std::size_t bytes = 0;
    for (const auto& [version, record] : batch.records()) {
        bytes += schema::encode_metadata_record(record, version)->size();
    }
    return bytes;
}

/// The parts, after a check that they have the records of `batch` in order.
std::vector<RecordBatch> parts_of(const RecordBatch& batch) {
    std::vector<RecordBatch> parts = batch.split();
    std::int32_t next = 0;
    for (const RecordBatch& part : parts) {
        CHECK_FALSE(part.empty());
        for (const auto& each : part.records()) {
            const auto& change = std::get<schema::PartitionChangeRecord>(each.record);
            CHECK(change.partition_id == PartitionIndex(next++));
        }
    }
    CHECK(static_cast<std::size_t>(next) == batch.size());
    return parts;
}

TEST_CASE("record batch: small records are split by their number", "[controller]") {
    CHECK(RecordBatch().split().empty());
    CHECK(parts_of(changes(RecordBatch::kMaxRecords, 3)).size() == 1);
    const auto parts = parts_of(changes(RecordBatch::kMaxRecords + 1, 3));
    REQUIRE(parts.size() == 2);
    CHECK(parts[1].size() == 1);
}

TEST_CASE("record batch: large records are split by their bytes, below what Kafka accepts",
          "[controller]") {
    constexpr std::size_t kKafkaMax = std::size_t{8} << 20;
    const auto parts = parts_of(changes(900, 5'000));
    CHECK(parts.size() == 5);
    for (const RecordBatch& part : parts) {
        CHECK(encoded_bytes(part) < kKafkaMax);
    }
}

TEST_CASE("record batch: a record that is too large alone has a batch of its own", "[controller]") {
    CHECK(parts_of(changes(3, 1'500'000)).size() == 3);
}

}  // namespace
}  // namespace hw::controller
