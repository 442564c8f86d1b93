#include "storage/log.h"

#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

using wire::ErrorCode;

TEST_CASE("log: staging assigns the offsets, and the write moves the log end", "[storage][log]") {
    LogFixture t;
    t.open();
    CHECK(t.stage({.records = 3})->base_offset == Offset(0));
    CHECK(t.stage({.records = 2})->base_offset == Offset(3));
    CHECK(t.log->log_end_offset() == Offset(0));
    CHECK(t.log->staged_end_offset() == Offset(5));
    REQUIRE(t.write().has_value());
    CHECK(t.log->log_end_offset() == Offset(5));
    CHECK(t.read(0) == std::vector<std::int64_t>{0, 3});
}

TEST_CASE("log: the offset and leader epoch are written into the batch in place",
          "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({.records = 3}, 4);
    t.append({}, 5);
    const auto batch = record::parse_batch(t.batches.back().view());
    CHECK(batch->base_offset() == Offset(3));
    CHECK(batch->leader_epoch() == LeaderEpoch(5));
    CHECK(batch->crc_matches());
    CHECK(t.stage({}, 4).error().code == ErrorCode::not_leader_or_follower);
}

TEST_CASE("log: with log append time all records have the time of the append", "[storage][log]") {
    LogFixture t;
    t.open();
    t.batches.push_back(make_batch({.records = 2}));
    const auto appended =
        t.log->stage({t.batches.back().bytes(), LeaderEpoch(0), Timestamp(77'000)});
    REQUIRE(appended.has_value());
    CHECK(appended->append_time == Timestamp(77'000));
    REQUIRE(t.write().has_value());
    const auto found = search(*t.log, Timestamp(77'000));
    REQUIRE(found.has_value());
    CHECK(**found == record::TimestampedOffset{Offset(0), Timestamp(77'000)});
}

TEST_CASE("log: a failed write undoes staged batches and takes the log offline", "[storage][log]") {
    LogFixture t;
    t.options.segment_bytes = 300;
    t.open();
    t.append({.producer = ProducerId(1)});
    const auto before = t.log->producers();
    t.disk.faults().space_left = 250;
    for (int i = 1; i < 4; ++i) {
        REQUIRE(t.stage({.producer = ProducerId(1), .sequence = Sequence(i)}, 1).has_value());
    }
    const auto outcome = t.write();
    CHECK_FALSE(outcome.has_value());
    CHECK(t.failures.size() == 1);
    CHECK(t.log->log_end_offset() == Offset(1));
    CHECK(t.log->staged_end_offset() == Offset(1));
    CHECK(t.log->producers() == before);
    CHECK(t.log->epochs().latest()->epoch == LeaderEpoch(0));
    const auto refused = t.stage({});
    CHECK(refused.error().code == ErrorCode::kafka_storage_error);
    CHECK(refused.error().message.find("No space left") != std::string::npos);
}

TEST_CASE("log: batches that are staged during a late write are written by the next one",
          "[storage][log]") {
    LogFixture t;
    t.open();
    t.disk.faults().late_write_one_in = 1;
    std::string order;
    const auto write = [&](char name) {
        t.log->write_staged([&order, &t, name](const Result<void>& outcome) {
            order += outcome ? fmt::format("{}{} ", name, t.log->log_end_offset()) : "failed ";
        });
    };
    t.batches.reserve(4);
    REQUIRE(t.stage({.records = 2, .producer = ProducerId(1)}).has_value());
    write('a');
    REQUIRE(t.stage({.producer = ProducerId(1), .sequence = Sequence(2)}).has_value());
    CHECK(t.stage({.records = 2, .producer = ProducerId(1)})->duplicate);
    write('b');
    write('c');
    CHECK(order.empty());
    SECTION("both succeed") {
        while (t.scheduler.step()) {
        }
        CHECK(order == "a2 b3 c3 ");
        CHECK(t.log->producers().find(ProducerId(1))->batch_count == 2);
        CHECK(t.read(0) == std::vector<std::int64_t>{0, 2});
    }
    SECTION("the first one fails, and so do the others") {
        t.disk.faults().write_error_one_in = 1;
        while (t.scheduler.step()) {
        }
        CHECK(order == "failed failed failed ");
        CHECK(t.log->staged_end_offset() == Offset(0));
        CHECK(t.log->producers().empty());
        CHECK(t.failures.size() == 1);
    }
}

TEST_CASE("log: it rolls by size, and reads continue in the next segment", "[storage][log]") {
    LogFixture t;
    t.options.segment_bytes = 250;
    t.open();
    for (int i = 0; i < 5; ++i) {
        REQUIRE(t.stage({}).has_value());
    }
    REQUIRE(t.write().has_value());
    CHECK(t.log->segments().size() == 3);
    CHECK(t.log->segments()[1].base_offset() == Offset(2));
    CHECK(t.read(0) == std::vector<std::int64_t>{0, 1});
    CHECK(t.read(2) == std::vector<std::int64_t>{2, 3});
    CHECK(t.read(3) == std::vector<std::int64_t>{3});
    CHECK(t.read(4) == std::vector<std::int64_t>{4});
    CHECK(t.stage({.value_size = 400}).error().code == ErrorCode::record_list_too_large);
}

TEST_CASE("log: it rolls by time, counted from the first batch of the segment", "[storage][log]") {
    LogFixture t;
    t.options.segment_ms = 100;
    t.open();
    t.append({.timestamp = Timestamp(1000)});
    t.append({.timestamp = Timestamp(1100)});
    CHECK(t.log->segments().size() == 1);
    t.append({.timestamp = Timestamp(1101)});
    CHECK(t.log->segments().size() == 2);
}

TEST_CASE("log: a batch with a time in the past never makes it roll", "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({.timestamp = Timestamp(1000)});
    t.batches.push_back(make_batch({}));
    const Timestamp long_ago(INT64_MIN);
    REQUIRE(t.log->stage({t.batches.back().bytes(), LeaderEpoch(0), long_ago}).has_value());
    REQUIRE(t.write().has_value());
    CHECK(t.log->segments().size() == 1);
}

TEST_CASE("log: it rolls when an index is full", "[storage][log]") {
    LogFixture t;
    t.options.index_interval_bytes = 1;
    t.options.segment_index_bytes = 6 * IndexEntry::kSize;
    t.open();
    for (int i = 0; i < 8; ++i) {
        t.append({});
    }
    CHECK(t.log->segments().size() == 2);
}

TEST_CASE("log: it rolls where a relative offset would exceed 31 bits", "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({});
    t.batches.push_back(make_batch({}));
    Buffer& far = t.batches.back();
    store_big_endian(far.data() + record::BatchLayout::kBaseOffset, std::int64_t{1} << 40);
    store_big_endian(far.data() + record::BatchLayout::kLeaderEpoch, std::int32_t{0});
    REQUIRE(t.log->stage_from_leader(far.view()).has_value());
    REQUIRE(t.write().has_value());
    CHECK(t.log->segments().size() == 2);
    CHECK(t.log->log_end_offset() == Offset((std::int64_t{1} << 40) + 1));
    CHECK(t.read(1) == std::vector<std::int64_t>{std::int64_t{1} << 40});
}

TEST_CASE("log: a read returns whole batches below the requested end", "[storage][log]") {
    LogFixture t;
    t.open();
    for (int i = 0; i < 4; ++i) {
        t.append({.records = 2});
    }
    const std::size_t one = t.batches[0].size();
    CHECK(t.read(0, 8) == std::vector<std::int64_t>{0, 2, 4, 6});
    CHECK(t.read(0, 7) == std::vector<std::int64_t>{0, 2, 4});
    CHECK(t.read(3, 6) == std::vector<std::int64_t>{2, 4});
    CHECK(t.read(0, 8, 2 * one + 1) == std::vector<std::int64_t>{0, 2});
    CHECK(t.read(0, 8, 1) == std::vector<std::int64_t>{0});
    CHECK(t.read(0, 1, 1).empty());
    CHECK(t.read(8).empty());
    const ReadRequest strict{Offset(0), Offset(8), one - 1, FirstBatch::within_limit};
    CHECK(t.log->read(strict, t.cursor)->bytes.size() == 0);
}

TEST_CASE("log: offsets outside of the log are out of range", "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({.records = 4});
    t.log->advance_log_start(Offset(2));
    const auto read = [&](std::int64_t from) {
        return t.log->read({Offset(from), Offset(100), 100}, t.cursor);
    };
    CHECK(read(1).error().code == ErrorCode::offset_out_of_range);
    CHECK(read(5).error().code == ErrorCode::offset_out_of_range);
    CHECK(read(2).has_value());
    CHECK(t.log->local_log_start_offset() == Offset(0));
}

TEST_CASE("log: a cursor continues where it was, and is ignored after a truncation",
          "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({});
    t.append({});
    CHECK(t.read(0, 100, 1) == std::vector<std::int64_t>{0});
    CHECK(t.cursor.offset == Offset(1));
    CHECK(t.cursor.position == t.batches[0].size());
    REQUIRE(t.truncate(Offset(0)).has_value());
    t.append({.value_size = 90});
    t.append({});
    CHECK(t.read(1) == std::vector<std::int64_t>{1});
}

TEST_CASE("log: a timestamp finds the exact record, in any segment", "[storage][log]") {
    LogFixture t;
    t.options.segment_bytes = 300;
    t.options.index_interval_bytes = 1;
    t.open();
    for (int i = 0; i < 6; ++i) {
        t.append({.records = 3, .timestamp = Timestamp(1000 + 10 * i)});
    }
    REQUIRE(t.log->segments().size() > 2);
    const auto find = [&](std::int64_t target) {
        const auto found = search(*t.log, Timestamp(target));
        REQUIRE(found.has_value());
        return *found ? (*found)->offset.value() : -1;
    };
    CHECK(find(0) == 0);
    CHECK(find(1001) == 1);
    CHECK(find(1003) == 3);
    CHECK(find(1032) == 11);
    CHECK(find(1052) == 17);
    CHECK(find(1053) == -1);
    CHECK((*search(*t.log))->offset == Offset(17));
    t.append({.timestamp = Timestamp(5)});
    CHECK((*search(*t.log))->offset == Offset(17));
}

TEST_CASE("log: batches from the leader must continue the log of the follower", "[storage][log]") {
    LogFixture leader;
    leader.open();
    for (const int epoch : {0, 0, 2}) {
        leader.append({.records = 2}, epoch);
    }
    const auto bytes = leader.log->read({Offset(0), Offset(6), 1 << 20}, leader.cursor);
    LogFixture t;
    t.open();
    const ByteView all = bytes->bytes.view();
    const auto appended = t.log->stage_from_leader(all.first(all.size() - 1));
    REQUIRE(appended.has_value());
    CHECK(appended->last_offset == Offset(3));
    REQUIRE(t.write().has_value());
    CHECK(t.log->stage_from_leader(all).error().code == ErrorCode::offset_out_of_range);
    const ByteView last = all.subspan(2 * leader.batches[0].size());
    REQUIRE(t.log->stage_from_leader(last).has_value());
    REQUIRE(t.write().has_value());
    CHECK(t.log->epochs() == leader.log->epochs());
    Buffer older = make_batch({});
    store_big_endian(older.data() + record::BatchLayout::kBaseOffset, std::int64_t{6});
    store_big_endian(older.data() + record::BatchLayout::kLeaderEpoch, std::int32_t{1});
    CHECK(t.log->stage_from_leader(older.view()).error().code == ErrorCode::fenced_leader_epoch);
    older.data()[older.size() - 1] ^= std::byte{1};
    CHECK(t.log->stage_from_leader(older.view()).error().code == ErrorCode::corrupt_message);
}

TEST_CASE("log: the durable end is where the log ended when the sync began", "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({});
    const auto job = t.log->begin_sync();
    REQUIRE(job.has_value());
    t.append({});
    CHECK_FALSE(t.log->begin_sync().has_value());
    REQUIRE(job->run().has_value());
    CHECK(t.log->durable_end_offset() == Offset(0));
    t.log->on_synced(job->ticket, {});
    CHECK(t.log->durable_end_offset() == Offset(1));
    REQUIRE(t.sync().has_value());
    CHECK(t.log->durable_end_offset() == Offset(2));
    CHECK_FALSE(t.log->begin_sync().has_value());
}

TEST_CASE("log: a sync that began before a truncation does not move the durable end",
          "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({.records = 5});
    const auto job = t.log->begin_sync();
    REQUIRE(t.truncate(Offset(0)).has_value());
    t.append({.records = 9});
    t.log->on_synced(job->ticket, {});
    CHECK(t.log->durable_end_offset() == Offset(0));
}

TEST_CASE("log: a failed sync takes the log offline", "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({});
    t.disk.faults().sync_error_one_in = 1;
    CHECK_FALSE(t.sync().has_value());
    CHECK(t.log->durable_end_offset() == Offset(0));
    CHECK(t.stage({}).error().code == ErrorCode::kafka_storage_error);
}

TEST_CASE("log: a truncation cuts whole batches, epochs, producers and later segments",
          "[storage][log]") {
    LogFixture t;
    t.options.segment_bytes = 300;
    t.open();
    for (int i = 0; i < 6; ++i) {
        t.append({.records = 2, .producer = ProducerId(1), .sequence = Sequence(2 * i)}, i / 2);
    }
    REQUIRE(t.log->segments().size() > 2);
    REQUIRE(t.sync().has_value());
    REQUIRE(t.truncate(Offset(7)).has_value());
    CHECK(t.log->log_end_offset() == Offset(6));
    CHECK(t.log->durable_end_offset() == Offset(6));
    CHECK(t.log->epochs().latest() == EpochStart{LeaderEpoch(1), Offset(4)});
    CHECK(t.log->producers().find(ProducerId(1))->last_batch().last_offset == Offset(5));
    CHECK(t.append({.producer = ProducerId(1), .sequence = Sequence(6)}, 3).base_offset ==
          Offset(6));
    CHECK(t.read(4).front() == 4);
    CHECK(t.read(6) == std::vector<std::int64_t>{6});
}

TEST_CASE("log: after a truncation into a gap the recovery point is not above the end",
          "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({.records = 2});
    t.batches.push_back(make_batch({}));
    Buffer& later = t.batches.back();
    store_big_endian(later.data() + record::BatchLayout::kBaseOffset, std::int64_t{20});
    store_big_endian(later.data() + record::BatchLayout::kLeaderEpoch, std::int32_t{0});
    REQUIRE(t.log->stage_from_leader(later.view()).has_value());
    REQUIRE(t.write().has_value());
    REQUIRE(t.sync().has_value());
    auto job = t.log->begin_truncation(Offset(10));
    REQUIRE(job.has_value());
    const Offset recovery_point = job->recovery_point;
    const auto outcome = job->run();
    t.log->finish_truncation(std::move(*job), outcome);
    CHECK(t.log->log_end_offset() == Offset(2));
    CHECK(t.load(Shutdown::unclean, recovery_point).has_value());
}

TEST_CASE("log: a truncation at the log end or above it changes nothing", "[storage][log]") {
    LogFixture t;
    t.open();
    t.append({}, 1);
    const auto truncations = t.log->truncations();
    REQUIRE(t.truncate(Offset(5)).has_value());
    CHECK(t.log->log_end_offset() == Offset(1));
    CHECK(t.log->truncations() == truncations);
}

TEST_CASE("log: a restart at an offset leaves an empty log there", "[storage][log]") {
    LogFixture t;
    t.options.segment_bytes = 200;
    t.open();
    for (int i = 0; i < 4; ++i) {
        t.append({.producer = ProducerId(1), .sequence = Sequence(i)});
    }
    auto job = t.log->begin_restart_at(Offset(1000));
    REQUIRE(job.has_value());
    CHECK(t.stage({}).error().code == ErrorCode::not_leader_or_follower);
    const auto outcome = job->run();
    REQUIRE(outcome.has_value());
    t.log->finish_truncation(std::move(*job), outcome);
    CHECK(t.log->log_start_offset() == Offset(1000));
    CHECK(t.log->log_end_offset() == Offset(1000));
    CHECK(t.log->durable_end_offset() == Offset(1000));
    CHECK(t.log->producers().empty());
    CHECK(t.log->epochs().entries().empty());
    CHECK(t.append({.producer = ProducerId(1), .sequence = Sequence(4)}).base_offset ==
          Offset(1000));
    t.open(Shutdown::unclean, Offset(1000));
    CHECK(t.read(1000) == std::vector<std::int64_t>{1000});
}

}  // namespace
}  // namespace hw::storage
