#include "test/sim/consumer_judge.h"

#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "test/sim/consumer_claims.h"

namespace hw::sim {
namespace {

using std::chrono::seconds;

TimePoint at(int second) {
    return TimePoint(seconds(second));
}

MemberName member(const std::string& id, std::optional<std::string> instance = {}) {
    return {id, std::move(instance)};
}

TEST_CASE("consumer judge: a partition belongs to one member at a time", "[sim][groups]") {
    ConsumerJudge judge({"g"});
    judge.on_claim(0, {member("b"), 0, at(5), at(9)});
    judge.on_claim(0, {member("a"), 0, at(1), at(5)});
    judge.on_claim(0, {member("a"), 1, at(1), at(20)});
    judge.on_claim(0, {member("b"), 0, at(6), at(7)});
    CHECK(judge.judge() == std::nullopt);
    judge.on_claim(0, {member("c"), 0, at(8), at(10)});
    CHECK(judge.judge() ==
          "g: partition 0 belongs to b from 5.000 s until 9.000 s, and to c from 8.000 s");
}

TEST_CASE("consumer judge: an instance is one member at a time", "[sim][groups]") {
    ConsumerJudge judge({"g"});
    judge.on_claim(0, {member("a", "i"), std::nullopt, at(1), at(5)});
    judge.on_claim(0, {member("c", "k"), std::nullopt, at(2), at(9)});
    judge.on_claim(0, {member("b", "i"), std::nullopt, at(6), at(9)});
    judge.on_commit(0, {member("a", "i"), 1, 0, at(6)});  // it was under way
    judge.on_commit(0, {member("b", "i"), 2, 0, at(8)});
    CHECK(judge.judge() == std::nullopt);
    SECTION("also when the first is silent") {
        judge.on_claim(0, {member("d", "k"), std::nullopt, at(8), at(9)});
        CHECK(judge.judge() ==
              "g: instance k belongs to c from 2.000 s until 9.000 s, and to d from 8.000 s");
    }
    SECTION("and only that commits") {
        judge.on_commit(0, {member("a", "i"), 1, 0, at(7)});
        CHECK(judge.judge() ==
              "g: a commit of a was taken although it was sent after b had taken over its "
              "instance i");
    }
}

TEST_CASE("consumer judge: no commit is taken from before another member got the partition",
          "[sim][groups]") {
    ConsumerJudge judge({"g"});
    judge.on_grant(0, {member("a"), 3, 0, at(1)});
    judge.on_grant(0, {member("b"), 5, 0, at(4)});
    judge.on_grant(0, {member("a"), 5, 1, at(4)});
    judge.on_commit(0, {member("a"), 3, 0, at(4)});  // it was under way
    judge.on_commit(0, {member("a"), 3, 1, at(9)});
    judge.on_commit(0, {member("b"), 5, 0, at(9)});
    judge.on_commit(0, {member("a"), 6, 0, at(9)});  // the answer that gave it was lost
    CHECK(judge.judge() == std::nullopt);
    judge.on_commit(0, {member("a"), 4, 0, at(5)});
    CHECK(judge.judge() ==
          "g: a commit of a in epoch 4 for partition 0 was taken although it was sent after b had "
          "got that in epoch 5");
}

TEST_CASE("consumer judge: a partition is given to one member in an epoch", "[sim][groups]") {
    ConsumerJudge judge({"g"});
    judge.on_grant(0, {member("classic"), 4, 0, at(1)});
    judge.on_grant(0, {member("classic"), 4, 0, at(2)});   // it had joined again
    judge.on_grant(0, {member("consumer"), 5, 0, at(3)});  // the next epoch, or generation
    judge.on_grant(0, {member("other"), 5, 1, at(3)});
    judge.on_grant(0, {member("a", "i"), 5, 2, at(4)});
    judge.on_grant(0, {member("b", "i"), 5, 2, at(5)});
    CHECK(judge.judge() == std::nullopt);
    judge.on_grant(0, {member("other"), 5, 0, at(9)});
    CHECK(judge.judge() == "g: in epoch 5 partition 0 was given to consumer and to other");
}

TEST_CASE("consumer judge: no heartbeat of an epoch that has passed is taken", "[sim][groups]") {
    ConsumerJudge judge({"g", "h"});
    judge.on_old_heartbeat(1, member("a"), 3);
    CHECK(judge.judge() == "h: a heartbeat of a in epoch 3 was taken after two later epochs");
}

/// The claims of `a`, and a judge that has one of `b` for partition 0.
struct Claims {
    explicit Claims(TimePoint other) {
        judge.on_claim(0, {member("b"), 0, other, other + seconds(1)});
        claims.begin(member("a"));
    }
    /// Whether that of `b` is at the same time as one of `a`.
    [[nodiscard]] bool overlap() const { return judge.judge().has_value(); }

    ConsumerJudge judge{{"g"}};
    ConsumerClaims claims{judge, 0, {.session = seconds(10), .rebalance = seconds(20)}};
};

TEST_CASE("consumer claims: a partition belongs to a member until it says that it has it no more",
          "[sim][groups]") {
    const bool is_early = GENERATE(true, false);
    Claims world(is_early ? at(4) : at(5));
    world.claims.on_answer(at(1), at(2), {{0, 1}}, false);
    world.claims.on_answer(at(3), at(4), {{1}}, true);
    world.claims.keep({1}, at(5));
    world.claims.end(at(8));
    CHECK(world.overlap() == is_early);
}

TEST_CASE("consumer claims: a silent member has its partitions for a session", "[sim][groups]") {
    const bool is_early = GENERATE(true, false);
    Claims world(is_early ? at(12) : at(13));
    world.claims.on_answer(at(1), at(2), {{0}}, false);
    world.claims.on_answer(at(3), at(4), std::nullopt, false);
    world.claims.abandon();
    CHECK(world.overlap() == is_early);
}

TEST_CASE("consumer claims: a member that gives nothing up has its partitions for the rebalance",
          "[sim][groups]") {
    const bool is_early = GENERATE(true, false);
    Claims world(is_early ? at(20) : at(21));
    world.claims.on_answer(at(1), at(1), {{0}}, false);
    for (int second = 2; second < 30; ++second) {
        world.claims.on_answer(at(second), at(second), std::nullopt, true);
    }
    world.claims.abandon();
    CHECK(world.overlap() == is_early);
}

TEST_CASE("consumer claims: nothing is claimed that a late heartbeat may give up",
          "[sim][groups]") {
    Claims world(at(6));
    world.claims.on_silence(3, {1});
    SECTION("while its epoch may be taken") {
        world.claims.on_epoch(3);
        world.claims.on_answer(at(5), at(5), {{0, 1}}, false);
        world.claims.end(at(9));
        CHECK_FALSE(world.overlap());
    }
    SECTION("then it is") {
        world.claims.on_epoch(4);
        world.claims.on_answer(at(5), at(5), {{0, 1}}, false);
        world.claims.end(at(9));
        CHECK(world.overlap());
    }
}

// Members of the classic protocol: some answers do not say what they must give up, and a JoinGroup
// never gets too old.

TEST_CASE("consumer claims: a member that was removed and keeps what it had is noticed",
          "[sim][groups]") {
    const bool is_removed = GENERATE(true, false);
    Claims world(is_removed ? at(24) : at(26));
    world.claims.on_answer(at(1), at(2), {{0}}, false);
    world.claims.on_join(at(15));
    world.claims.on_joined(at(15));
    world.claims.on_answer(at(16), at(16), ConsumerClaims::Partitions(), true);
    world.claims.abandon();
    CHECK(world.overlap() == is_removed);
}

TEST_CASE("consumer claims: the time to give something up begins with the first JoinGroup",
          "[sim][groups]") {
    const bool is_early = GENERATE(true, false);
    Claims world(is_early ? at(24) : at(25));
    world.claims.on_answer(at(1), at(2), {{0, 1}}, false);
    for (const int second : {5, 10, 20}) {
        world.claims.on_join(at(second));
        world.claims.on_joined(at(second));
    }
    world.claims.on_answer(at(21), at(21), {{1}}, true);
    world.claims.abandon();
    CHECK(world.overlap() == is_early);
}

TEST_CASE("consumer claims: an answer in a rebalance makes the session longer", "[sim][groups]") {
    const bool is_early = GENERATE(true, false);
    Claims world(is_early ? at(16) : at(17));
    world.claims.on_answer(at(1), at(2), {{0}}, false);
    world.claims.on_heard(at(7));
    world.claims.abandon();
    CHECK(world.overlap() == is_early);
}

TEST_CASE("consumer claims: a member that is told to join again must do so within the rebalance",
          "[sim][groups]") {
    const bool is_early = GENERATE(true, false);
    Claims world(is_early ? at(20) : at(21));
    world.claims.on_answer(at(1), at(2), {{0}}, false);
    for (int second = 2; second < 30; ++second) {
        world.claims.on_heard(at(second));
    }
    world.claims.abandon();
    CHECK(world.overlap() == is_early);
}

TEST_CASE("consumer claims: what is to be given up was perhaps told by an answer of before",
          "[sim][groups]") {
    const bool is_early = GENERATE(true, false);
    Claims world(is_early ? at(20) : at(21));
    world.claims.on_answer(at(1), at(2), {{0, 1}}, false);
    world.claims.on_heard(at(9));
    world.claims.on_answer(at(18), at(18), {{1}}, true);
    world.claims.on_answer(at(19), at(19), {{1}}, true);
    world.claims.abandon();
    CHECK(world.overlap() == is_early);
}

TEST_CASE("consumer claims: a partition belongs to a member until it sends JoinGroup without it",
          "[sim][groups]") {
    const bool is_cooperative = GENERATE(true, false);
    Claims world(at(5));
    world.claims.on_answer(at(1), at(2), {{0}}, false);
    world.claims.keep(is_cooperative ? ConsumerClaims::Partitions{0} : ConsumerClaims::Partitions{},
                      at(4));
    world.claims.on_answer(at(6), at(6), {{0}}, false);
    world.claims.end(at(7));
    CHECK(world.overlap() == is_cooperative);
}

TEST_CASE("consumer claims: nothing is claimed that a late JoinGroup may give up",
          "[sim][groups]") {
    Claims world(at(6));
    world.claims.on_silence({1});
    SECTION("in any epoch") {
        world.claims.on_epoch(1'000'000);
        world.claims.on_answer(at(5), at(5), {{0, 1}}, false);
        world.claims.end(at(9));
        CHECK_FALSE(world.overlap());
    }
    SECTION("by another member") {
        world.claims.begin(member("c"));
        world.claims.on_answer(at(5), at(5), {{0, 1}}, false);
        world.claims.end(at(9));
        CHECK(world.overlap());
    }
}

}  // namespace
}  // namespace hw::sim
