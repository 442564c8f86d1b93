#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/raft/core_driver.h"

/// How a leader answers fetches, and what it counts as committed.
namespace hw::replication {
namespace {

using wire::ErrorCode;

/// The leader of epoch 6 with the epochs 1, 3, 4 and 6; there are no records of epochs 2 and 5. All
/// is durable; the LeaderChange record of epoch 6 is at offset 25.
CoreDriver leading(std::int32_t voters = 3) {
    CoreDriver node = started({.voters = voters,
                               .persisted = state_of(5),
                               .log = log_of({end_at(1, 10), end_at(3, 20), end_at(4, 25)})});
    node.become_leader();
    REQUIRE(node.core.log().end() == end_at(6, 26));
    return node;
}

const ReplicaProgress& progress_of(const CoreDriver& node, BrokerId voter) {
    return std::get<Leader>(node.core.role()).voters.at(voter);
}

const std::map<BrokerId, ReplicaProgress>& observers_of(const CoreDriver& node) {
    return std::get<Leader>(node.core.role()).observers;
}

// --- Errors

TEST_CASE("raft leading: a fetch of an older epoch is fenced", "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch_in(5, kTwo, end_at(4, 25)).error == ErrorCode::fenced_leader_epoch);
    CHECK(node.fetch_in(-1, kTwo, end_at(4, 25)).error == ErrorCode::fenced_leader_epoch);
}

TEST_CASE("raft leading: a fetch of a newer epoch is refused, and changes nothing", "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch_in(7, kTwo, end_at(4, 25)).error == ErrorCode::unknown_leader_epoch);
    CHECK(node.is<Leader>());
    CHECK(node.core.epoch() == LeaderEpoch(6));
}

TEST_CASE("raft leading: who does not lead refuses fetches", "[raft]") {
    CoreDriver follower = started();
    follower.become_follower(6, kTwo);
    CHECK(follower.fetch(kThree, end_at(0, 0)).error == ErrorCode::not_leader_or_follower);
    CoreDriver candidate = started();
    candidate.become_candidate();
    CHECK(candidate.fetch(kThree, end_at(0, 0)).error == ErrorCode::not_leader_or_follower);
    CoreDriver observer = started({.self = kObserver});
    CHECK(observer.fetch(kThree, end_at(0, 0)).error == ErrorCode::not_leader_or_follower);
}

TEST_CASE("raft leading: a negative offset is out of range", "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kTwo, end_at(6, -1)).error == ErrorCode::offset_out_of_range);
    CHECK(node.fetch(kTwo, end_at(0, INT64_MIN)).error == ErrorCode::offset_out_of_range);
}

TEST_CASE("raft leading: refused fetches do not count as progress", "[raft]") {
    CoreDriver node = leading();
    node.fetch_in(5, kTwo, end_at(6, 26));
    node.fetch_in(7, kTwo, end_at(6, 26));
    node.fetch(kTwo, end_at(6, -1));
    CHECK(progress_of(node, kTwo).end_offset == kNoOffset);
    CHECK(node.core.high_watermark() == Offset(0));
}

// --- Divergence

TEST_CASE("raft leading: a log that is a prefix of the leader's gets records", "[raft]") {
    CoreDriver node = leading();
    for (const LogEnd& end : {end_at(1, 1), end_at(1, 10), end_at(3, 11), end_at(3, 20),
                              end_at(4, 25), end_at(6, 26)}) {
        const FetchVerdict verdict = node.fetch(kTwo, end);
        CHECK(verdict.error == ErrorCode::none);
        CHECK_FALSE(verdict.diverging);
    }
}

TEST_CASE("raft leading: an empty log is a prefix of every log", "[raft]") {
    CoreDriver node = leading();
    CHECK_FALSE(node.fetch(kTwo, end_at(0, 0)).diverging);
    CHECK_FALSE(node.fetch(kTwo, end_at(-1, 0)).diverging);
    CHECK(progress_of(node, kTwo).end_offset == Offset(0));
}

TEST_CASE("raft leading: an epoch that is longer than the leader's diverges at its end", "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kTwo, end_at(1, 11)).diverging == end_at(1, 10));
    CHECK(node.fetch(kTwo, end_at(3, 25)).diverging == end_at(3, 20));
    CHECK(node.fetch(kTwo, end_at(4, INT64_MAX)).diverging == end_at(4, 25));
}

TEST_CASE("raft leading: an epoch that the leader does not have diverges at the one below it",
          "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kTwo, end_at(2, 15)).diverging == end_at(1, 10));
    CHECK(node.fetch(kTwo, end_at(5, 30)).diverging == end_at(4, 25));
    CHECK(node.fetch(kTwo, end_at(5, 3)).diverging == end_at(4, 25));
}

TEST_CASE("raft leading: an epoch below all of the leader's diverges at the begin of the log",
          "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kTwo, end_at(0, 5)).diverging == end_at(0, 0));
}

TEST_CASE("raft leading: an epoch above all of the leader's diverges at the end of the log",
          "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kTwo, end_at(9, 5)).diverging == end_at(6, 26));
    CHECK(node.fetch(kTwo, end_at(kMaxEpoch, 0)).diverging == end_at(6, 26));
}

TEST_CASE("raft leading: an offset beyond the end of the log diverges there", "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kTwo, end_at(6, 27)).diverging == end_at(6, 26));
}

TEST_CASE("raft leading: a leader without records asks a longer log to remove everything",
          "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    node.grant(kTwo);
    REQUIRE(node.is<Leader>());
    CHECK(node.fetch(kTwo, end_at(1, 5)).diverging == end_at(0, 0));
}

TEST_CASE("raft leading: a diverging log does not count as progress", "[raft]") {
    CoreDriver node = leading();
    node.fetch(kTwo, end_at(5, 26));
    CHECK(progress_of(node, kTwo).end_offset == kNoOffset);
    CHECK(node.core.high_watermark() == Offset(0));
}

/// The epochs of the records of a log.
using Epochs = std::vector<std::int32_t>;

LogPositions log_of(const Epochs& records) {
    storage::EpochCache epochs;
    for (std::size_t i = 0; i < records.size(); ++i) {
        epochs.assign(LeaderEpoch(records[i]), Offset(static_cast<std::int64_t>(i)));
    }
    return {epochs, Offset(static_cast<std::int64_t>(records.size()))};
}

/// The logs of three voters after some epochs. In each epoch one of them leads and adds records,
/// and the others may copy a part of its log.
std::array<Epochs, 3> logs_after_elections(Random& random) {
    std::array<Epochs, 3> logs;
    for (std::int32_t epoch = 1; epoch < 12; ++epoch) {
        Epochs& led = logs[random.below(3)];
        led.insert(led.end(), random.below(4) + 1, epoch);
        for (Epochs& log : logs) {
            const auto shared = std::ranges::mismatch(log, led).in2 - led.begin();
            if (&log != &led && random.chance(1, 3)) {
                const auto copied = random.between(shared, std::ssize(led));
                log.assign(led.begin(), led.begin() + copied);
            }
        }
    }
    return logs;
}

TEST_CASE("raft leading: a follower keeps exactly the prefix that it shares with its leader",
          "[raft]") {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        const auto logs = logs_after_elections(random);
        const auto shared = std::ranges::mismatch(logs[0], logs[1]).in1 - logs[0].begin();
        CoreDriver leader = started({.persisted = state_of(19), .log = log_of(logs[0])});
        leader.become_leader();
        CoreDriver follower =
            started({.self = kTwo, .persisted = state_of(20, kOne), .log = log_of(logs[1])});
        FetchVerdict verdict = leader.fetch(kTwo, follower.core.log().end());
        for (int rounds = 0; verdict.diverging; ++rounds) {
            REQUIRE(rounds < 12);
            follower.diverging(*verdict.diverging);
            REQUIRE(follower.effects.truncate);
            follower.truncated(follower.effects.truncate->value());
            verdict = leader.fetch(kTwo, follower.core.log().end());
        }
        CHECK(verdict.error == ErrorCode::none);
        CHECK(follower.core.log().end().end_offset == Offset(shared));
    }
}

// --- What is committed

TEST_CASE("raft leading: records are committed when a majority has them", "[raft]") {
    CoreDriver node = leading();
    node.stage(30);
    node.durable();
    CHECK(node.core.high_watermark() == Offset(0));
    node.fetch(kTwo, end_at(6, 28));
    CHECK(node.effects.high_watermark == Offset(28));
    node.fetch(kThree, end_at(6, 27));
    CHECK_FALSE(node.effects.high_watermark);
    node.fetch(kThree, end_at(6, 30));
    CHECK(node.effects.high_watermark == Offset(30));
}

TEST_CASE("raft leading: of five voters three must have a record", "[raft]") {
    CoreDriver node = leading(5);
    node.fetch(kTwo, end_at(6, 26));
    CHECK_FALSE(node.effects.high_watermark);
    node.fetch(BrokerId(4), end_at(6, 26));
    CHECK(node.effects.high_watermark == Offset(26));
}

TEST_CASE("raft leading: the leader counts only its durable records", "[raft]") {
    CoreDriver node = leading();
    node.stage(30);
    node.fetch(kTwo, end_at(6, 30));
    CHECK(node.core.high_watermark() == Offset(26));
    node.durable(29);
    CHECK(node.effects.high_watermark == Offset(29));
}

TEST_CASE("raft leading: others may have records that the leader has not made durable", "[raft]") {
    CoreDriver node = leading();
    node.stage(30);
    node.fetch(kTwo, end_at(6, 30));
    node.fetch(kThree, end_at(6, 30));
    CHECK(node.core.high_watermark() == Offset(30));
}

TEST_CASE("raft leading: records of old epochs are committed only with one of the own epoch",
          "[raft]") {
    CoreDriver node = leading();
    node.fetch(kTwo, end_at(4, 25));
    node.fetch(kThree, end_at(4, 25));
    CHECK(node.core.high_watermark() == Offset(0));
    CHECK_FALSE(node.core.active());
    node.fetch(kTwo, end_at(6, 26));
    CHECK(node.effects.high_watermark == Offset(26));
    CHECK(node.effects.activate == LeaderEpoch(6));
    CHECK(node.core.active());
}

TEST_CASE("raft leading: a leader becomes active once", "[raft]") {
    CoreDriver node = leading();
    node.fetch(kTwo, end_at(6, 26));
    REQUIRE(node.effects.activate);
    node.stage(27);
    node.durable();
    node.fetch(kTwo, end_at(6, 27));
    CHECK(node.effects.high_watermark == Offset(27));
    CHECK_FALSE(node.effects.activate);
}

TEST_CASE("raft leading: the high watermark does not fall when a voter starts anew", "[raft]") {
    CoreDriver node = leading();
    node.fetch(kTwo, end_at(6, 26));
    node.fetch(kTwo, end_at(0, 0));
    CHECK(progress_of(node, kTwo).end_offset == Offset(0));
    CHECK(node.core.high_watermark() == Offset(26));
    CHECK_FALSE(node.effects.high_watermark);
}

TEST_CASE("raft leading: a fetch without an id, or with the leader's own, counts for nothing",
          "[raft]") {
    CoreDriver node = leading();
    for (const BrokerId replica : {kNoBroker, kOne, BrokerId(INT32_MIN)}) {
        CHECK(node.fetch(replica, end_at(6, 26)).error == ErrorCode::none);
        CHECK(node.core.high_watermark() == Offset(0));
        CHECK(observers_of(node).empty());
    }
}

TEST_CASE("raft leading: a fetch that has waited is checked without being counted again",
          "[raft]") {
    CoreDriver node = leading();
    const RaftFetch call{.to = kOne,
                         .epoch = LeaderEpoch(6),
                         .offset = Offset(26),
                         .last_epoch = LeaderEpoch(6),
                         .high_watermark = Offset(0)};
    CHECK(node.core.check_fetch(call).error == ErrorCode::none);
    CHECK(progress_of(node, kTwo).end_offset == kNoOffset);
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK(node.core.check_fetch(call).error == ErrorCode::not_leader_or_follower);
}

// --- Progress, as DescribeQuorum tells it

TEST_CASE("raft leading: a voter that never fetched has not caught up", "[raft]") {
    const CoreDriver node = leading();
    CHECK(progress_of(node, kTwo).end_offset == kNoOffset);
    CHECK(progress_of(node, kTwo).last_caught_up == kNever);
}

TEST_CASE("raft leading: a voter that has everything has caught up now", "[raft]") {
    CoreDriver node = leading();
    node.now += std::chrono::milliseconds(10);
    node.fetch(kTwo, end_at(6, 26));
    CHECK(progress_of(node, kTwo).last_contact == node.now);
    CHECK(progress_of(node, kTwo).last_caught_up == node.now);
}

TEST_CASE("raft leading: a voter that has what there was at its last fetch had caught up then",
          "[raft]") {
    CoreDriver node = leading();
    node.fetch(kTwo, end_at(4, 25));
    const TimePoint last = node.now;
    node.stage(30);
    node.now += std::chrono::milliseconds(10);
    node.fetch(kTwo, end_at(6, 26));
    CHECK(progress_of(node, kTwo).last_contact == node.now);
    CHECK(progress_of(node, kTwo).last_caught_up == last);
}

// --- Observers

TEST_CASE("raft leading: observers are told apart from voters, and do not count", "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kObserver, end_at(6, 26)).error == ErrorCode::none);
    node.fetch(BrokerId(10), end_at(6, 26));
    CHECK(node.core.high_watermark() == Offset(0));
    REQUIRE(observers_of(node).size() == 2);
    CHECK(observers_of(node).at(kObserver).end_offset == Offset(26));
}

TEST_CASE("raft leading: an observer with a diverging log is answered like a voter", "[raft]") {
    CoreDriver node = leading();
    CHECK(node.fetch(kObserver, end_at(2, 15)).diverging == end_at(1, 10));
}

TEST_CASE("raft leading: a silent observer is forgotten after five minutes", "[raft]") {
    CoreDriver node = leading();
    node.fetch(kObserver, end_at(6, 26));
    node.now += std::chrono::minutes(5);
    node.fetch(BrokerId(10), end_at(6, 26));
    CHECK(observers_of(node).size() == 2);
    node.now += kTick;
    node.fetch(BrokerId(10), end_at(6, 26));
    CHECK_FALSE(observers_of(node).contains(kObserver));
    CHECK(observers_of(node).contains(BrokerId(10)));
}

TEST_CASE("raft leading: ten thousand observers are remembered, and all others are served",
          "[raft]") {
    CoreDriver node = leading();
    for (std::int32_t id = 100; id < 10'200; ++id) {
        REQUIRE(node.fetch(BrokerId(id), end_at(6, 26)).error == ErrorCode::none);
    }
    CHECK(observers_of(node).size() == 10'000);
    node.stage(27);
    node.fetch(BrokerId(100), end_at(6, 27));
    CHECK(observers_of(node).at(BrokerId(100)).end_offset == Offset(27));
}

}  // namespace
}  // namespace hw::replication
