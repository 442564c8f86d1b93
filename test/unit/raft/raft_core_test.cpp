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

RaftCore core(ElectionState persisted = {}, LogEnd log = {}) {
    return {options(), persisted, log, Random(1)};
}

RaftEffects started(RaftCore& raft) {
    RaftEffects effects;
    raft.start(kStart, effects);
    return effects;
}

RaftEffects persisted(RaftCore& raft) {
    RaftEffects effects;
    raft.on_persisted(effects);
    return effects;
}

RaftEffects durable(RaftCore& raft, Offset end_offset) {
    RaftEffects effects;
    raft.on_durable(end_offset, effects);
    return effects;
}

/// Elects the only voter and appends its LeaderChange record at the end of `log`.
void elect(RaftCore& raft, LogEnd log) {
    started(raft);
    persisted(raft);
    persisted(raft);
    raft.on_appended({log.end_offset + 1, raft.epoch()});
}

TEST_CASE("raft: the only voter stands for election at once, and persists its vote before it leads",
          "[raft]") {
    RaftCore raft = core();
    const RaftEffects vote = started(raft);
    REQUIRE(vote.persist);
    CHECK(vote.persist->epoch == LeaderEpoch(1));
    CHECK(vote.persist->voted == options().self);
    CHECK(vote.persist->leader == kNoBroker);
    CHECK_FALSE(raft.leads());
    CHECK_FALSE(vote.append);

    const RaftEffects won = persisted(raft);
    REQUIRE(won.persist);
    CHECK(won.persist->leader == kSelf);
    CHECK(won.persist->epoch == LeaderEpoch(1));
    CHECK_FALSE(won.append);

    const RaftEffects first = persisted(raft);
    REQUIRE(first.append);
    CHECK(first.append->epoch == LeaderEpoch(1));
    CHECK(first.append->leader == kSelf);
    CHECK(first.append->voters == std::set{kSelf});
    CHECK(first.append->granting_voters == std::set{kSelf});
    CHECK_FALSE(first.activate);
}

TEST_CASE("raft: nothing is committed before it is durable", "[raft]") {
    RaftCore raft = core();
    elect(raft, {});
    raft.on_appended({Offset(5), raft.epoch()});
    CHECK(raft.high_watermark() == Offset(0));
    const RaftEffects effects = durable(raft, Offset(3));
    CHECK(effects.high_watermark == Offset(3));
    CHECK(raft.high_watermark() == Offset(3));
}

TEST_CASE("raft: a leader serves once the first record of its epoch is committed", "[raft]") {
    const LogEnd log{Offset(10), LeaderEpoch(4)};
    RaftCore raft = core({.epoch = LeaderEpoch(4), .leader = kSelf, .voted = {}}, log);
    elect(raft, log);
    const RaftEffects old_records = durable(raft, Offset(10));
    CHECK_FALSE(old_records.high_watermark);
    CHECK_FALSE(old_records.activate);
    const RaftEffects own_record = durable(raft, Offset(11));
    CHECK(own_record.high_watermark == Offset(11));
    CHECK(own_record.activate == LeaderEpoch(5));
    raft.on_appended({Offset(12), raft.epoch()});
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
                         {Offset(3), LeaderEpoch(6)});
    CHECK(started(raft).persist->epoch == LeaderEpoch(7));
}

TEST_CASE("raft: a durable end that is not new changes nothing", "[raft]") {
    RaftCore raft = core();
    elect(raft, {});
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
