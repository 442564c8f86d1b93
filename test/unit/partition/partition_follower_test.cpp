#include "replication/partition/partition_follower.h"

#include <vector>

#include <catch2/catch.hpp>

namespace hw::replication {
namespace {

using storage::EpochEnd;
using wire::ErrorCode;

constexpr BrokerId kLeader{2};
constexpr LeaderEpoch kEpoch{5};

/// A follower whose log has the given epochs and ends at `end`.
struct Following {
    Following(const std::vector<storage::EpochStart>& starts, std::int64_t end,
              std::int64_t watermark = 0)
        : ends{Offset(end), Offset(end)}, core(kLeader, kEpoch, Offset(watermark)) {
        for (const auto& [epoch, start] : starts) {
            epochs.assign(epoch, start);
        }
    }

    [[nodiscard]] FollowerLog log() const { return {epochs, log_start, ends, is_busy}; }
    [[nodiscard]] std::optional<FetchPosition> next(
        Durability durability = Durability::disk) const {
        return core.next_fetch(log(), durability);
    }
    [[nodiscard]] FetchedPartition answer() const {
        FetchedPartition fetched;
        fetched.asked = *next();
        fetched.high_watermark = Offset(0);
        fetched.log_start_offset = Offset(0);
        return fetched;
    }
    FollowerEffects take(const FetchedPartition& fetched) {
        FollowerEffects effects;
        core.on_fetched(fetched, log(), effects);
        return effects;
    }
    FollowerEffects diverges(std::int64_t epoch, std::int64_t end) {
        FetchedPartition fetched = answer();
        fetched.diverging = {LeaderEpoch(static_cast<std::int32_t>(epoch)), Offset(end)};
        return take(fetched);
    }

    storage::EpochCache epochs;
    Offset log_start{0};
    LogEnds ends;
    bool is_busy = false;
    PartitionFollower core;
};

storage::EpochStart from(std::int32_t epoch, std::int64_t offset) {
    return {LeaderEpoch(epoch), Offset(offset)};
}

const std::byte kByte{};
const ByteView kRecords(&kByte, 1);

TEST_CASE("follower: it fetches from its log end, with the epoch of its last batch",
          "[partition][follower][kip-320]") {
    const Following follower({from(1, 0), from(4, 6)}, 10);
    const auto position = follower.next();
    REQUIRE(position);
    CHECK(*position == FetchPosition{kLeader, kEpoch, Offset(10), LeaderEpoch(4), Offset(0)});
    CHECK(Following({}, 0).next()->last_fetched_epoch == kNoLeaderEpoch);
}

TEST_CASE("follower: in a disk topic it fetches only when its whole log is durable",
          "[partition][follower]") {
    Following follower({from(1, 0)}, 10);
    follower.ends.durable_end_offset = Offset(9);
    CHECK_FALSE(follower.next(Durability::disk));
    CHECK(follower.next(Durability::memory));
    follower.ends.durable_end_offset = Offset(10);
    CHECK(follower.next(Durability::disk));
}

TEST_CASE("follower: it does not fetch while its log is written or truncated",
          "[partition][follower]") {
    Following follower({from(1, 0)}, 10);
    follower.is_busy = true;
    CHECK_FALSE(follower.next());
}

TEST_CASE("follower: the watermark is the leader's, up to its own log end",
          "[partition][follower][kip-392]") {
    Following follower({from(1, 0)}, 10, 3);
    FetchedPartition fetched = follower.answer();
    fetched.high_watermark = Offset(7);
    CHECK(follower.take(fetched).high_watermark == Offset(7));
    fetched.high_watermark = Offset(12);
    fetched.records = kRecords;
    const FollowerEffects effects = follower.take(fetched);
    CHECK(effects.append);
    CHECK(effects.high_watermark == Offset(10));
    follower.ends.log_end_offset = Offset(14);
    FollowerEffects moved;
    follower.core.on_log_moved(follower.log(), moved);
    CHECK(moved.high_watermark == Offset(12));
}

TEST_CASE("follower: a new leader with a lower watermark does not lower the follower's",
          "[partition][follower]") {
    Following follower({from(1, 0)}, 10, 8);
    FetchedPartition fetched = follower.answer();
    fetched.high_watermark = Offset(5);
    CHECK_FALSE(follower.take(fetched).high_watermark);
    CHECK(follower.core.high_watermark() == Offset(8));
}

TEST_CASE("follower: where the logs differ it cuts its own at the leader's end of the epoch",
          "[partition][follower][kip-101]") {
    Following follower({from(1, 0), from(4, 6)}, 10, 6);
    const FollowerEffects effects = follower.diverges(4, 8);
    CHECK(effects.truncate_to == Offset(8));
    CHECK_FALSE(effects.loses_committed);
    CHECK_FALSE(effects.append);
}

TEST_CASE("follower: it cuts at its own end of the epoch if that is smaller, and asks again",
          "[partition][follower][kip-279]") {
    Following follower({from(1, 0), from(2, 4), from(4, 6)}, 10);
    // The leader has epoch 3, which this log does not have: the next lower one ends at 6 here.
    CHECK(follower.diverges(3, 9).truncate_to == Offset(6));
    CHECK(follower.diverges(1, 7).truncate_to == Offset(4));
    CHECK(follower.diverges(0, 2).truncate_to == Offset(0));
}

TEST_CASE("follower: on a diverging epoch it ignores the watermark of that answer",
          "[partition][follower][kip-392]") {
    Following follower({from(1, 0), from(4, 6)}, 10, 6);
    FetchedPartition fetched = follower.answer();
    fetched.diverging = EpochEnd{LeaderEpoch(4), Offset(8)};
    fetched.high_watermark = Offset(10);
    CHECK_FALSE(follower.take(fetched).high_watermark);
}

TEST_CASE("follower: a cut below the watermark is told, and lowers it", "[partition][follower]") {
    Following follower({from(1, 0), from(4, 6)}, 10, 9);
    CHECK(follower.diverges(4, 8).loses_committed);
    follower.ends = {Offset(8), Offset(8)};
    FollowerEffects moved;
    follower.core.on_log_moved(follower.log(), moved);
    CHECK(moved.high_watermark == Offset(8));
}

TEST_CASE("follower: a leader that says nothing useful about the difference is asked later",
          "[partition][follower]") {
    Following follower({from(1, 0), from(4, 6)}, 10);
    for (const FollowerEffects& effects :
         {follower.diverges(4, 10), follower.diverges(-1, -1), follower.diverges(4, -1)}) {
        CHECK_FALSE(effects.truncate_to);
        CHECK_FALSE(effects.pause.empty());
    }
}

TEST_CASE("follower: out of range, it begins again where the leader's log begins",
          "[partition][follower]") {
    Following follower({from(1, 0)}, 10, 10);
    FetchedPartition fetched = follower.answer();
    fetched.error = ErrorCode::offset_out_of_range;
    fetched.log_start_offset = Offset(50);
    const FollowerEffects effects = follower.take(fetched);
    CHECK(effects.restart_at == Offset(50));
    CHECK_FALSE(effects.loses_committed);
    // All below the log start was committed, so the watermark follows it.
    follower.log_start = Offset(50);
    follower.ends = {Offset(50), Offset(50)};
    FollowerEffects moved;
    follower.core.on_log_moved(follower.log(), moved);
    CHECK(moved.high_watermark == Offset(50));
}

TEST_CASE("follower: out of range inside of the leader's log, it keeps its records and asks later",
          "[partition][follower]") {
    Following follower({from(1, 0)}, 10);
    FetchedPartition fetched = follower.answer();
    fetched.error = ErrorCode::offset_out_of_range;
    fetched.log_start_offset = Offset(GENERATE(0, 4, 10));
    const FollowerEffects effects = follower.take(fetched);
    CHECK_FALSE(effects.restart_at);
    CHECK_FALSE(effects.pause.empty());
}

TEST_CASE("follower: an empty log begins again wherever the leader's log begins",
          "[partition][follower]") {
    Following follower({}, 10);
    follower.log_start = Offset(10);
    FetchedPartition fetched = follower.answer();
    fetched.error = ErrorCode::offset_out_of_range;
    fetched.log_start_offset = Offset(3);
    CHECK(follower.take(fetched).restart_at == Offset(3));
}

TEST_CASE("follower: out of range without the leader's log start, it asks again later",
          "[partition][follower]") {
    Following follower({from(1, 0)}, 10);
    FetchedPartition fetched = follower.answer();
    fetched.error = ErrorCode::offset_out_of_range;
    fetched.log_start_offset = kNoOffset;
    const FollowerEffects effects = follower.take(fetched);
    CHECK_FALSE(effects.restart_at);
    CHECK(effects.pause == "leader 2 answers OFFSET_OUT_OF_RANGE");
}

TEST_CASE("follower: it raises its log start to the leader's, at most to its log end",
          "[partition][follower]") {
    Following follower({from(1, 0)}, 10);
    FetchedPartition fetched = follower.answer();
    fetched.log_start_offset = Offset(4);
    CHECK(follower.take(fetched).log_start_offset == Offset(4));
    fetched.log_start_offset = Offset(400);
    CHECK(follower.take(fetched).log_start_offset == Offset(10));
}

TEST_CASE("follower: answers of another leader, epoch or log are ignored",
          "[partition][follower][kip-320]") {
    Following follower({from(1, 0), from(4, 6)}, 10, 5);
    FetchedPartition good = follower.answer();
    good.diverging = EpochEnd{LeaderEpoch(4), Offset(8)};
    FetchedPartition other_leader = good;
    other_leader.asked.leader = BrokerId(3);
    FetchedPartition other_epoch = good;
    other_epoch.asked.leader_epoch = LeaderEpoch(4);
    FetchedPartition other_end = good;
    other_end.asked.offset = Offset(11);
    FetchedPartition other_log = good;
    other_log.asked.last_fetched_epoch = LeaderEpoch(3);
    for (const FetchedPartition& bad : {other_leader, other_epoch, other_end, other_log}) {
        CHECK_FALSE(follower.take(bad).truncate_to);
    }
    CHECK(follower.take(good).truncate_to == Offset(8));
}

}  // namespace
}  // namespace hw::replication
