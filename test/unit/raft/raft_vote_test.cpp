#include <catch2/catch.hpp>

#include "test/unit/raft/core_driver.h"

/// Which votes and pre-votes a voter grants.
namespace hw::replication {
namespace {

using wire::ErrorCode;

constexpr VoteKind kBothKinds[] = {VoteKind::pre_vote, VoteKind::vote};

// --- The log

TEST_CASE("raft vote: a candidate with a log as long as the own one gets the vote", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    for (const VoteKind kind : kBothKinds) {
        const EpochAnswer answer = node.vote(4, kTwo, end_at(3, 10), kind);
        CHECK(answer.error == ErrorCode::none);
        CHECK(answer.vote_granted);
        CHECK(answer.epoch == LeaderEpoch(4));
        CHECK(answer.leader == kNoBroker);
    }
}

TEST_CASE("raft vote: a candidate with a shorter log of the same epoch gets no vote", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    for (const VoteKind kind : kBothKinds) {
        const EpochAnswer answer = node.vote(4, kTwo, end_at(3, 9), kind);
        CHECK(answer.error == ErrorCode::none);
        CHECK_FALSE(answer.vote_granted);
    }
    CHECK_FALSE(node.effects.persist);
}

TEST_CASE("raft vote: a longer log of an older epoch gets no vote", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    for (const VoteKind kind : kBothKinds) {
        CHECK_FALSE(node.vote(4, kTwo, end_at(2, 100), kind).vote_granted);
    }
}

TEST_CASE("raft vote: a shorter log of a newer epoch gets the vote", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    for (const VoteKind kind : kBothKinds) {
        CHECK(node.vote(5, kTwo, end_at(4, 2), kind).vote_granted);
    }
}

TEST_CASE("raft vote: a candidate whose log has its own epoch, or a later one, is refused",
          "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    CHECK(node.vote(5, kTwo, end_at(5, 12), VoteKind::vote).error == ErrorCode::invalid_request);
    CHECK(node.vote(5, kTwo, end_at(6, 12), VoteKind::pre_vote).error ==
          ErrorCode::invalid_request);
    CHECK(node.core.state() == state_of(4));
}

TEST_CASE("raft vote: an epoch that elections cannot have reached is refused, and not learned",
          "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    constexpr std::int32_t kLast = INT32_MAX;
    for (const VoteKind kind : kBothKinds) {
        CHECK(node.vote(kLast, kTwo, end_at(3, 10), kind).error == ErrorCode::invalid_request);
    }
    CHECK(node.begin_epoch(kLast, kTwo).error == ErrorCode::invalid_request);
    CHECK(node.end_epoch(kLast, kTwo, {kOne}).error == ErrorCode::invalid_request);
    node.become_prospective();
    node.answer(node.call_to(kTwo), {.error = ErrorCode::none,
                                     .epoch = LeaderEpoch(kLast),
                                     .leader = kTwo,
                                     .vote_granted = false});
    CHECK(node.core.state() == state_of(4));
    CHECK(node.vote(1 << 24, kTwo, end_at(3, 10)).vote_granted);
}

TEST_CASE("raft vote: records count for the own log before they are durable", "[raft]") {
    CoreDriver node = started();
    node.become_follower(1, kTwo);
    REQUIRE(node.fetched_records());
    node.stage(5);
    CHECK_FALSE(node.vote(2, kThree, end_at(1, 4)).vote_granted);
}

TEST_CASE("raft vote: an empty log gets the vote of a voter with an empty log", "[raft]") {
    CoreDriver node = started();
    CHECK(node.vote(1, kTwo).vote_granted);
}

// --- One vote per epoch

TEST_CASE("raft vote: a vote is persisted together with its epoch", "[raft]") {
    CoreDriver node = started();
    REQUIRE(node.vote(7, kTwo).vote_granted);
    REQUIRE(node.effects.persist);
    CHECK(*node.effects.persist == state_of(7, kNoBroker, kTwo));
}

TEST_CASE("raft vote: a voter votes for one candidate of an epoch only", "[raft]") {
    CoreDriver node = started();
    REQUIRE(node.vote(7, kTwo).vote_granted);
    const EpochAnswer second = node.vote(7, kThree);
    CHECK(second.error == ErrorCode::none);
    CHECK_FALSE(second.vote_granted);
    CHECK_FALSE(node.effects.persist);
}

TEST_CASE("raft vote: a candidate that asks again gets the same vote, without a new write",
          "[raft]") {
    CoreDriver node = started();
    REQUIRE(node.vote(7, kTwo).vote_granted);
    CHECK(node.vote(7, kTwo).vote_granted);
    CHECK_FALSE(node.effects.persist);
}

TEST_CASE("raft vote: a voter that has voted is free again in the next epoch", "[raft]") {
    CoreDriver node = started();
    REQUIRE(node.vote(7, kTwo).vote_granted);
    CHECK(node.vote(8, kThree).vote_granted);
    CHECK(*node.effects.persist == state_of(8, kNoBroker, kThree));
}

TEST_CASE("raft vote: a persisted vote counts after a restart", "[raft]") {
    CoreDriver before = started();
    REQUIRE(before.vote(7, kTwo).vote_granted);
    CoreDriver node = started({.persisted = before.persisted});
    CHECK_FALSE(node.vote(7, kThree).vote_granted);
    CHECK(node.vote(7, kTwo).vote_granted);
}

TEST_CASE("raft vote: a candidate has given its own vote away, also after a restart", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    CHECK_FALSE(node.vote(1, kTwo).vote_granted);
    CoreDriver again = started({.persisted = node.persisted});
    CHECK_FALSE(again.vote(1, kTwo).vote_granted);
}

TEST_CASE("raft vote: a candidate that lost has no second vote in its epoch", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    node.refuse(kTwo);
    node.refuse(kThree);
    node.become_prospective();
    CHECK_FALSE(node.vote(1, kTwo).vote_granted);
}

TEST_CASE("raft vote: who follows a leader votes for nobody else in its epoch", "[raft]") {
    CoreDriver node = started();
    node.become_follower(3, kTwo);
    const EpochAnswer answer = node.vote(3, kThree);
    CHECK_FALSE(answer.vote_granted);
    CHECK(answer.leader == kTwo);
    CHECK(node.is<Follower>());
}

TEST_CASE("raft vote: a leader votes for nobody in its epoch", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    CHECK_FALSE(node.vote(1, kTwo, end_at(1, 100)).vote_granted);
    CHECK(node.is<Leader>());
}

TEST_CASE("raft vote: a resigned leader votes for nobody in the epoch that it led", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK_FALSE(node.vote(1, kTwo, end_at(1, 100)).vote_granted);
    CHECK(node.is<Resigned>());
}

TEST_CASE("raft vote: a voter that granted a vote waits a whole election before it stands",
          "[raft]") {
    CoreDriver node = started();
    node.pass(std::chrono::milliseconds(1));
    REQUIRE(node.vote(7, kTwo).vote_granted);
    const Duration wait = node.core.next_deadline() - node.now;
    CHECK(wait >= node.core.options().election_timeout);
    CHECK(wait <= 2 * node.core.options().election_timeout);
}

TEST_CASE("raft vote: a prospective that grants a vote gives up its own election", "[raft]") {
    CoreDriver node = started();
    node.become_prospective();
    REQUIRE(node.vote(0, kTwo).vote_granted);
    CHECK(node.is<Unattached>());
}

// --- Epochs

TEST_CASE("raft vote: a candidate of an old epoch is refused, and learns epoch and leader",
          "[raft]") {
    CoreDriver node = started();
    node.become_follower(5, kTwo);
    for (const VoteKind kind : kBothKinds) {
        const EpochAnswer answer = node.vote(4, kThree, end_at(9, 9), kind);
        CHECK(answer.error == ErrorCode::fenced_leader_epoch);
        CHECK_FALSE(answer.vote_granted);
        CHECK(answer.epoch == LeaderEpoch(5));
        CHECK(answer.leader == kTwo);
    }
    CHECK(node.is<Follower>());
}

TEST_CASE("raft vote: a newer epoch counts also if its candidate gets no vote", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    const EpochAnswer answer = node.vote(6, kTwo, end_at(3, 9));
    CHECK_FALSE(answer.vote_granted);
    CHECK(answer.epoch == LeaderEpoch(6));
    CHECK(*node.effects.persist == state_of(6));
    CHECK(node.is<Unattached>());
}

TEST_CASE("raft vote: a leader that sees a newer epoch resigns", "[raft]") {
    for (const VoteKind kind : kBothKinds) {
        CoreDriver node = started();
        node.become_leader();
        node.vote(9, kTwo, {}, kind);
        CHECK(node.effects.resign == LeaderEpoch(1));
        CHECK(node.effects.persist->epoch == LeaderEpoch(9));
        CHECK(node.is<Unattached>());
    }
}

TEST_CASE("raft vote: the greatest epoch is a valid one", "[raft]") {
    CoreDriver node =
        started({.persisted = state_of(kMaxEpoch - 1), .log = log_of({end_at(3, 10)})});
    CHECK(node.vote(kMaxEpoch, kTwo, end_at(3, 10)).vote_granted);
    CHECK(node.persisted == state_of(kMaxEpoch, kNoBroker, kTwo));
}

// --- Strangers

TEST_CASE("raft vote: a candidate that is not a voter, or has this node's id, gets no vote",
          "[raft]") {
    CoreDriver node = started();
    for (const BrokerId stranger : {BrokerId(4), kNoBroker, kOne, BrokerId(INT32_MAX)}) {
        for (const VoteKind kind : kBothKinds) {
            const EpochAnswer answer = node.vote(9, stranger, end_at(9, 9), kind);
            CHECK(answer.error == ErrorCode::inconsistent_voter_set);
            CHECK_FALSE(answer.vote_granted);
        }
    }
    CHECK(node.core.epoch() == LeaderEpoch(0));
}

TEST_CASE("raft vote: an observer votes for nobody", "[raft]") {
    CoreDriver node = started({.self = kObserver});
    for (const VoteKind kind : kBothKinds) {
        const EpochAnswer answer = node.vote(9, kTwo, end_at(9, 9), kind);
        CHECK(answer.error == ErrorCode::inconsistent_voter_set);
        CHECK_FALSE(answer.vote_granted);
    }
    CHECK(node.core.epoch() == LeaderEpoch(0));
}

// --- Pre-votes

TEST_CASE("raft pre-vote: a granted pre-vote changes nothing in the voter", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4)});
    const TimePoint deadline = node.core.next_deadline();
    REQUIRE(node.pre_vote(4, kTwo).vote_granted);
    CHECK_FALSE(node.effects.persist);
    CHECK(node.core.state() == state_of(4));
    CHECK(node.core.next_deadline() == deadline);
}

TEST_CASE("raft pre-vote: a voter may grant pre-votes to several nodes of an epoch", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4)});
    CHECK(node.pre_vote(4, kTwo).vote_granted);
    CHECK(node.pre_vote(4, kThree).vote_granted);
}

TEST_CASE("raft pre-vote: a voter that has voted grants a pre-vote to another one", "[raft]") {
    CoreDriver node = started();
    REQUIRE(node.vote(4, kTwo).vote_granted);
    CHECK(node.pre_vote(4, kThree).vote_granted);
}

TEST_CASE("raft pre-vote: a follower that has heard its leader grants none", "[raft]") {
    CoreDriver node = started();
    node.become_follower(4, kTwo);
    node.fetched(node.from_leader());
    const EpochAnswer answer = node.pre_vote(4, kThree);
    CHECK_FALSE(answer.vote_granted);
    CHECK(answer.leader == kTwo);
    CHECK(node.is<Follower>());
}

TEST_CASE("raft pre-vote: a follower that its leader has not answered grants one", "[raft]") {
    CoreDriver node = started();
    node.become_follower(4, kTwo);
    CHECK(node.pre_vote(4, kThree).vote_granted);
    CHECK(node.is<Follower>());
}

TEST_CASE("raft pre-vote: a voter whose leader has become silent grants one", "[raft]") {
    CoreDriver node = started();
    node.become_follower(4, kTwo);
    node.fetched(node.from_leader());
    node.pass(node.core.options().fetch_timeout);
    REQUIRE(node.is<Prospective>());
    CHECK(node.pre_vote(4, kThree).vote_granted);
}

TEST_CASE("raft pre-vote: a voter whose leader takes no connection grants one", "[raft]") {
    CoreDriver node = started();
    node.become_follower(4, kTwo);
    node.fetched(node.from_leader());
    node.pass(std::chrono::milliseconds(50));
    node.fetch_fails(FetchFailure::refused);
    CHECK(node.pre_vote(4, kThree).vote_granted);
}

TEST_CASE("raft pre-vote: a leader grants none in its epoch", "[raft]") {
    CoreDriver node = started();
    node.become_leader();
    CHECK_FALSE(node.pre_vote(1, kTwo, end_at(1, 100)).vote_granted);
    CHECK(node.is<Leader>());
}

TEST_CASE("raft pre-vote: prospectives, candidates and resigned leaders grant them", "[raft]") {
    CoreDriver node = started();
    node.become_prospective();
    CHECK(node.pre_vote(0, kTwo).vote_granted);
    node.become_candidate();
    CHECK(node.pre_vote(1, kTwo).vote_granted);
    CHECK(node.is<Candidate>());
    node.grant(kTwo);
    REQUIRE(node.is<Leader>());
    node.input([&](RaftEffects& out) { node.core.resign(node.now, out); });
    CHECK(node.pre_vote(1, kTwo).vote_granted);
    CHECK(node.is<Resigned>());
}

}  // namespace
}  // namespace hw::replication
