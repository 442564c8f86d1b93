#include <catch2/catch.hpp>

#include "test/unit/raft/core_driver.h"

/// How followers and observers copy the log of their leader.
namespace hw::replication {
namespace {

using wire::ErrorCode;

const Setup kFollower{.persisted = state_of(4, kTwo),
                      .log = log_of({end_at(1, 10), end_at(3, 20)})};
const Setup kObserving{.self = kObserver,
                       .persisted = state_of(4, kTwo),
                       .log = log_of({end_at(1, 10), end_at(3, 20)})};

// --- When a node fetches

TEST_CASE("raft following: a fetch says where the own log ends", "[raft]") {
    CoreDriver node = started(kFollower);
    REQUIRE(node.effects.fetch);
    CHECK(*node.effects.fetch == RaftFetch{.to = kTwo,
                                           .epoch = LeaderEpoch(4),
                                           .offset = Offset(20),
                                           .last_epoch = LeaderEpoch(3),
                                           .high_watermark = Offset(0),
                                           .number = 1});
}

TEST_CASE("raft following: the next fetch waits until all fetched records are durable", "[raft]") {
    for (const Setup& setup : {kFollower, kObserving}) {
        CoreDriver node = started(setup);
        REQUIRE(node.fetched_records());
        CHECK_FALSE(node.effects.fetch);
        node.stage(4, 25);
        node.durable(24);
        CHECK_FALSE(node.effects.fetch);
        node.durable(25);
        REQUIRE(node.effects.fetch);
        CHECK(node.effects.fetch->offset == Offset(25));
        CHECK(node.effects.fetch->last_epoch == LeaderEpoch(4));
    }
}

TEST_CASE("raft following: a node with a slow disk has no deadline in the past", "[raft]") {
    CoreDriver node = started(kObserving);
    REQUIRE(node.fetched_records());
    node.stage(4, 25);
    CHECK(node.core.next_deadline() == kNever);
}

TEST_CASE("raft following: records of a node that does not lead the epoch are not taken",
          "[raft]") {
    const auto records_of = [](std::int32_t epoch, BrokerId leader) {
        return RaftFetchAnswer{
            .epoch = LeaderEpoch(epoch), .leader = leader, .diverging = {}, .has_records = true};
    };
    CHECK(started(kFollower).fetched(records_of(4, kTwo)));
    CHECK_FALSE(started(kFollower).fetched(records_of(3, kTwo)));
    CHECK_FALSE(started(kFollower).fetched(records_of(4, kNoBroker)));
    CHECK_FALSE(started(kFollower).fetched(records_of(4, kThree)));
}

TEST_CASE("raft following: there is one fetch at a time", "[raft]") {
    CoreDriver node = started(kFollower);
    node.now += std::chrono::milliseconds(900);
    node.on_time();
    CHECK_FALSE(node.effects.fetch);
    node.durable();
    CHECK_FALSE(node.effects.fetch);
}

TEST_CASE("raft following: after an answer without news the next fetch waits a little", "[raft]") {
    for (const Setup& setup : {kFollower, kObserving}) {
        CoreDriver node = started(setup);
        CHECK_FALSE(node.fetched(node.from_leader()));
        CHECK_FALSE(node.effects.fetch);
        CHECK(node.core.next_deadline() > node.now);
        CHECK(node.core.next_deadline() - node.now < std::chrono::milliseconds(100));
        node.reach_deadline();
        CHECK(node.effects.fetch);
    }
}

TEST_CASE("raft following: after an answer with a new high watermark the next fetch is sent",
          "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetched(node.from_leader(15));
    REQUIRE(node.effects.fetch);
    CHECK(node.effects.fetch->high_watermark == Offset(15));
}

TEST_CASE("raft following: a new leader is asked at once, also during a pause", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetch_fails();
    node.become_follower(5, kThree);
    REQUIRE(node.effects.fetch);
    CHECK(node.effects.fetch->to == kThree);
    CHECK(node.effects.fetch->epoch == LeaderEpoch(5));
}

TEST_CASE("raft following: every answer of the leader moves the deadline", "[raft]") {
    CoreDriver node = started(kFollower);
    for (int answers = 0; answers < 10; ++answers) {
        node.now += node.core.options().fetch_timeout - kTick;
        node.fetched(node.from_leader());
        node.reach_deadline();
        REQUIRE(node.effects.fetch);
    }
    node.pass(node.core.options().fetch_timeout);
    CHECK(node.is<Prospective>());
}

TEST_CASE("raft following: a follower that hears nothing asks for pre-votes", "[raft]") {
    CoreDriver node = started(kFollower);
    node.pass(node.core.options().fetch_timeout - kTick);
    CHECK(node.is<Follower>());
    node.pass(kTick);
    CHECK(node.is<Prospective>());
    CHECK_FALSE(node.effects.persist);
}

// --- Late answers

TEST_CASE("raft following: an answer to a fetch of an earlier epoch brings no records", "[raft]") {
    CoreDriver node = started(kFollower);
    const RaftFetch late = node.fetch_sent;
    node.become_follower(5, kTwo);
    RaftFetchAnswer answer = node.from_leader(20);
    answer.has_records = true;
    CHECK_FALSE(node.fetched(late, answer));
    CHECK(node.core.high_watermark() == Offset(0));
    CHECK(node.fetched_records());
}

TEST_CASE("raft following: an answer to a fetch of another leader brings no records", "[raft]") {
    CoreDriver node = started(kFollower);
    RaftFetch late = node.fetch_sent;
    late.to = kThree;
    RaftFetchAnswer answer = node.from_leader(20);
    answer.has_records = true;
    CHECK_FALSE(node.fetched(late, answer));
}

TEST_CASE("raft following: an answer for another end of the log brings no records", "[raft]") {
    CoreDriver node = started(kFollower);
    const RaftFetch late = node.fetch_sent;
    REQUIRE(node.fetched_records());
    node.stage(4, 25);
    node.durable();
    RaftFetchAnswer answer = node.from_leader(20);
    answer.has_records = true;
    CHECK_FALSE(node.fetched(late, answer));
    CHECK(node.core.high_watermark() == Offset(0));
}

TEST_CASE("raft following: an answer that arrives twice counts once", "[raft]") {
    CoreDriver node = started(kFollower);
    const RaftFetch call = node.fetch_sent;
    REQUIRE(node.fetched_records());
    CHECK_FALSE(node.fetched_records());
    CHECK_FALSE(node.fetched(call, node.from_leader(20)));
}

TEST_CASE("raft following: an answer that arrives at a leader counts for nothing", "[raft]") {
    CoreDriver node = started(kFollower);
    node.become_leader();
    RaftFetchAnswer answer{.epoch = LeaderEpoch(4), .leader = kTwo, .diverging = {}};
    answer.has_records = true;
    CHECK_FALSE(node.fetched(answer));
    CHECK(node.is<Leader>());
}

TEST_CASE("raft following: the failure of a late fetch changes nothing", "[raft]") {
    CoreDriver node = started(kFollower);
    const RaftFetch late = node.fetch_sent;
    node.become_follower(5, kThree);
    node.core.on_fetch_failed(late, FetchFailure::refused, node.now);
    CHECK(node.is<Follower>());
    CHECK(std::get<Follower>(node.core.role()).fetching.under_way);
}

// --- The high watermark

TEST_CASE("raft following: the leader's high watermark counts up to the own durable end",
          "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetched(node.from_leader(30));
    CHECK(node.effects.high_watermark == Offset(20));
    REQUIRE(node.fetched_records(30));
    CHECK_FALSE(node.effects.high_watermark);
    node.stage(4, 25);
    CHECK(node.core.high_watermark() == Offset(20));
    node.durable(25);
    CHECK(node.effects.high_watermark == Offset(25));
}

TEST_CASE("raft following: the high watermark does not fall", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetched(node.from_leader(15));
    node.fetched(node.from_leader(10));
    CHECK_FALSE(node.effects.high_watermark);
    CHECK(node.core.high_watermark() == Offset(15));
    node.reach_deadline();
    node.fetched(node.from_leader(-1));
    CHECK(node.core.high_watermark() == Offset(15));
}

TEST_CASE("raft following: a high watermark with records counts when they are durable", "[raft]") {
    CoreDriver node = started(kFollower);
    REQUIRE(node.fetched_records(23));
    CHECK_FALSE(node.effects.high_watermark);
    node.stage(4, 25);
    node.durable(25);
    CHECK(node.effects.high_watermark == Offset(23));
}

TEST_CASE("raft following: the high watermark in a diverging answer is ignored", "[raft]") {
    CoreDriver node = started(kFollower);
    node.diverging(end_at(1, 10), 20);
    CHECK_FALSE(node.effects.high_watermark);
    node.truncated(10);
    CHECK_FALSE(node.effects.high_watermark);
    CHECK(node.core.high_watermark() == Offset(0));
}

TEST_CASE("raft following: the high watermark of an earlier leader does not count in a new epoch",
          "[raft]") {
    CoreDriver node = started(kFollower);
    REQUIRE(node.fetched_records(30));
    node.stage(4, 25);
    node.become_follower(5, kThree);
    node.durable(25);
    CHECK_FALSE(node.effects.high_watermark);
    CHECK(node.core.high_watermark() == Offset(0));
}

TEST_CASE("raft following: the high watermark in an error answer is ignored", "[raft]") {
    CoreDriver node = started(kFollower);
    RaftFetchAnswer answer = node.from_leader(20);
    answer.error = ErrorCode::unknown_server_error;
    node.fetched(answer);
    CHECK_FALSE(node.effects.high_watermark);
}

// --- Diverging logs

TEST_CASE("raft following: a diverging log is cut at the leader's end of its last epoch",
          "[raft]") {
    CoreDriver node = started(kFollower);
    CHECK_FALSE(node.diverging(end_at(3, 15)));
    CHECK(node.effects.truncate == Offset(15));
    CHECK_FALSE(node.effects.fetch);
    node.truncated(15);
    REQUIRE(node.effects.fetch);
    CHECK(node.effects.fetch->offset == Offset(15));
    CHECK(node.effects.fetch->last_epoch == LeaderEpoch(3));
}

TEST_CASE("raft following: an epoch that the leader does not have is removed whole", "[raft]") {
    CoreDriver node = started(kFollower);
    node.diverging(end_at(1, 12));
    CHECK(node.effects.truncate == Offset(10));
}

TEST_CASE("raft following: of an older epoch that both have, the shorter part is kept", "[raft]") {
    CoreDriver node = started(kFollower);
    node.diverging(end_at(1, 7));
    CHECK(node.effects.truncate == Offset(7));
}

TEST_CASE(
    "raft following: if the leader names an epoch that is not in the log, the one before is "
    "kept",
    "[raft]") {
    CoreDriver node = started(kFollower);
    node.diverging(end_at(2, 15));
    CHECK(node.effects.truncate == Offset(10));
}

TEST_CASE("raft following: a leader with an empty log leaves nothing", "[raft]") {
    CoreDriver node = started(kFollower);
    node.diverging(end_at(0, 0));
    CHECK(node.effects.truncate == Offset(0));
    node.truncated(0);
    CHECK(node.effects.fetch->offset == Offset(0));
    CHECK(node.effects.fetch->last_epoch == LeaderEpoch(0));
}

TEST_CASE("raft following: several diverging epochs are removed one after the other", "[raft]") {
    // The leader has epoch 1 up to 10, then epochs 3 and 6; this node has 2, 4 and 5 instead.
    CoreDriver node =
        started({.persisted = state_of(6, kTwo),
                 .log = log_of({end_at(1, 10), end_at(2, 14), end_at(4, 18), end_at(5, 22)})});
    node.diverging(end_at(3, 16));
    CHECK(node.effects.truncate == Offset(14));
    node.truncated(14);
    CHECK(node.effects.fetch->last_epoch == LeaderEpoch(2));
    node.diverging(end_at(1, 10));
    CHECK(node.effects.truncate == Offset(10));
    node.truncated(10);
    CHECK(node.effects.fetch->last_epoch == LeaderEpoch(1));
    CHECK(node.fetched_records());
}

TEST_CASE("raft following: the fetch goes on where the truncation ended", "[raft]") {
    CoreDriver node = started(kFollower);
    node.diverging(end_at(3, 15));
    node.truncated(8);
    CHECK(node.effects.fetch->offset == Offset(8));
    CHECK(node.effects.fetch->last_epoch == LeaderEpoch(1));
}

TEST_CASE("raft following: an answer that arrives during the truncation changes nothing",
          "[raft]") {
    CoreDriver node = started(kFollower);
    const RaftFetch call = node.fetch_sent;
    node.diverging(end_at(3, 15));
    CHECK_FALSE(node.fetched(call, node.from_leader(20)));
    RaftFetchAnswer again = node.from_leader();
    again.diverging = end_at(1, 3);
    CHECK_FALSE(node.fetched(call, again));
    CHECK_FALSE(node.effects.truncate);
}

TEST_CASE("raft following: committed records are kept, and reported", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetched(node.from_leader(15));
    REQUIRE(node.core.high_watermark() == Offset(15));
    node.diverging(end_at(3, 14));
    CHECK_FALSE(node.effects.truncate);
    CHECK(node.effects.refused_truncation == Offset(14));
    CHECK(node.core.log().end() == end_at(3, 20));
    CHECK(node.core.next_deadline() > node.now);
}

TEST_CASE("raft following: the log may be cut at the high watermark", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetched(node.from_leader(15));
    node.diverging(end_at(3, 15));
    CHECK(node.effects.truncate == Offset(15));
}

TEST_CASE("raft following: a divergence that removes nothing is tried again after a pause",
          "[raft]") {
    for (const LogEnd& end : {end_at(3, 20), end_at(3, 99), end_at(9, 5)}) {
        CoreDriver node = started(kFollower);
        node.diverging(end);
        CHECK_FALSE(node.effects.truncate);
        CHECK_FALSE(node.effects.refused_truncation);
        CHECK(node.core.next_deadline() == node.now + node.core.options().fetch_timeout / 2);
    }
}

TEST_CASE("raft following: an observer removes diverging records, too", "[raft]") {
    CoreDriver node = started(kObserving);
    node.diverging(end_at(3, 15));
    CHECK(node.effects.truncate == Offset(15));
    node.truncated(15);
    CHECK(node.effects.fetch->to == kTwo);
}

// --- Errors and failures

TEST_CASE("raft following: a node that no longer leads is left, and names no successor", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetch_error(ErrorCode::not_leader_or_follower, kNoBroker);
    CHECK(node.is<Unattached>());
    CHECK(node.core.leader() == kNoBroker);
    CHECK(node.core.next_deadline() - node.now <= node.core.options().election_timeout);
    CHECK_FALSE(node.effects.persist);
}

TEST_CASE("raft following: a leader that has seen a newer epoch is left", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetched({.error = ErrorCode::fenced_leader_epoch,
                  .epoch = LeaderEpoch(6),
                  .leader = kNoBroker,
                  .diverging = {}});
    CHECK(node.is<Unattached>());
    CHECK(*node.effects.persist == state_of(6));
}

TEST_CASE("raft following: a leader that names a newer one is left for that", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetched({.error = ErrorCode::fenced_leader_epoch,
                  .epoch = LeaderEpoch(6),
                  .leader = kThree,
                  .diverging = {}});
    CHECK(node.is<Follower>());
    CHECK(*node.effects.persist == state_of(6, kThree));
    CHECK(node.effects.fetch->to == kThree);
}

TEST_CASE("raft following: an answer with a newer epoch brings no records", "[raft]") {
    CoreDriver node = started(kFollower);
    RaftFetchAnswer answer = node.from_leader(20);
    answer.epoch = LeaderEpoch(5);
    answer.has_records = true;
    CHECK_FALSE(node.fetched(answer));
    CHECK(node.core.high_watermark() == Offset(0));
    CHECK(*node.effects.persist == state_of(5, kTwo));
}

TEST_CASE("raft following: an answer that names an impossible leader names none", "[raft]") {
    for (const BrokerId leader : {kOne, BrokerId(77), BrokerId(INT32_MIN)}) {
        CoreDriver node = started(kFollower);
        node.fetched({.error = ErrorCode::fenced_leader_epoch,
                      .epoch = LeaderEpoch(6),
                      .leader = leader,
                      .diverging = {}});
        CHECK(node.is<Unattached>());
        CHECK(*node.effects.persist == state_of(6));
    }
}

TEST_CASE("raft following: after other errors the fetch is repeated after a pause", "[raft]") {
    for (const ErrorCode error : {ErrorCode::unknown_leader_epoch, ErrorCode::offset_out_of_range,
                                  ErrorCode::fenced_leader_epoch, ErrorCode::kafka_storage_error}) {
        CoreDriver node = started(kFollower);
        node.fetch_error(error, kTwo);
        CHECK(node.is<Follower>());
        CHECK_FALSE(node.effects.fetch);
        CHECK(node.core.next_deadline() > node.now);
        node.reach_deadline();
        CHECK(node.effects.fetch->to == kTwo);
    }
}

TEST_CASE("raft following: error answers do not keep a follower from an election", "[raft]") {
    CoreDriver node = started(kFollower);
    const TimePoint until = node.now + node.core.options().fetch_timeout;
    while (node.is<Follower>()) {
        node.fetch_error(ErrorCode::unknown_leader_epoch, kTwo);
        node.reach_deadline();
    }
    CHECK(node.is<Prospective>());
    CHECK(node.now == until);
}

TEST_CASE("raft following: a failed fetch is repeated after a pause", "[raft]") {
    CoreDriver node = started(kFollower);
    node.fetch_fails();
    CHECK(node.is<Follower>());
    CHECK(node.core.next_deadline() > node.now);
    CHECK(node.core.next_deadline() - node.now < std::chrono::milliseconds(100));
    node.reach_deadline();
    CHECK(node.effects.fetch->to == kTwo);
}

TEST_CASE("raft following: if the leader takes no connection, a follower soon asks for pre-votes",
          "[raft]") {
    std::set<Duration> waits;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Setup setup = kFollower;
        setup.seed = seed;
        CoreDriver node = started(setup);
        node.pass(std::chrono::milliseconds(300));
        node.fetch_fails(FetchFailure::refused);
        const Duration wait = node.core.next_deadline() - node.now;
        CHECK(wait <= node.core.options().election_timeout / 5);
        waits.insert(wait);
        node.reach_deadline();
        CHECK(node.is<Prospective>());
    }
    CHECK(waits.size() == 20);
}

TEST_CASE("raft following: damaged records are fetched again after half a fetch timeout",
          "[raft]") {
    CoreDriver node = started(kFollower);
    REQUIRE(node.fetched_records());
    node.core.on_bad_records(node.now);
    CHECK(node.core.next_deadline() == node.now + node.core.options().fetch_timeout / 2);
    node.reach_deadline();
    CHECK(node.effects.fetch->offset == Offset(20));
}

TEST_CASE("raft following: damaged records that come late change nothing", "[raft]") {
    CoreDriver node = started();
    const TimePoint deadline = node.core.next_deadline();
    node.core.on_bad_records(node.now);
    CHECK(node.core.next_deadline() == deadline);
}

// --- Observers

TEST_CASE("raft observer: it asks the voters one after the other until one knows the leader",
          "[raft]") {
    CoreDriver node = started({.self = kObserver});
    for (const BrokerId voter : {kOne, kTwo, kThree, kOne}) {
        CHECK(node.fetch_sent.to == voter);
        node.fetch_error(ErrorCode::not_leader_or_follower, kNoBroker);
        node.reach_deadline();
    }
    node.fetched({.error = ErrorCode::not_leader_or_follower,
                  .epoch = LeaderEpoch(0),
                  .leader = kThree,
                  .diverging = {}});
    CHECK(node.effects.fetch->to == kThree);
    CHECK(node.core.leader() == kThree);
}

TEST_CASE("raft observer: it learns epoch and leader from any voter", "[raft]") {
    CoreDriver node = started({.self = kObserver});
    node.fetched({.error = ErrorCode::fenced_leader_epoch,
                  .epoch = LeaderEpoch(7),
                  .leader = kTwo,
                  .diverging = {}});
    CHECK(*node.effects.persist == state_of(7, kTwo));
    CHECK(node.effects.fetch->to == kTwo);
    CHECK(node.effects.fetch->epoch == LeaderEpoch(7));
}

TEST_CASE("raft observer: if its leader fails, it asks the next voter after a pause", "[raft]") {
    CoreDriver node = started(kObserving);
    node.fetch_fails();
    CHECK(node.core.leader() == kNoBroker);
    CHECK_FALSE(node.effects.fetch);
    node.reach_deadline();
    CHECK(node.effects.fetch->to == kThree);
}

TEST_CASE("raft observer: its high watermark follows the leader's", "[raft]") {
    CoreDriver node = started(kObserving);
    node.fetched(node.from_leader(18));
    CHECK(node.effects.high_watermark == Offset(18));
}

TEST_CASE("raft observer: an impossible leader in an answer is not followed", "[raft]") {
    for (const BrokerId leader : {kObserver, BrokerId(77), BrokerId(INT32_MIN)}) {
        CoreDriver node = started({.self = kObserver});
        node.fetched({.error = ErrorCode::not_leader_or_follower,
                      .epoch = LeaderEpoch(0),
                      .leader = leader,
                      .diverging = {}});
        CHECK(node.core.leader() == kNoBroker);
        node.reach_deadline();
        CHECK(node.effects.fetch->to == kTwo);
    }
}

}  // namespace
}  // namespace hw::replication
