#include "protocol/base/ids.h"

#include <type_traits>
#include <unordered_set>

#include <catch2/catch.hpp>

namespace hw {
namespace {

TEST_CASE("ids: an offset plus a number is an offset, and offsets differ by a number",
          "[base][ids]") {
    const Offset start(40);
    CHECK(start + 2 == Offset(42));
    CHECK(start - 2 == Offset(38));
    CHECK(Offset(42) - start == 2);
    CHECK(start < Offset(41));
}

TEST_CASE("ids: different id types, and plain numbers, do not convert into each other",
          "[base][ids]") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::int64_t, Offset>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Offset, Timestamp>);
    STATIC_REQUIRE_FALSE(std::is_assignable_v<LeaderEpoch&, BrokerId>);
    STATIC_REQUIRE_FALSE(std::is_assignable_v<TopicId&, DirectoryId>);
}

TEST_CASE("ids: an id is printed as its number and can be hashed", "[base][ids]") {
    CHECK(fmt::format("{} {}", BrokerId(7), Offset(-1)) == "7 -1");
    const std::unordered_set<BrokerId> brokers{BrokerId(1), BrokerId(2), BrokerId(1)};
    CHECK(brokers.size() == 2);
}

}  // namespace
}  // namespace hw
