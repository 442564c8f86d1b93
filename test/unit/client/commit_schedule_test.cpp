#include "tools/client/commit_schedule.h"

#include <catch2/catch.hpp>

namespace hw::client {
namespace {

constexpr CommitSchedule::TimePoint kStart{};
constexpr PartitionIndex kZero{0};
constexpr PartitionIndex kOne{1};

TEST_CASE("commits: only what has moved since the last commit is committed", "[client][group]") {
    CommitSchedule commits;
    commits.had_committed({kZero, Offset(5)});
    commits.reached({{kZero, Offset(5)}, {kOne, Offset(9)}});
    REQUIRE(commits.uncommitted().size() == 1);
    CHECK(commits.uncommitted()[0].partition == kOne);
    CHECK(commits.uncommitted()[0].next_offset == Offset(9));
    commits.committed(commits.uncommitted(), kStart);
    CHECK(commits.uncommitted().empty());
    commits.reached({{kZero, Offset(6)}});
    REQUIRE(commits.uncommitted().size() == 1);
    CHECK(commits.uncommitted()[0].next_offset == Offset(6));
}

TEST_CASE("commits: an offset that is below the committed one is committed, too",
          "[client][group]") {
    CommitSchedule commits;
    commits.had_committed({kZero, Offset(50)});
    commits.reached({{kZero, Offset(3)}});  // the log has become shorter
    REQUIRE(commits.uncommitted().size() == 1);
    CHECK(commits.uncommitted()[0].next_offset == Offset(3));
}

TEST_CASE("commits: the next one is due an interval after the last", "[client][group]") {
    CommitSchedule commits;
    commits.reached({{kZero, Offset(1)}});
    CHECK(commits.is_due(kStart));
    commits.committed(commits.uncommitted(), kStart);
    CHECK_FALSE(commits.is_due(kStart + CommitSchedule::kInterval - Milliseconds(1)));
    CHECK(commits.is_due(kStart + CommitSchedule::kInterval));
}

TEST_CASE("commits: partitions of an earlier assignment are not committed", "[client][group]") {
    CommitSchedule commits;
    commits.reached({{kZero, Offset(1)}});
    commits.clear();
    CHECK(commits.uncommitted().empty());
}

}  // namespace
}  // namespace hw::client
