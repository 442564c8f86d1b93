#include <catch2/catch.hpp>

#include "test/unit/raft/core_driver.h"

/// How a voter asks for pre-votes and votes, and how elections end.
namespace hw::replication {
namespace {

using wire::ErrorCode;

/// The only kind of request among `calls`.
const VoteCall& vote_in(const RaftCall& call) {
    return std::get<VoteCall>(call.body);
}

// --- Pre-votes

TEST_CASE("raft election: a voter that knows no leader waits at most an election timeout",
          "[raft]") {
    for (std::uint64_t seed = 1; seed < 50; ++seed) {
        const CoreDriver node = started({.seed = seed});
        CHECK(node.core.next_deadline() - node.now <= node.core.options().election_timeout);
    }
}

TEST_CASE("raft election: voters with other random numbers wait for other durations", "[raft]") {
    CHECK(started({.seed = 1}).core.next_deadline() != started({.seed = 2}).core.next_deadline());
}

TEST_CASE("raft election: before its deadline a voter asks nobody", "[raft]") {
    CoreDriver node = started();
    node.now = node.core.next_deadline() - kTick;
    node.on_time();
    CHECK(node.effects.calls.empty());
    CHECK(node.is<Unattached>());
}

TEST_CASE("raft election: a pre-vote changes no epoch and persists nothing", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    node.reach_deadline();
    REQUIRE(node.is<Prospective>());
    CHECK_FALSE(node.effects.persist);
    CHECK(node.core.state() == state_of(4));
    REQUIRE(node.effects.calls.size() == 2);
    const VoteCall expected{.kind = VoteKind::pre_vote,
                            .epoch = LeaderEpoch(4),
                            .candidate = kOne,
                            .log = end_at(3, 10)};
    CHECK(node.effects.calls[0] == RaftCall{kTwo, expected});
    CHECK(node.effects.calls[1] == RaftCall{kThree, expected});
}

TEST_CASE("raft election: a majority of pre-votes makes a candidate in the next epoch", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(3, 10)})});
    node.become_prospective();
    node.grant(kThree);
    REQUIRE(node.is<Candidate>());
    CHECK(*node.effects.persist == state_of(5, kNoBroker, kOne));
    REQUIRE(node.effects.calls.size() == 2);
    const VoteCall expected{
        .kind = VoteKind::vote, .epoch = LeaderEpoch(5), .candidate = kOne, .log = end_at(3, 10)};
    CHECK(node.effects.calls[0] == RaftCall{kTwo, expected});
    CHECK(node.effects.calls[1] == RaftCall{kThree, expected});
}

TEST_CASE("raft election: a prospective without answers asks again after one to two timeouts",
          "[raft]") {
    CoreDriver node = started();
    node.become_prospective();
    const Duration wait = node.core.next_deadline() - node.now;
    CHECK(wait >= node.core.options().election_timeout);
    CHECK(wait <= 2 * node.core.options().election_timeout);
    node.reach_deadline();
    CHECK(node.is<Prospective>());
    CHECK(node.effects.calls.size() == 2);
    CHECK(node.core.epoch() == LeaderEpoch(0));
}

TEST_CASE("raft election: a follower without pre-votes returns to its leader", "[raft]") {
    CoreDriver node = started();
    node.become_follower(4, kTwo);
    node.pass(node.core.options().fetch_timeout);
    REQUIRE(node.is<Prospective>());
    node.reach_deadline();
    CHECK(node.is<Follower>());
    CHECK(node.core.leader() == kTwo);
    CHECK(node.effects.fetch->to == kTwo);
    CHECK_FALSE(node.effects.persist);
}

// --- Counting

TEST_CASE("raft election: a majority of votes makes the leader", "[raft]") {
    CoreDriver node = started({.log = log_of({end_at(0, 10)})});
    node.become_candidate();
    node.grant(kTwo);
    REQUIRE(node.is<Leader>());
    CHECK(*node.effects.persist == state_of(1, kOne, kOne));
    REQUIRE(node.effects.append);
    CHECK(*node.effects.append == LeaderChange{.epoch = LeaderEpoch(1),
                                               .leader = kOne,
                                               .voters = {kOne, kTwo, kThree},
                                               .granting_voters = {kOne, kTwo}});
}

TEST_CASE("raft election: of five voters two must agree with the candidate", "[raft]") {
    CoreDriver node = started({.voters = 5});
    node.become_prospective();
    node.grant(kTwo);
    CHECK(node.is<Prospective>());
    node.grant(BrokerId(5));
    REQUIRE(node.is<Candidate>());
    node.grant(kThree);
    CHECK(node.is<Candidate>());
    node.grant(kTwo);
    CHECK(node.is<Leader>());
}

TEST_CASE("raft election: a vote counts once, however often it arrives", "[raft]") {
    CoreDriver node = started({.voters = 5});
    node.become_candidate();
    node.grant(kTwo);
    node.grant(kTwo);
    CHECK(node.is<Candidate>());
}

TEST_CASE("raft election: late pre-votes do not count as votes", "[raft]") {
    CoreDriver node = started();
    node.become_prospective();
    const RaftCall pre_vote = node.call_to(kThree);
    node.grant(kTwo);
    REQUIRE(node.is<Candidate>());
    node.answer(pre_vote, {.epoch = LeaderEpoch(0), .vote_granted = true});
    CHECK(node.is<Candidate>());
}

TEST_CASE("raft election: votes of an earlier election do not count", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    const RaftCall first = node.call_to(kTwo);
    node.reach_deadline();
    node.become_candidate();
    REQUIRE(node.core.epoch() == LeaderEpoch(2));
    node.answer(first, {.epoch = LeaderEpoch(1), .vote_granted = true});
    CHECK(node.is<Candidate>());
}

TEST_CASE("raft election: a vote that arrives at a follower changes nothing", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    const RaftCall call = node.call_to(kTwo);
    node.become_follower(1, kThree);
    node.answer(call, {.epoch = LeaderEpoch(1), .leader = kThree, .vote_granted = true});
    CHECK(node.is<Follower>());
}

TEST_CASE("raft election: an answer with a newer epoch ends the election", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    node.answer(node.call_to(kTwo),
                {.error = ErrorCode::fenced_leader_epoch, .epoch = LeaderEpoch(8)});
    CHECK(node.is<Unattached>());
    CHECK(*node.effects.persist == state_of(8));
}

TEST_CASE("raft election: an answer that names the leader of a newer epoch makes a follower",
          "[raft]") {
    CoreDriver node = started();
    node.become_prospective();
    node.answer(
        node.call_to(kTwo),
        {.error = ErrorCode::fenced_leader_epoch, .epoch = LeaderEpoch(8), .leader = kThree});
    CHECK(node.is<Follower>());
    CHECK(*node.effects.persist == state_of(8, kThree));
    CHECK(node.effects.fetch->to == kThree);
}

TEST_CASE("raft election: an answer that names the leader of the same epoch makes a follower",
          "[raft]") {
    CoreDriver node = started({.persisted = state_of(4)});
    node.become_prospective();
    node.answer(node.call_to(kTwo), {.epoch = LeaderEpoch(4), .leader = kTwo});
    CHECK(node.is<Follower>());
    CHECK(*node.effects.persist == state_of(4, kTwo));
}

TEST_CASE("raft election: who becomes a follower in the epoch of its vote keeps the vote",
          "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    node.become_follower(1, kTwo);
    CHECK(node.persisted == state_of(1, kTwo, kOne));
}

TEST_CASE("raft election: a follower does not leave its leader for another one of the epoch",
          "[raft]") {
    CoreDriver node = started();
    node.become_prospective();
    const RaftCall call = node.call_to(kTwo);
    node.become_follower(0, kTwo);
    node.answer(call, {.epoch = LeaderEpoch(0), .leader = kThree});
    CHECK(node.core.leader() == kTwo);
}

TEST_CASE("raft election: answers that name impossible leaders name no leader", "[raft]") {
    for (const BrokerId leader : {kOne, BrokerId(77), kNoBroker, BrokerId(INT32_MIN)}) {
        CoreDriver node = started();
        node.become_candidate();
        node.answer(node.call_to(kTwo), {.epoch = LeaderEpoch(1), .leader = leader});
        CHECK(node.is<Candidate>());
        node.answer(node.call_to(kTwo), {.epoch = LeaderEpoch(5), .leader = leader});
        CHECK(node.is<Unattached>());
        CHECK(*node.effects.persist == state_of(5));
    }
}

TEST_CASE("raft election: an old epoch in an answer changes nothing", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4)});
    node.become_candidate();
    node.answer(node.call_to(kTwo), {.epoch = LeaderEpoch(3), .leader = kThree});
    CHECK(node.is<Candidate>());
    CHECK(node.core.epoch() == LeaderEpoch(5));
}

// --- Lost elections

TEST_CASE("raft election: an election that is lost is repeated soon", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    node.refuse(kTwo);
    node.refuse(kThree);
    CHECK(node.core.next_deadline() - node.now < node.core.options().election_timeout / 2);
    CHECK(node.core.next_deadline() > node.now);
    node.reach_deadline();
    CHECK(node.is<Prospective>());
    CHECK(node.core.epoch() == LeaderEpoch(1));
}

TEST_CASE("raft election: one refusal of two does not end the election", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    const TimePoint deadline = node.core.next_deadline();
    node.refuse(kTwo);
    CHECK(node.core.next_deadline() == deadline);
    node.grant(kThree);
    CHECK(node.is<Leader>());
}

TEST_CASE("raft election: requests without an answer count as refused", "[raft]") {
    CoreDriver node = started();
    node.become_prospective();
    node.lose_call(kTwo);
    node.lose_call(kThree);
    CHECK(node.core.next_deadline() - node.now < node.core.options().election_timeout / 2);
    node.reach_deadline();
    CHECK(node.is<Prospective>());
}

TEST_CASE("raft election: an error in the answer counts as refused", "[raft]") {
    CoreDriver node = started();
    node.become_candidate();
    for (const BrokerId from : {kTwo, kThree}) {
        node.answer(node.call_to(from),
                    {.error = ErrorCode::invalid_voter_key, .epoch = LeaderEpoch(1)});
    }
    CHECK(node.core.next_deadline() - node.now < node.core.options().election_timeout / 2);
}

TEST_CASE("raft election: further refusals do not put off the next election", "[raft]") {
    CoreDriver node = started({.voters = 5});
    node.become_candidate();
    for (const std::int32_t id : {2, 3, 4}) {
        node.refuse(BrokerId(id));
    }
    const TimePoint deadline = node.core.next_deadline();
    node.refuse(BrokerId(5));
    CHECK(node.core.next_deadline() <= deadline);
}

TEST_CASE("raft election: each election has an epoch of its own", "[raft]") {
    CoreDriver node = started();
    for (std::int32_t epoch = 1; epoch < 5; ++epoch) {
        node.become_candidate();
        CHECK(node.persisted == state_of(epoch, kNoBroker, kOne));
        node.reach_deadline();
    }
}

TEST_CASE("raft election: candidates that split the votes wait for different durations", "[raft]") {
    std::set<Duration> waits;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CoreDriver node = started({.seed = seed});
        node.become_candidate();
        node.refuse(kTwo);
        node.refuse(kThree);
        waits.insert(node.core.next_deadline() - node.now);
    }
    CHECK(waits.size() == 20);
}

// --- A log that is not settled

TEST_CASE("raft election: a voter does not stand while its log is not durable", "[raft]") {
    CoreDriver node = started();
    node.become_follower(1, kTwo);
    REQUIRE(node.fetched_records());
    node.stage(5);
    node.pass(2 * node.core.options().fetch_timeout);
    CHECK(node.is<Unattached>());
    CHECK(node.effects.calls.empty());
    node.durable(5);
    node.reach_deadline();
    CHECK(node.is<Prospective>());
    CHECK(vote_in(node.call_to(kTwo)).log == end_at(1, 5));
}

TEST_CASE("raft election: a voter does not stand while records are being removed", "[raft]") {
    CoreDriver node = started({.log = log_of({end_at(1, 10)})});
    node.become_follower(3, kTwo);
    node.diverging(end_at(1, 6));
    REQUIRE(node.effects.truncate == Offset(6));
    node.pass(2 * node.core.options().fetch_timeout);
    CHECK(node.is<Unattached>());
    node.truncated(5);
    node.reach_deadline();
    CHECK(node.is<Prospective>());
    CHECK(vote_in(node.call_to(kTwo)).log == end_at(1, 5));
}

// --- The ends of the range, and other quorums

TEST_CASE("raft election: a voter in the greatest epoch cannot stand, and does not spin",
          "[raft]") {
    CoreDriver node = started({.persisted = state_of(kMaxEpoch)});
    for (int deadlines = 0; deadlines < 10; ++deadlines) {
        const TimePoint before = node.now;
        node.reach_deadline();
        CHECK(node.is<Unattached>());
        CHECK(node.effects.calls.empty());
        CHECK((deadlines == 0 || node.now > before));
    }
}

TEST_CASE("raft election: the greatest epoch can be won", "[raft]") {
    CoreDriver node = started({.persisted = state_of(kMaxEpoch - 1)});
    node.become_leader();
    CHECK(node.core.epoch() == LeaderEpoch(kMaxEpoch));
}

TEST_CASE("raft election: in a quorum of two both must agree", "[raft]") {
    CoreDriver node = started({.voters = 2});
    node.become_prospective();
    node.refuse(kTwo);
    CHECK(node.is<Prospective>());
    node.become_candidate();
    node.grant(kTwo);
    CHECK(node.is<Leader>());
}

TEST_CASE("raft election: an observer never stands", "[raft]") {
    CoreDriver node = started({.self = kObserver});
    for (int failures = 0; failures < 50; ++failures) {
        node.fetch_fails(FetchFailure::refused);
        node.reach_deadline();
        CHECK(node.is<Observer>());
        CHECK(node.effects.calls.empty());
    }
}

TEST_CASE("raft election: two voters of three elect a leader, although they stand at once",
          "[raft]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CoreDriver one = started({.self = kOne, .seed = seed});
        CoreDriver two = started({.self = kTwo, .seed = seed + 100});
        const auto ask = [](CoreDriver& from, CoreDriver& to) {
            const RaftCall call = from.call_to(to.core.options().self.id);
            const VoteCall& vote = vote_in(call);
            const EpochAnswer answer =
                to.vote(vote.epoch.value(), vote.candidate, vote.log, vote.kind);
            from.answer(call, answer);
            from.answer(from.call_to(kThree), {.epoch = LeaderEpoch(0)});
        };
        int rounds = 0;
        one.become_prospective();
        two.become_prospective();
        while (!one.is<Leader>() && !two.is<Leader>()) {
            REQUIRE(++rounds < 50);
            CoreDriver& next = one.core.next_deadline() < two.core.next_deadline() ? one : two;
            CoreDriver& other = &next == &one ? two : one;
            next.reach_deadline();
            other.now = next.now;
            for (int asked = 0; asked < 2 && (next.is<Prospective>() || next.is<Candidate>());
                 ++asked) {
                ask(next, other);
            }
        }
    }
}

TEST_CASE("raft election: a vote in an answer with an error does not count", "[raft]") {
    CoreDriver node = started();
    node.reach_deadline();
    REQUIRE_FALSE(node.effects.calls.empty());
    const RaftCall pre_vote = node.effects.calls.front();
    node.answer(
        pre_vote,
        {.error = ErrorCode::invalid_request, .epoch = LeaderEpoch(0), .vote_granted = true});
    CHECK(node.is<Prospective>());
}

}  // namespace
}  // namespace hw::replication
