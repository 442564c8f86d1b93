#include "protocol/record/batch_patch.h"
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

TEST_CASE("log: a retry of one of the last five batches gets the original offsets",
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

TEST_CASE("log: staged batches count for sequences and duplicates", "[storage][producer]") {
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

TEST_CASE("log: a lower producer epoch is fenced, a higher one must begin with sequence 0",
          "[storage][producer]") {
    LogFixture t;
    t.open();
    t.append(from_producer(0, 1, 3));
    CHECK(t.stage(from_producer(1, 1, 2)).error().code == ErrorCode::invalid_producer_epoch);
    CHECK(t.stage(from_producer(1, 1, 4)).error().code == ErrorCode::out_of_order_sequence_number);
    t.append(from_producer(0, 1, 4));
    CHECK(t.stage(from_producer(1, 1, 3)).error().code == ErrorCode::invalid_producer_epoch);
}

TEST_CASE("log: an unknown producer may begin at any sequence, unless the log never held a record",
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

TEST_CASE("log: a restart restores the producers from the snapshot and the log",
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
    for (int i = 4; i < 9; ++i) {
        CHECK(t.stage(from_producer(i))->duplicate);
        CHECK(t.stage(from_producer(i, 1, 0))->base_offset == Offset(i));
    }
    CHECK(t.stage(from_producer(3)).error().code == ErrorCode::out_of_order_sequence_number);
    CHECK(t.stage(from_producer(10)).error().code == ErrorCode::out_of_order_sequence_number);
}

/// A producer limit that the test sets.
class TestLimit final : public ProducerLimit {
public:
    explicit TestLimit(std::size_t max_count) : max_count_(max_count) {}
    void change(std::int64_t entries) override { count_ += entries; }
    [[nodiscard]] std::size_t count() const override { return static_cast<std::size_t>(count_); }
    [[nodiscard]] std::size_t max_count() const override { return max_count_; }

private:
    std::size_t max_count_;
    std::int64_t count_ = 0;
};

BatchShape from_new_producer(std::int64_t id) {
    return {.producer = ProducerId(id), .sequence = Sequence(0)};
}

TEST_CASE("log: at the limit of producers a new producer is refused, a known one is not",
          "[storage][producer]") {
    TestLimit limit(2);
    LogFixture t;
    t.producer_limit = &limit;
    t.open();
    t.append(from_new_producer(1));
    t.append(from_new_producer(2));
    CHECK(limit.count() == 2);
    const auto refused = t.stage(from_new_producer(3));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::not_enough_replicas);
    CHECK(refused.error().message.find("producer 3 is new") != std::string::npos);
    CHECK(refused.error().message.find("limit of 2") != std::string::npos);
    CHECK(refused.error().message.find("highwater.memory.limit") != std::string::npos);
    CHECK(t.log->staged_end_offset() == Offset(2));
    BatchShape next = from_new_producer(2);
    next.sequence = Sequence(1);
    t.append(next);
    t.append({});  // without a producer id
    CHECK(limit.count() == 2);
}

TEST_CASE("log: the limit of producers does not apply to followers and recovery",
          "[storage][producer]") {
    TestLimit limit(1);
    LogFixture t;
    t.producer_limit = &limit;
    t.open();
    for (int i = 0; i < 3; ++i) {
        Buffer batch = make_batch(from_new_producer(i));
        record::set_base_offset(batch.bytes(), Offset(i));
        record::set_leader_epoch(batch.bytes(), LeaderEpoch(0));
        t.batches.push_back(std::move(batch));
        REQUIRE(t.log->stage_from_leader(t.batches.back().view()).has_value());
        REQUIRE(t.write().has_value());
    }
    CHECK(limit.count() == 3);
    t.log.reset();
    CHECK(limit.count() == 0);
    t.disk.process_kill();
    t.open();
    CHECK(limit.count() == 3);
    REQUIRE(t.truncate(Offset(1)).has_value());
    CHECK(limit.count() == 1);
}

/// Expires producers in as many calls as it takes. Returns the number of calls.
int expire(LogFixture& t, std::int64_t now, std::int64_t idle_ms) {
    int calls = 1;
    while (t.log->expire_producers(Timestamp(now), std::chrono::milliseconds(idle_ms))) {
        ++calls;
    }
    return calls;
}

TEST_CASE("log: a producer that is idle for long is forgotten, and may then begin at any sequence",
          "[storage][producer]") {
    TestLimit limit(1);
    LogFixture t;
    t.producer_limit = &limit;
    t.open();
    BatchShape old_timestamps = from_new_producer(7);
    old_timestamps.timestamp = Timestamp(1);
    t.batches.push_back(make_batch(old_timestamps));
    // The records are from 1970; the broker received them at 5000.
    const NewBatch batch{t.batches.back().bytes(), LeaderEpoch(0), {}, Timestamp(5000)};
    REQUIRE(t.log->stage(batch).has_value());
    REQUIRE(t.write().has_value());
    expire(t, 5999, 1000);
    CHECK(t.log->producers().size() == 1);
    expire(t, 6000, 1000);
    CHECK(t.log->producers().empty());
    CHECK(limit.count() == 0);
    t.append(from_producer(33));
}

TEST_CASE(
    "log: a follower, and a broker after a restart, do not know when a producer was last used, "
    "and keep it for a whole time",
    "[storage][producer]") {
    LogFixture t;
    t.open();
    BatchShape old_timestamps = from_new_producer(33);
    old_timestamps.timestamp = Timestamp(1);
    Buffer batch = make_batch(old_timestamps);
    record::set_base_offset(batch.bytes(), Offset(0));
    record::set_leader_epoch(batch.bytes(), LeaderEpoch(0));
    t.batches.push_back(std::move(batch));
    REQUIRE(t.log->stage_from_leader(t.batches.back().view()).has_value());
    REQUIRE(t.write().has_value());
    expire(t, 5000, 1000);
    expire(t, 5999, 1000);
    CHECK(t.log->producers().size() == 1);
    t.log.reset();
    t.disk.process_kill();
    t.open();
    expire(t, 9000, 1000);
    CHECK(t.log->producers().size() == 1);
    expire(t, 10'000, 1000);
    CHECK(t.log->producers().empty());
}

TEST_CASE("log: a million producers make no roll, append or step of expiry more expensive",
          "[storage][producer]") {
    constexpr std::int64_t kProducers = 1'000'000;
    constexpr int kNew = 10'000;
    ProducerTable table;
    for (std::int64_t id = 0; id < kProducers; ++id) {
        ProducerEntry entry;
        entry.epoch = ProducerEpoch(0);
        entry.last_timestamp = Timestamp(id);
        entry.last_used = Timestamp(id);
        entry.batches[entry.batch_count++] = {Offset(id), Timestamp(id), Sequence(0), 0};
        table.put(ProducerId(id), entry);
    }
    LogFixture t;
    t.options.segment_bytes = 8192;
    auto contents = t.load(Shutdown::unclean, Offset(0));
    REQUIRE(contents.has_value());
    contents->producers = std::move(table);
    t.make(std::move(*contents));
    t.append({});
    const auto start = t.log->producers().copied();
    std::size_t slots_max = 0;
    std::size_t references_max = 0;
    for (int i = 0; i < kNew; ++i) {
        const auto before = t.log->producers().copied();
        t.append(from_new_producer(kProducers + i));
        const auto& after = t.log->producers().copied();
        slots_max = std::max(slots_max, after.slots - before.slots);
        references_max = std::max(references_max, after.references - before.references);
    }
    const std::size_t rolls = t.log->segments().size() - 1;
    CHECK(rolls > 50);
    // A roll copies the root, an append at most one page of each level.
    CHECK(slots_max <= ProducerPages::kLeafSlots);
    CHECK(references_max <= 300 + ProducerPages::kBranchLeaves);
    CHECK(t.log->producers().copied().slots - start.slots <= rolls * ProducerPages::kLeafSlots);
    REQUIRE(t.sync().has_value());
    CHECK_FALSE(t.disk.contents(t.newest_snapshot()).empty());
    const std::size_t before = t.log->producers().size();
    CHECK(t.log->expire_producers(Timestamp(kProducers), std::chrono::milliseconds(1)));
    CHECK(before - t.log->producers().size() <= 16 * ProducerPages::kLeafSlots);
}

TEST_CASE("log: a snapshot is written by a separate job, and read at the next start",
          "[storage][producer]") {
    LogFixture t;
    t.options.segment_bytes = 400;
    t.open();
    for (int i = 0; i < 9; ++i) {
        t.append(from_producer(i));
    }
    REQUIRE(t.log->segments().size() > 2);
    CHECK(t.newest_snapshot().empty());
    auto job = t.log->begin_sync();
    REQUIRE(job.has_value());
    REQUIRE(job->snapshot.has_value());
    const auto sync = job->run();
    t.log->on_synced(job->ticket, sync);
    CHECK(t.newest_snapshot().empty());
    const auto written = job->snapshot->run();
    SECTION("the log is appended to meanwhile") {
        t.append(from_producer(9));
        t.log->on_snapshot_written(*job->snapshot, written);
        CHECK(t.newest_snapshot() == job->snapshot->path());
        const auto table = read_producer_snapshot(t.disk, t.newest_snapshot());
        REQUIRE(table.has_value());
        // The snapshot has the producers at the time when the segment was sealed.
        CHECK(table->find(ProducerId(7))->last_batch().last_offset ==
              job->snapshot->ticket.end_offset - 1);
    }
    SECTION("the log is truncated meanwhile") {
        REQUIRE(t.truncate(Offset(1)).has_value());
        t.log->on_snapshot_written(*job->snapshot, written);
        CHECK(t.newest_snapshot().empty());
        CHECK_FALSE(*t.disk.exists(job->snapshot->draft_path()));
    }
    SECTION("the disk fails meanwhile") {
        t.log->on_snapshot_written(*job->snapshot, fail(ErrorKind::io, "no"));
        CHECK(t.log->offline().has_value());
        CHECK(t.failures.size() == 1);
    }
    SECTION("the machine loses power meanwhile") {
        const auto before = t.log->producers();
        t.disk.power_loss();
        t.open(Shutdown::unclean, Offset(9));
        CHECK(t.log->producers() == before);
    }
}

TEST_CASE("log: a snapshot of truncated records is not used after a kill", "[storage][producer]") {
    LogFixture t;
    t.options.segment_bytes = 400;
    t.open();
    for (int i = 0; i < 9; ++i) {
        t.append(from_producer(i));
    }
    const auto job = t.log->begin_sync();
    REQUIRE(job->snapshot.has_value());
    t.log->on_synced(job->ticket, job->run());
    REQUIRE(t.truncate(Offset(1)).has_value());
    for (int i = 1; i < 9; ++i) {
        t.append(from_new_producer(i));
    }
    REQUIRE(job->snapshot->run().has_value());
    CHECK(t.newest_snapshot().empty());
    const auto before = t.log->producers();
    t.disk.process_kill();
    t.open(Shutdown::unclean, Offset(1));
    CHECK(t.log->producers().size() == before.size());
    CHECK(t.log->producers().find(ProducerId(7))->last_batch().last_offset == Offset(0));
    CHECK(t.log->producers().find(ProducerId(1)) != nullptr);
}

}  // namespace
}  // namespace hw::storage
