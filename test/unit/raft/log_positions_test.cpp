#include "replication/raft/log_positions.h"

#include <catch2/catch.hpp>

#include "test/unit/raft/quorum_setup.h"

namespace hw::replication {
namespace {

/// Epochs 1, 3 and 4; there is no record of epoch 2.
LogPositions example() {
    return log_of({end_at(1, 10), end_at(3, 20), end_at(4, 25)});
}

TEST_CASE("log positions: a log that was opened from disk is durable", "[raft]") {
    CHECK(example().end() == end_at(4, 25));
    CHECK(example().durable_end_offset() == Offset(25));
    CHECK(example().is_settled());
}

TEST_CASE("log positions: an empty log ends at offset 0 in epoch 0", "[raft]") {
    CHECK(LogPositions().end() == end_at(0, 0));
    CHECK(LogPositions().is_settled());
}

TEST_CASE("log positions: logs are ordered by epoch, then by end", "[raft]") {
    CHECK(end_at(2, 1) > end_at(1, 9));
    CHECK(end_at(2, 3) > end_at(2, 2));
    CHECK(end_at(2, 3) == end_at(2, 3));
}

TEST_CASE("log positions: added records are not durable at first", "[raft]") {
    LogPositions log = example();
    log.add(LeaderEpoch(6), Offset(28));
    CHECK(log.end() == end_at(6, 28));
    CHECK(log.durable_end_offset() == Offset(25));
    CHECK_FALSE(log.is_settled());
    log.set_durable(Offset(27));
    CHECK_FALSE(log.is_settled());
    log.set_durable(Offset(28));
    CHECK(log.is_settled());
}

TEST_CASE("log positions: the durable end does not fall", "[raft]") {
    LogPositions log = example();
    log.set_durable(Offset(5));
    CHECK(log.durable_end_offset() == Offset(25));
}

TEST_CASE("log positions: an epoch ends where the next one begins, the newest with the log",
          "[raft]") {
    CHECK(example().end_of(LeaderEpoch(1)) == end_at(1, 10));
    CHECK(example().end_of(LeaderEpoch(3)) == end_at(3, 20));
    CHECK(example().end_of(LeaderEpoch(4)) == end_at(4, 25));
}

TEST_CASE("log positions: for an epoch without records, the next lower one is found", "[raft]") {
    CHECK(example().end_of(LeaderEpoch(2)) == end_at(1, 10));
}

TEST_CASE("log positions: an epoch below all known ones ends where the log begins", "[raft]") {
    CHECK(example().end_of(LeaderEpoch(0)) == end_at(0, 0));
}

TEST_CASE("log positions: for an epoch above all others, the end of the log is found", "[raft]") {
    CHECK(example().end_of(LeaderEpoch(5)) == end_at(4, 25));
    CHECK(LogPositions().end_of(LeaderEpoch(5)) == end_at(0, 0));
}

TEST_CASE("log positions: of an epoch that both logs have, the shorter part is kept", "[raft]") {
    CHECK(example().truncation_offset(end_at(4, 22)) == Offset(22));
    CHECK(example().truncation_offset(end_at(4, 30)) == Offset(25));
    CHECK(example().truncation_offset(end_at(3, 15)) == Offset(15));
    CHECK(example().truncation_offset(end_at(3, 99)) == Offset(20));
}

TEST_CASE("log positions: of an epoch that only the leader has, nothing is kept", "[raft]") {
    CHECK(example().truncation_offset(end_at(2, 12)) == Offset(10));
    CHECK(example().truncation_offset(end_at(0, 0)) == Offset(0));
}

TEST_CASE("log positions: an epoch above all others asks for no truncation", "[raft]") {
    CHECK(example().truncation_offset(end_at(7, 3)) == Offset(25));
}

TEST_CASE("log positions: while records are removed, the log ends early and is not settled",
          "[raft]") {
    LogPositions log = example();
    log.begin_truncation(Offset(15));
    CHECK(log.is_truncating());
    CHECK_FALSE(log.is_settled());
    CHECK(log.end() == end_at(3, 15));
    CHECK(log.durable_end_offset() == Offset(15));
}

TEST_CASE("log positions: a truncation may end below the offset that was asked for", "[raft]") {
    LogPositions log = example();
    log.begin_truncation(Offset(15));
    log.end_truncation(Offset(9));
    CHECK(log.end() == end_at(1, 9));
    CHECK(log.durable_end_offset() == Offset(9));
    CHECK(log.is_settled());
}

TEST_CASE("log positions: a log may be truncated to nothing", "[raft]") {
    LogPositions log = example();
    log.begin_truncation(Offset(0));
    log.end_truncation(Offset(0));
    CHECK(log == LogPositions());
}

}  // namespace
}  // namespace hw::replication
