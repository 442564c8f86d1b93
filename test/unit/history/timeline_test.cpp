#include "test/history/timeline.h"

#include <catch2/catch.hpp>

namespace hw::history {
namespace {

TEST_CASE("losses: excuse what began before the end of a loss, as seen after its start",
          "[history]") {
    Losses losses;
    losses.add(Time(50), Time(60));
    losses.add(Time(10), Time(80));
    losses.sort();
    CHECK_FALSE(losses.excuse(Time(0), Time(9)));
    CHECK(losses.excuse(Time(0), Time(10)));
    CHECK(losses.excuse(Time(80), Time(90)));
    CHECK_FALSE(losses.excuse(Time(81), Time(90)));
    CHECK_FALSE(Losses().excuse(Time(0), Time(100)));
}

TEST_CASE("log starts: the highest start that was possible at a time", "[history]") {
    LogStarts starts;
    starts.add(Time(20), Offset(5));
    starts.add(Time(10), Offset(7));
    starts.sort();
    CHECK(starts.at(Time(9)) == Offset(0));
    CHECK(starts.at(Time(10)) == Offset(7));
    CHECK(starts.at(Time(30)) == Offset(7));
}

TEST_CASE("highest proof: counts operations that ended before, and that no loss may have taken",
          "[history]") {
    Losses losses;
    losses.add(Time(50), Time(60));
    losses.sort();
    const OperationNumber any(0);
    HighestProof highest(losses, {{Offset(9), any, Time(10), Time(20)},
                                  {Offset(4), any, Time(61), Time(62)},
                                  {Offset(3), any, Time(70), Time(80)}});
    CHECK(highest.before(Time(20), Time(30)) == nullptr);
    REQUIRE(highest.before(Time(21), Time(49)) != nullptr);
    CHECK(highest.before(Time(21), Time(49))->offset == Offset(9));
    CHECK(highest.before(Time(21), Time(50)) == nullptr);
    REQUIRE(highest.before(Time(90), Time(91)) != nullptr);
    CHECK(highest.before(Time(90), Time(91))->offset == Offset(4));
}

}  // namespace
}  // namespace hw::history
