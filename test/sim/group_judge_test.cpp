#include "test/sim/group_judge.h"

#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "test/sim/team_state.h"

namespace hw::sim {
namespace {

TimePoint at(int second) {
    return TimePoint(std::chrono::seconds(second));
}

MemberName member(const std::string& id, std::optional<std::string> instance = {}) {
    return {id, std::move(instance)};
}

TEST_CASE("group judge: a partition has one owner in a generation", "[sim][groups]") {
    GroupJudge judge({"g"});
    judge.on_assigned(0, {member("a"), 1, {0, 1}, at(1)});
    judge.on_assigned(0, {member("b"), 1, {2}, at(1)});
    judge.on_assigned(0, {member("b"), 2, {0}, at(2)});
    judge.on_assigned(0, {member("a"), 1, {0, 1}, at(3)});  // an answer that came late
    CHECK(judge.judge() == std::nullopt);
    judge.on_assigned(0, {member("c"), 1, {1}, at(4)});
    CHECK(judge.judge() == "g: in generation 1 partition 1 belongs to a and to c");
}

TEST_CASE("group judge: a static member keeps its part under another id", "[sim][groups]") {
    GroupJudge judge({"g"});
    judge.on_assigned(0, {member("a", "i"), 1, {0}, at(1)});
    judge.on_assigned(0, {member("b", "i"), 1, {0}, at(2)});
    CHECK(judge.judge() == std::nullopt);
}

TEST_CASE("group judge: no commit of an earlier generation is taken", "[sim][groups]") {
    GroupJudge judge({"g"});
    judge.on_assigned(0, {member("a"), 1, {0}, at(1)});
    judge.on_assigned(0, {member("b"), 2, {0}, at(5)});
    judge.on_commit(0, {member("a"), 1, at(5)});  // it was under way
    judge.on_commit(0, {member("b"), 2, at(9)});
    CHECK(judge.judge() == std::nullopt);
    judge.on_commit(0, {member("a"), 1, at(6)});
    CHECK(judge.judge() ==
          "g: a commit of a in generation 1 was taken although it was sent after generation 2 had "
          "begun");
}

TEST_CASE("group judge: no commit of an earlier process of a static member is taken",
          "[sim][groups]") {
    GroupJudge judge({"g"});
    judge.on_assigned(0, {member("a", "i"), 1, {0}, at(1)});
    judge.on_assigned(0, {member("b", "i"), 1, {0}, at(5)});
    judge.on_commit(0, {member("a", "i"), 1, at(4)});
    judge.on_commit(0, {member("b", "i"), 1, at(9)});
    CHECK(judge.judge() == std::nullopt);
    judge.on_commit(0, {member("a", "i"), 1, at(6)});
    CHECK(judge.judge() ==
          "g: a commit of a was taken although it was sent after b had taken over its instance i");
}

TEST_CASE("group judge: an assignment can be read", "[sim][groups]") {
    GroupJudge judge({"g", "h"});
    judge.on_unreadable(1, member("a"));
    CHECK(judge.judge() == "h: the assignment of a cannot be read, or names other topics");
}

TEST_CASE("team state: a group has not settled while a partition has two owners", "[sim][groups]") {
    TeamState team(2, 2);
    team.note(0, 3, {0, 1});
    team.note(1, 3, {1});
    CHECK_FALSE(team.has_settled());
    team.note(0, 3, {0});
    CHECK(team.has_settled());
}

TEST_CASE("team state: a group has settled when all agree and all partitions have owners",
          "[sim][groups]") {
    TeamState team(2, 2);
    team.note(0, 3, {0, 1});
    CHECK_FALSE(team.has_settled());
    team.note(1, 4, {1});
    CHECK_FALSE(team.has_settled());
    team.note(0, 4, {});
    CHECK_FALSE(team.has_settled());
    team.note(0, 4, {0});
    CHECK(team.has_settled());
}

}  // namespace
}  // namespace hw::sim
