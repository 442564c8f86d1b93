#include "replication/raft/raft_core.h"

#include <catch2/catch.hpp>

namespace hw::replication {
namespace {

constexpr BrokerId kSelf{1};
const TimePoint kStart = TimePoint() + std::chrono::hours(1);

RaftOptions options() {
    const ReplicaKey self{kSelf, DirectoryId(Uuid{1, 2})};
    return {.self = self, .voters = VoterSet({{self, {"localhost", 9093}}})};
}

LogPositions log_of(LogEnd end) {
    storage::EpochCache epochs;
    if (end.end_offset > Offset(0)) {
        epochs.assign(end.epoch, Offset(0));
    }
    return {epochs, end.end_offset};
}

RaftCore core(ElectionState persisted = {}, LogEnd log = {}) {
    return {options(), persisted, log_of(log), Random(1)};
}

RaftEffects started(RaftCore& raft) {
    RaftEffects effects;
    raft.start(kStart, effects);
    return effects;
}

RaftEffects durable(RaftCore& raft, Offset end_offset) {
    RaftEffects effects;
    raft.on_durable(end_offset, kStart, effects);
    return effects;
}

/// Elects the only voter, which adds its LeaderChange record to the log.
void elect(RaftCore& raft) {
    started(raft);
    raft.on_staged(raft.epoch(), raft.log().end().end_offset + 1);
}

TEST_CASE("raft: the only voter elects itself at once, and persists that before it appends",
          "[raft]") {
    RaftCore raft = core();
    const RaftEffects won = started(raft);
    REQUIRE(won.persist);
    CHECK(won.persist->epoch == LeaderEpoch(1));
    CHECK(won.persist->voted == options().self);
    CHECK(won.persist->leader == kSelf);
    REQUIRE(won.append);
    CHECK(won.append->epoch == LeaderEpoch(1));
    CHECK(won.append->leader == kSelf);
    CHECK(won.append->voters == std::set{kSelf});
    CHECK(won.append->granting_voters == std::set{kSelf});
    CHECK_FALSE(won.activate);
    CHECK(raft.leads());
    CHECK_FALSE(raft.active());
}

TEST_CASE("raft: nothing is committed before it is durable", "[raft]") {
    RaftCore raft = core();
    elect(raft);
    raft.on_staged(raft.epoch(), Offset(5));
    CHECK(raft.high_watermark() == Offset(0));
    const RaftEffects effects = durable(raft, Offset(3));
    CHECK(effects.high_watermark == Offset(3));
    CHECK(raft.high_watermark() == Offset(3));
}

TEST_CASE("raft: a leader serves once the first record of its epoch is committed", "[raft]") {
    const LogEnd log{LeaderEpoch(4), Offset(10)};
    RaftCore raft = core({.epoch = LeaderEpoch(4), .leader = kSelf, .voted = {}}, log);
    elect(raft);
    const RaftEffects old_records = durable(raft, Offset(10));
    CHECK_FALSE(old_records.high_watermark);
    CHECK_FALSE(old_records.activate);
    const RaftEffects own_record = durable(raft, Offset(11));
    CHECK(own_record.high_watermark == Offset(11));
    CHECK(own_record.activate == LeaderEpoch(5));
    raft.on_staged(raft.epoch(), Offset(12));
    const RaftEffects later = durable(raft, Offset(12));
    CHECK(later.high_watermark == Offset(12));
    CHECK_FALSE(later.activate);
}

TEST_CASE("raft: every start begins a new epoch, even if this node led the last one", "[raft]") {
    RaftCore raft = core({.epoch = LeaderEpoch(7), .leader = kSelf, .voted = options().self});
    CHECK(started(raft).persist->epoch == LeaderEpoch(8));
}

TEST_CASE("raft: if the log has a newer epoch than the election state, the epoch of the log counts",
          "[raft]") {
    RaftCore raft = core({.epoch = LeaderEpoch(2), .leader = kNoBroker, .voted = {}},
                         {LeaderEpoch(6), Offset(3)});
    CHECK(started(raft).persist->epoch == LeaderEpoch(7));
}

TEST_CASE("raft: a durable end that is not new changes nothing", "[raft]") {
    RaftCore raft = core();
    elect(raft);
    durable(raft, Offset(1));
    const RaftEffects again = durable(raft, Offset(1));
    CHECK_FALSE(again.high_watermark);
    CHECK_FALSE(again.activate);
    const RaftEffects earlier = durable(raft, Offset(0));
    CHECK_FALSE(earlier.high_watermark);
    CHECK(raft.high_watermark() == Offset(1));
}

TEST_CASE("raft: the only voter has no deadline", "[raft]") {
    RaftCore raft = core();
    started(raft);
    CHECK(raft.next_deadline() == kNever);
}

}  // namespace
}  // namespace hw::replication
