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

}  // namespace
}  // namespace hw::sim
