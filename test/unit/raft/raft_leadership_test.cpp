#include <catch2/catch.hpp>

#include "test/unit/raft/core_driver.h"

/// How a leadership is announced, kept and given up.
namespace hw::replication {
namespace {

using wire::ErrorCode;

// --- BeginQuorumEpoch

TEST_CASE("raft leadership: a new leader tells all other voters", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    REQUIRE(node.effects.calls.size() == 2);
    const BeginEpochCall expected{LeaderEpoch(1), kOne};
    CHECK(node.effects.calls[0] == RaftCall{kTwo, expected});
    CHECK(node.effects.calls[1] == RaftCall{kThree, expected});
}

TEST_CASE("raft leadership: a leader tells voters that do not fetch again", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.fetch(kTwo, end_at(1, 1));
    node.reach_deadline();
    REQUIRE(node.effects.calls.size() == 2);
    node.fetch(kTwo, end_at(1, 1));
    node.reach_deadline();
    CHECK(node.effects.calls.size() == 2);
    node.fetch(kTwo, end_at(1, 1));
    node.now += kTick;
    node.fetch(kTwo, end_at(1, 1));
    node.reach_deadline();
    REQUIRE(node.effects.calls.size() == 1);
    CHECK(node.effects.calls[0].to == kThree);
}

TEST_CASE("raft leadership: a voter follows a leader that announces itself", "[raft]") {
    CoreDriver node = started();
    const EpochAnswer answer = node.begin_epoch(3, kTwo);
    CHECK(answer.error == ErrorCode::none);
    CHECK(answer.epoch == LeaderEpoch(3));
    CHECK(answer.leader == kTwo);
    CHECK(node.is<Follower>());
    CHECK(*node.effects.persist == state_of(3, kTwo));
    CHECK(node.effects.fetch->to == kTwo);
}

TEST_CASE("raft leadership: a repeated announcement changes nothing", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    node.pass(std::chrono::milliseconds(100));
    const TimePoint deadline = node.core.next_deadline();
    CHECK(node.begin_epoch(3, kTwo).error == ErrorCode::none);
    CHECK_FALSE(node.effects.persist);
    CHECK_FALSE(node.effects.fetch);
    CHECK(node.core.next_deadline() == deadline);
}

TEST_CASE("raft leadership: a stale announcement is refused", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    const EpochAnswer answer = node.begin_epoch(2, kThree);
    CHECK(answer.error == ErrorCode::fenced_leader_epoch);
    CHECK(answer.epoch == LeaderEpoch(3));
    CHECK(answer.leader == kTwo);
    CHECK(node.core.leader() == kTwo);
}

TEST_CASE("raft leadership: a second leader of an epoch is refused", "[raft]") {
    CoreDriver follower = started();
    follower.become_follower(3, kTwo);
    CHECK(follower.begin_epoch(3, kThree).error == ErrorCode::invalid_request);
    CHECK(follower.core.leader() == kTwo);
    CoreDriver leader = started();
    leader.become_leader();
    CHECK(leader.begin_epoch(1, kThree).error == ErrorCode::invalid_request);
    CHECK(leader.is<Leader>());
    leader.input([&](RaftEffects& out) { leader.core.resign(leader.now, out); });
    CHECK(leader.begin_epoch(1, kThree).error == ErrorCode::invalid_request);
    CHECK(leader.is<Resigned>());
}

TEST_CASE("raft leadership: announcements of nodes that cannot lead are refused", "[raft]") {
    CoreDriver node = started();
    for (const BrokerId leader : {kOne, BrokerId(4), kNoBroker}) {
        CHECK(node.begin_epoch(9, leader).error == ErrorCode::inconsistent_voter_set);
    }
    CHECK(node.core.epoch() == LeaderEpoch(0));
}

TEST_CASE("raft leadership: an observer refuses the requests between voters", "[raft]") {
    CoreDriver node = started({.self = kObserver});
    CHECK(node.begin_epoch(9, kTwo).error == ErrorCode::inconsistent_voter_set);
    CHECK(node.end_epoch(9, kTwo, {kObserver}).error == ErrorCode::inconsistent_voter_set);
    CHECK(node.core.epoch() == LeaderEpoch(0));
}

TEST_CASE("raft leadership: prospectives and candidates follow the leader of their epoch",
          "[raft]") {
    CoreDriver prospective = started();
    prospective.become_prospective();
    prospective.become_follower(0, kTwo);
    CoreDriver candidate = started();
    candidate.become_candidate();
    candidate.become_follower(1, kTwo);
    CHECK(candidate.core.leader() == kTwo);
}

TEST_CASE("raft leadership: a leader follows the leader of a newer epoch", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.become_follower(2, kThree);
    CHECK(node.effects.resign == LeaderEpoch(1));
    CHECK(*node.effects.persist == state_of(2, kThree));
}

TEST_CASE("raft leadership: the answer to an announcement may end the leadership", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.answer(
        node.call_to(kTwo),
        {.error = ErrorCode::fenced_leader_epoch, .epoch = LeaderEpoch(6), .leader = kThree});
    CHECK(node.effects.resign == LeaderEpoch(1));
    CHECK(node.is<Follower>());
    CHECK(node.core.leader() == kThree);
}

TEST_CASE("raft leadership: an announcement without an answer changes nothing", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.lose_call(kTwo);
    node.lose_call(kThree);
    CHECK(node.is<Leader>());
}

// --- Check-quorum

TEST_CASE("raft leadership: a leader without a majority resigns after 1.5 fetch timeouts",
          "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    const Duration patience = node.core.options().fetch_timeout * 3 / 2;
    node.pass(patience - kTick);
    CHECK(node.is<Leader>());
    node.pass(kTick);
    CHECK(node.is<Resigned>());
    CHECK(node.effects.resign == LeaderEpoch(1));
}

TEST_CASE("raft leadership: of three voters, one that fetches is enough", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    for (int fetches = 0; fetches < 20; ++fetches) {
        node.pass(node.core.options().fetch_timeout);
        node.fetch(kThree, end_at(1, 1));
        CHECK(node.is<Leader>());
    }
    node.pass(node.core.options().fetch_timeout * 3 / 2);
    CHECK(node.is<Resigned>());
}

TEST_CASE("raft leadership: of five voters, one that fetches is not enough", "[raft]") {
    CoreDriver node = started({.voters = 5});
    node.become_leader();
    node.pass(node.core.options().fetch_timeout);
    node.fetch(kTwo, end_at(1, 1));
    node.pass(node.core.options().fetch_timeout / 2);
    CHECK(node.is<Resigned>());
}

TEST_CASE("raft leadership: of five voters, two that fetch are enough", "[raft]") {
    CoreDriver node = started({.voters = 5});
    node.become_leader();
    for (int fetches = 0; fetches < 20; ++fetches) {
        node.pass(node.core.options().fetch_timeout);
        node.fetch(kTwo, end_at(1, 1));
        node.fetch(BrokerId(5), end_at(1, 1));
        CHECK(node.is<Leader>());
    }
}

TEST_CASE("raft leadership: a voter with a diverging log is one that the leader hears", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.pass(node.core.options().fetch_timeout);
    REQUIRE(node.fetch(kTwo, end_at(0, 50)).diverging);
    node.pass(node.core.options().fetch_timeout);
    CHECK(node.is<Leader>());
}

TEST_CASE("raft leadership: observers and refused fetches do not keep a leader", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.pass(node.core.options().fetch_timeout);
    node.fetch(kObserver, end_at(1, 1));
    node.fetch_in(0, kTwo, end_at(1, 1));
    node.fetch(kTwo, {.epoch = LeaderEpoch(1), .end_offset = Offset(-1)});
    node.pass(node.core.options().fetch_timeout / 2);
    CHECK(node.is<Resigned>());
}

TEST_CASE("raft leadership: the only voter never resigns", "[raft]") {
    CoreDriver node = started({.voters = 1});
    REQUIRE(node.is<Leader>());
    CHECK(node.core.next_deadline() == kNever);
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK(node.is<Leader>());
    CHECK_FALSE(node.effects.resign);
}

// --- Resignation

TEST_CASE("raft leadership: a leader that stops asks the voters to elect another one", "[raft]") {
    CoreDriver node = started({.voters = 5});
    node.become_leader();
    node.stage(9);
    node.fetch(kThree, end_at(1, 7));
    node.fetch(BrokerId(5), end_at(1, 9));
    node.fetch(kTwo, end_at(1, 1));
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK(node.is<Resigned>());
    CHECK(node.effects.resign == LeaderEpoch(1));
    CHECK_FALSE(node.effects.persist);
    CHECK(node.core.leader() == kNoBroker);
    REQUIRE(node.effects.calls.size() == 4);
    const EndEpochCall expected{LeaderEpoch(1), kOne, {BrokerId(5), kThree, kTwo, BrokerId(4)}};
    CHECK(node.effects.calls[0] == RaftCall{kTwo, expected});
    CHECK(node.effects.calls[3] == RaftCall{BrokerId(5), expected});
}

TEST_CASE("raft leadership: only a leader can resign", "[raft]") {
    CoreDriver node = started();
    node.become_follower(1, kTwo);
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK(node.is<Follower>());
    CHECK_FALSE(node.effects.resign);
    CHECK(node.effects.calls.empty());
}

TEST_CASE("raft leadership: a resigned leader stands again if nobody else does", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    const Duration wait = node.core.next_deadline() - node.now;
    CHECK(wait >= node.core.options().election_timeout);
    CHECK(wait <= 2 * node.core.options().election_timeout);
    node.become_candidate();
    CHECK(node.core.epoch() == LeaderEpoch(2));
}

TEST_CASE("raft leadership: a resigned leader votes in the next epoch", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK(node.vote(2, kTwo, end_at(1, 1)).vote_granted);
}

TEST_CASE("raft leadership: a resigned leader answers fetches as no leader", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK(node.fetch(kTwo, end_at(1, 1)).error == ErrorCode::not_leader_or_follower);
    CHECK_FALSE(node.core.active());
}

// --- EndQuorumEpoch

TEST_CASE("raft leadership: the first successor asks for pre-votes at once", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    const EpochAnswer answer = node.end_epoch(3, kTwo, {kOne, kThree});
    CHECK(answer.error == ErrorCode::none);
    CHECK(answer.epoch == LeaderEpoch(3));
    CHECK(answer.leader == kNoBroker);
    CHECK(node.is<Prospective>());
    CHECK(node.effects.calls.size() == 2);
    CHECK_FALSE(node.effects.persist);
}

TEST_CASE("raft leadership: later successors give the earlier ones time", "[raft]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CoreDriver node = started({.voters = 5, .seed = seed});
        const Duration timeout = node.core.options().election_timeout;
        node.become_follower(3, kTwo);
        node.end_epoch(3, kTwo, {kThree, BrokerId(4), kOne});
        CHECK(node.is<Unattached>());
        CHECK(node.core.next_deadline() - node.now >= timeout);
        CHECK(node.core.next_deadline() - node.now <= 2 * timeout);
    }
}

TEST_CASE("raft leadership: a voter that is not among the successors waits for all of them",
          "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    node.end_epoch(3, kTwo, {kThree, kTwo});
    CHECK(node.is<Unattached>());
    CHECK(node.core.next_deadline() - node.now >= node.core.options().election_timeout);
}

TEST_CASE("raft leadership: without successors every voter stands at once", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    node.end_epoch(3, kTwo, {});
    CHECK(node.is<Prospective>());
}

TEST_CASE("raft leadership: a list of successors that is too long makes no longer wait", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    node.end_epoch(3, kTwo, std::vector<BrokerId>(100'000, kThree));
    CHECK(node.is<Unattached>());
    CHECK(node.core.next_deadline() - node.now <= node.core.options().election_timeout * 5 / 2);
}

TEST_CASE("raft leadership: a stale end of an epoch is refused", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    const EpochAnswer answer = node.end_epoch(2, kThree, {kOne});
    CHECK(answer.error == ErrorCode::fenced_leader_epoch);
    CHECK(answer.leader == kTwo);
    CHECK(node.is<Follower>());
}

TEST_CASE("raft leadership: only its leader can end an epoch", "[raft]") {
    CoreDriver follower = started();
    follower.become_follower(3, kTwo);
    CHECK(follower.end_epoch(3, kThree, {kOne}).error == ErrorCode::invalid_request);
    CHECK(follower.is<Follower>());
    CoreDriver leader = started();
    leader.become_leader();
    CHECK(leader.end_epoch(1, kThree, {kOne}).error == ErrorCode::invalid_request);
    CHECK(leader.is<Leader>());
}

TEST_CASE("raft leadership: nodes that cannot lead cannot end an epoch", "[raft]") {
    CoreDriver node = started();
    for (const BrokerId leader : {kOne, BrokerId(4), kNoBroker}) {
        CHECK(node.end_epoch(9, leader, {kOne}).error == ErrorCode::inconsistent_voter_set);
    }
    CHECK(node.core.epoch() == LeaderEpoch(0));
}

TEST_CASE("raft leadership: the end of a newer epoch brings that epoch", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    const EpochAnswer answer = node.end_epoch(5, kTwo, {kThree, kOne});
    CHECK(answer.error == ErrorCode::none);
    CHECK(answer.epoch == LeaderEpoch(5));
    CHECK(node.effects.resign == LeaderEpoch(1));
    CHECK(*node.effects.persist == state_of(5));
    CHECK(node.is<Unattached>());
}

TEST_CASE("raft leadership: a candidate goes on when the leader of its epoch resigns", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    CHECK(node.end_epoch(1, kTwo, {kThree}).error == ErrorCode::none);
    CHECK(node.is<Candidate>());
}

TEST_CASE("raft leadership: the first successor stands later if its log is not durable", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    REQUIRE(node.fetched_records());
    node.stage(4);
    CHECK(node.end_epoch(3, kTwo, {kOne}).error == ErrorCode::none);
    CHECK(node.is<Unattached>());
    node.durable(4);
    node.reach_deadline();
    CHECK(node.is<Prospective>());
}

}  // namespace
}  // namespace hw::replication
