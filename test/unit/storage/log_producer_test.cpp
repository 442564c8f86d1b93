#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

using wire::ErrorCode;

BatchShape from_producer(int sequence, int records = 1, int epoch = 0) {
    return {.records = records,
            .producer = ProducerId(7),
            .epoch = ProducerEpoch(static_cast<std::int16_t>(epoch)),
            .sequence = Sequence(sequence)};
}

TEST_CASE("log: a retry of one of the last five batches gets the first offsets",
          "[storage][producer]") {
    LogFixture t;
    t.open();
    for (int i = 0; i < 6; ++i) {
        t.append(from_producer(2 * i, 2));
    }
    const auto retry = t.stage(from_producer(2, 2));
    REQUIRE(retry.has_value());
    CHECK(retry->duplicate);
    CHECK(retry->base_offset == Offset(2));
    CHECK(retry->last_offset == Offset(3));
    CHECK(t.log->staged_end_offset() == Offset(12));
    CHECK(t.stage(from_producer(0, 2)).error().code == ErrorCode::out_of_order_sequence_number);
}

TEST_CASE("log: what is staged counts for sequences and duplicates", "[storage][producer]") {
    LogFixture t;
    t.open();
    REQUIRE(t.stage(from_producer(0, 2)).has_value());
    CHECK(t.stage(from_producer(0, 2))->duplicate);
    CHECK(t.stage(from_producer(3)).error().code == ErrorCode::out_of_order_sequence_number);
    REQUIRE(t.stage(from_producer(2)).has_value());
    REQUIRE(t.write().has_value());
    CHECK(t.log->log_end_offset() == Offset(3));
    CHECK(t.log->producers().find(ProducerId(7))->batch_count == 2);
}

TEST_CASE("log: a lower producer epoch is fenced, a higher one begins with sequence 0",
          "[storage][producer]") {
    LogFixture t;
    t.open();
    t.append(from_producer(0, 1, 3));
    CHECK(t.stage(from_producer(1, 1, 2)).error().code == ErrorCode::invalid_producer_epoch);
    CHECK(t.stage(from_producer(1, 1, 4)).error().code == ErrorCode::out_of_order_sequence_number);
    t.append(from_producer(0, 1, 4));
    CHECK(t.stage(from_producer(1, 1, 3)).error().code == ErrorCode::invalid_producer_epoch);
}

TEST_CASE("log: an unknown producer may begin anywhere but in a log that never held a record",
          "[storage][producer]") {
    LogFixture t;
    t.open();
    const auto refused = t.stage(from_producer(5));
    CHECK(refused.error().code == ErrorCode::out_of_order_sequence_number);
    CHECK(refused.error().message.find("sequence 5") != std::string::npos);
    t.append({});
    CHECK(t.stage(from_producer(5)).has_value());
}

TEST_CASE("log: after sequence 2^31-1 comes 0", "[storage][producer]") {
    LogFixture t;
    t.open();
    t.append({});
    t.append(from_producer(INT32_MAX - 1, 2));
    CHECK(t.stage(from_producer(1)).error().code == ErrorCode::out_of_order_sequence_number);
    t.append(from_producer(0, 3));
    t.append(from_producer(3));
}

TEST_CASE("log: records outside of a transaction are refused while one is open",
          "[storage][producer]") {
    LogFixture t;
    t.open();
    BatchShape first = from_producer(0, 2);
    first.transactional = true;
    t.append(first);
    CHECK(t.log->producers().find(ProducerId(7))->transaction_start == Offset(0));
    CHECK(t.stage(from_producer(2)).error().code == ErrorCode::invalid_txn_state);
}

TEST_CASE("log: producers after a restart are those of before, from snapshot and replay",
          "[storage][producer]") {
    LogFixture t;
    t.options.segment_bytes = 400;
    t.open();
    for (int i = 0; i < 9; ++i) {
        t.append(from_producer(i));
    }
    REQUIRE(t.sync().has_value());
    const auto before = t.log->producers();
    SECTION("a clean stop") {
        REQUIRE(t.log->close().has_value());
        t.open(Shutdown::clean, Offset(9));
        CHECK(t.log->producers() == as_in_snapshot(before));
    }
    SECTION("a kill") {
        t.disk.process_kill();
        t.open(Shutdown::unclean, Offset(9));
        CHECK(as_in_snapshot(t.log->producers()) == as_in_snapshot(before));
    }
    CHECK(t.stage(from_producer(8))->duplicate);
    CHECK(t.stage(from_producer(8, 1, 0))->base_offset == Offset(8));
    CHECK(t.stage(from_producer(10)).error().code == ErrorCode::out_of_order_sequence_number);
}

}  // namespace
}  // namespace hw::storage
