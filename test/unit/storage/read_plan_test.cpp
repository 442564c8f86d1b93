#include <limits>

#include <catch2/catch.hpp>

#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

using wire::ErrorCode;
using Bases = std::vector<std::int64_t>;

/// A log with a batch of one record at each offset from 0 to 5, two in each segment. Everything is
/// in memory, unless a test changes that.
struct Planned : LogFixture {
    explicit Planned(std::uint64_t seed = 1) : LogFixture(seed) {
        disk.faults().uncached_one_in = 0;
        options.segment_bytes = 2 * make_batch({}).size();
        options.index_interval_bytes = 1;
        open();
        for (int i = 0; i < 6; ++i) {
            append({.timestamp = Timestamp(1000 + i)});
        }
        REQUIRE(log->segments().size() == 3);
    }

    ReadPlan plan(std::int64_t from, std::int64_t end = INT64_MAX) {
        auto plan = log->plan_read({Offset(from), Offset(end), 1 << 20}, cursor);
        REQUIRE(plan.has_value());
        return std::move(*plan);
    }
    /// Moves the cursor to that offset, which does not begin a segment.
    void go_to(std::int64_t offset) {
        REQUIRE(read(offset - 1, INT64_MAX, 1) == Bases{offset - 1});
        REQUIRE(cursor.offset == Offset(offset));
    }
};

Bases bases(const Result<ReadAnswer>& answer) {
    INFO((answer ? "" : answer.error().message));
    REQUIRE(answer.has_value());
    Bases found;
    record::BatchCursor batches(answer->bytes.view());
    while (const auto batch = batches.next()) {
        found.push_back(batch->base_offset().value());
    }
    CHECK(batches.end() == record::BatchesEnd::complete);
    return found;
}

TEST_CASE("read plan: what is appended after the plan is not read", "[storage][plan][r9]") {
    Planned t;
    const bool knows_place = GENERATE(false, true);
    if (knows_place) {
        t.go_to(5);
    }
    ReadPlan plan = t.plan(knows_place ? 5 : 4);
    t.append({});
    CHECK(bases(plan.run(ReadMode::blocking)) == (knows_place ? Bases{5} : Bases{4, 5}));
}

TEST_CASE("read plan: batches that reach the end offset are not read", "[storage][plan][r9]") {
    Planned t;
    ReadPlan plan = t.plan(2, 3);
    CHECK(bases(plan.run(ReadMode::blocking)) == Bases{2});
    CHECK(t.plan(3, 3).empty());
}

TEST_CASE("read plan: a roll after the plan changes nothing", "[storage][plan]") {
    Planned t;
    const bool knows_place = GENERATE(false, true);
    const auto mode = GENERATE(ReadMode::cached, ReadMode::blocking);
    if (knows_place) {
        t.go_to(5);
    }
    ReadPlan plan = t.plan(5);
    for (int i = 0; i < 8; ++i) {
        t.append({});
    }
    REQUIRE(t.log->segments().size() == 7);
    auto answer = plan.run(mode);
    CHECK(bases(answer) == Bases{5});
    t.cursor = std::move(answer->cursor);
    CHECK(t.read(6) == Bases{6, 7});
}

TEST_CASE(
    "read plan: it fails if the log is truncated before its end, and reads none of the later "
    "bytes",
    "[storage][plan][truncation]") {
    Planned t;
    const auto from = GENERATE(1, 3, 5);
    const auto mode = GENERATE(ReadMode::cached, ReadMode::blocking);
    const bool knows_place = GENERATE(false, true);
    const bool finishes = GENERATE(false, true);
    if (knows_place) {
        t.go_to(from);
    }
    ReadPlan plan = t.plan(from);
    auto job = t.log->begin_truncation(Offset(1));
    REQUIRE(job.has_value());
    if (finishes) {
        const Result<void> outcome = job->run();
        t.log->finish_truncation(std::move(*job), outcome);
        for (int i = 0; i < 5; ++i) {
            t.append({}, 1);
        }
    }
    const auto answer = plan.run(mode);
    REQUIRE_FALSE(answer.has_value());
    if (answer.error().kind == ErrorKind::would_block) {
        CHECK(mode == ReadMode::cached);
    } else {
        CHECK(answer.error().kind == ErrorKind::busy);
        CHECK(t.log->report_failed_read(answer.error()).code == ErrorCode::not_leader_or_follower);
        CHECK(t.sink.lines.find("cannot read") == std::string::npos);
    }
}

TEST_CASE("read plan: a file that is removed stays readable for a plan that knows its place",
          "[storage][plan]") {
    Planned t;
    t.go_to(1);
    ReadPlan plan = t.plan(1);
    ReadPlan without_place = t.plan(0);
    REQUIRE(t.disk.remove_tree(t.folder).has_value());
    CHECK(bases(plan.run(ReadMode::cached)) == Bases{1});
    const auto failed = without_place.run(ReadMode::blocking);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().kind == ErrorKind::not_found);
    CHECK(t.log->report_failed_read(failed.error()).code == ErrorCode::kafka_storage_error);
}

TEST_CASE("read plan: a place in a sealed segment is not looked up without blocking",
          "[storage][plan]") {
    Planned t;
    ReadPlan plan = t.plan(1);
    const auto refused = plan.run(ReadMode::cached);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::would_block);
    auto found = plan.run(ReadMode::blocking);
    CHECK(bases(found) == Bases{1});
    CHECK_FALSE(found->cursor.file);  // it has read the segment to its end
}

TEST_CASE(
    "read plan: a place in the active segment is found without blocking, if its index is in "
    "memory",
    "[storage][plan]") {
    Planned t;
    t.options.segment_bytes = 1 << 20;
    t.open();
    const int count = GENERATE(3, 600);  // index entries are written after 256
    for (int i = 0; i < count; ++i) {
        t.append({});
    }
    CHECK(bases(t.plan(count + 5).run(ReadMode::cached)) == Bases{count + 5});
    ReadPlan first = t.plan(6);
    const auto answer = first.run(ReadMode::cached);
    if (count == 3) {
        CHECK(answer.has_value());
    } else {
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().kind == ErrorKind::would_block);
    }
}

TEST_CASE("read plan: a run that would block at any step can be repeated", "[storage][plan]") {
    Planned t(GENERATE(range(std::uint64_t{1}, std::uint64_t{51})));
    const bool has_gaps = GENERATE(false, true);
    t.options.gaps = has_gaps ? Gaps::possible : Gaps::none;
    t.disk.faults().uncached_one_in = 2;
    const Bases expected{4, 5};
    ReadPlan plan = t.plan(4);
    Result<ReadAnswer> answer = would_block();
    for (int tries = 0; tries < 1000 && !answer; ++tries) {
        answer = plan.run(ReadMode::cached);
        REQUIRE((answer || answer.error().kind == ErrorKind::would_block));
    }
    CHECK(bases(answer) == expected);
    CHECK(answer->cursor.offset == Offset(6));
}

TEST_CASE(
    "read plan: a batch larger than the request is read in two steps, each of which may "
    "block",
    "[storage][plan]") {
    Planned t(GENERATE(range(std::uint64_t{1}, std::uint64_t{21})));
    t.append({.value_size = 50});
    t.disk.faults().uncached_one_in = 2;
    for (int i = 0; i < 20; ++i) {
        ReadCursor none;
        auto plan = t.log->plan_read({Offset(6), Offset(INT64_MAX), 1}, none);
        REQUIRE(plan.has_value());
        auto answer = plan->run(ReadMode::cached);
        if (!answer) {
            CHECK(answer.error().kind == ErrorKind::would_block);
            answer = plan->run(ReadMode::blocking);
        }
        CHECK(bases(answer) == Bases{6});
    }
}

TEST_CASE(
    "read plan: batches of an earlier process are read only where blocking is allowed, "
    "because their CRCs are checked",
    "[storage][plan]") {
    Planned t;
    t.open(Shutdown::clean, Offset(6));
    t.append({});
    ReadPlan plan = t.plan(5);
    CHECK(plan.run(ReadMode::cached).error().kind == ErrorKind::would_block);
    CHECK(bases(plan.run(ReadMode::blocking)) == Bases{5});
    CHECK(bases(t.plan(6).run(ReadMode::cached)) == Bases{6});
}

TEST_CASE("read plan: damage is found outside of the guard, and is logged when it is reported",
          "[storage][plan][damage]") {
    Planned t;
    t.go_to(5);
    ReadPlan plan = t.plan(5);
    const std::size_t place = t.batches[4].size() + record::BatchLayout::kMagic;
    t.disk.alter(t.file(4, kLogSuffix), place, "\x07");
    const auto answer = plan.run(ReadMode::cached);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().kind == ErrorKind::corrupt);
    const std::string lines = t.sink.lines;
    CHECK(t.log->report_failed_read(answer.error()).code == ErrorCode::corrupt_message);
    CHECK(t.log->report_failed_read(answer.error()).code == ErrorCode::corrupt_message);
    CHECK(t.sink.lines == lines + "the log is damaged: " + t.file(4, kLogSuffix) + ", byte " +
                              std::to_string(t.batches[4].size()) +
                              ": a record batch has the unknown magic 7\n");
}

TEST_CASE("record search: it fails if the log is truncated before its end",
          "[storage][plan][truncation]") {
    Planned t;
    const auto search = t.log->plan_search(Timestamp(1004));
    REQUIRE(search.has_value());
    CHECK((**search->run()).offset == Offset(4));
    auto job = t.log->begin_truncation(Offset(5));
    REQUIRE(job.has_value());
    CHECK(search->run().error().kind == ErrorKind::busy);
    CHECK(t.log->plan_search(Timestamp(1004)).error().code == ErrorCode::not_leader_or_follower);
}

TEST_CASE("record search: it finds nothing before its start", "[storage][plan]") {
    Planned t;
    constexpr Timestamp kAny(std::numeric_limits<std::int64_t>::min());
    for (std::int64_t start = 0; start < 6; ++start) {
        const auto search = t.log->plan_search(kAny, Offset(start));
        REQUIRE(search.has_value());
        CHECK((**search->run()).offset == Offset(start));
    }
    const auto beyond = t.log->plan_search(kAny, Offset(6));
    REQUIRE(beyond.has_value());
    CHECK_FALSE(*beyond->run());
}

TEST_CASE("record search: a roll after the plan changes nothing", "[storage][plan]") {
    Planned t;
    const auto search = t.log->plan_search(std::nullopt);
    REQUIRE(search.has_value());
    t.append({.timestamp = Timestamp(9000)});
    t.append({.timestamp = Timestamp(9001)});
    CHECK((**search->run()).offset == Offset(5));
}

TEST_CASE("segment list: a snapshot keeps its segments and the size of the active one",
          "[storage][plan]") {
    Planned t;
    const SegmentList before = t.log->segments();
    t.append({});
    REQUIRE(t.truncate(Offset(1)).has_value());
    CHECK(before.size() == 3);
    CHECK(before.back().end_offset() == Offset(6));
    CHECK(before.index_of(Offset(3)) == 1);
    CHECK(before.index_of(Offset(99)) == 2);
    CHECK(t.log->segments().size() == 1);
    CHECK(t.log->segments().back().end_offset() == Offset(1));
}

TEST_CASE("leader epochs: a copy does not change with the original", "[storage][plan]") {
    EpochCache epochs;
    epochs.assign(LeaderEpoch(1), Offset(0));
    const EpochCache copy = epochs;
    epochs.assign(LeaderEpoch(2), Offset(5));
    CHECK(copy.epoch_at(Offset(7)) == LeaderEpoch(1));
    CHECK(epochs.epoch_at(Offset(7)) == LeaderEpoch(2));
    CHECK_FALSE(copy == epochs);
}

}  // namespace
}  // namespace hw::storage
