#include <catch2/catch.hpp>

#include "test/unit/raft/core_driver.h"

/// What a node makes of the state on its disk.
namespace hw::replication {
namespace {

TEST_CASE("raft restart: a node with an empty disk waits for a leader in epoch 0", "[raft]") {
    CoreDriver node = started();
    CHECK(node.is<Unattached>());
    CHECK(node.core.epoch() == LeaderEpoch(0));
    CHECK(node.core.leader() == kNoBroker);
    CHECK_FALSE(node.effects.persist);
    CHECK(node.effects.calls.empty());
}

TEST_CASE("raft restart: a node that led knows no leader, and does not lead", "[raft]") {
    CoreDriver node =
        started({.persisted = state_of(4, kOne, kOne), .log = log_of({end_at(4, 10)})});
    CHECK(node.is<Unattached>());
    CHECK(node.core.epoch() == LeaderEpoch(4));
    CHECK(node.core.leader() == kNoBroker);
    CHECK(node.core.high_watermark() == Offset(0));
}

TEST_CASE("raft restart: a node that led does not vote for another one in that epoch", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4, kOne, kOne)});
    CHECK_FALSE(node.vote(4, kTwo, end_at(4, 99)).vote_granted);
}

TEST_CASE("raft restart: a node that followed fetches from its leader at once", "[raft]") {
    CoreDriver node =
        started({.persisted = state_of(4, kTwo), .log = log_of({end_at(3, 8), end_at(4, 10)})});
    CHECK(node.is<Follower>());
    CHECK_FALSE(node.effects.persist);
    REQUIRE(node.effects.fetch);
    CHECK(*node.effects.fetch == RaftFetch{.to = kTwo,
                                           .epoch = LeaderEpoch(4),
                                           .offset = Offset(10),
                                           .last_epoch = LeaderEpoch(4),
                                           .high_watermark = Offset(0),
                                           .number = 1});
}

TEST_CASE("raft restart: a node that followed and voted keeps its vote", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4, kTwo, kThree)});
    CHECK(node.core.state() == state_of(4, kTwo, kThree));
    node.fetch_error(wire::ErrorCode::not_leader_or_follower, kNoBroker);
    REQUIRE(node.is<Unattached>());
    CHECK_FALSE(node.vote(4, kTwo).vote_granted);
    CHECK(node.vote(4, kThree).vote_granted);
}

TEST_CASE("raft restart: a node that voted waits for an election", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4, kNoBroker, kThree)});
    CHECK(node.is<Unattached>());
    CHECK(node.core.state() == state_of(4, kNoBroker, kThree));
}

TEST_CASE("raft restart: a node that voted for itself stands in a new epoch", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4, kNoBroker, kOne)});
    node.become_candidate();
    CHECK(node.persisted == state_of(5, kNoBroker, kOne));
}

TEST_CASE("raft restart: if the log has a newer epoch, neither leader nor vote is known",
          "[raft]") {
    CoreDriver node =
        started({.persisted = state_of(4, kTwo, kThree), .log = log_of({end_at(6, 10)})});
    CHECK(node.is<Unattached>());
    CHECK(node.core.state() == state_of(6));
    CHECK(node.vote(7, kTwo, end_at(6, 10)).vote_granted);
    CHECK(node.persisted == state_of(7, kNoBroker, kTwo));
}

TEST_CASE("raft restart: a leader that is not a voter any more is not followed", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4, BrokerId(7))});
    CHECK(node.is<Unattached>());
    CHECK(node.core.leader() == kNoBroker);
}

TEST_CASE("raft restart: an observer asks the leader that it knew", "[raft]") {
    CoreDriver node = started({.self = kObserver, .persisted = state_of(4, kThree)});
    CHECK(node.is<Observer>());
    CHECK(node.effects.fetch->to == kThree);
}

TEST_CASE("raft restart: an observer that knew no leader asks the first voter", "[raft]") {
    CoreDriver node = started({.self = kObserver, .persisted = state_of(4)});
    CHECK(node.is<Observer>());
    CHECK(node.effects.fetch->to == kOne);
    CHECK(node.effects.fetch->epoch == LeaderEpoch(4));
}

TEST_CASE("raft restart: the whole log counts as durable, and nothing as committed", "[raft]") {
    CoreDriver node = started({.persisted = state_of(4), .log = log_of({end_at(4, 10)})});
    CHECK(node.core.log().durable_end_offset() == Offset(10));
    CHECK(node.core.high_watermark() == Offset(0));
}

}  // namespace
}  // namespace hw::replication
