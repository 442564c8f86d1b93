#include "protocol/base/ids.h"

#include <type_traits>
#include <unordered_set>

#include <catch2/catch.hpp>

namespace hw {
namespace {

TEST_CASE("ids: an offset moves by plain numbers and has distances", "[base][ids]") {
    const Offset start(40);
    CHECK(start + 2 == Offset(42));
    CHECK(start - 2 == Offset(38));
    CHECK(Offset(42) - start == 2);
    CHECK(start < Offset(41));
}

TEST_CASE("ids: values of different meaning do not mix", "[base][ids]") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::int64_t, Offset>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Offset, Timestamp>);
    STATIC_REQUIRE_FALSE(std::is_assignable_v<LeaderEpoch&, BrokerId>);
    STATIC_REQUIRE_FALSE(std::is_assignable_v<TopicId&, DirectoryId>);
}

TEST_CASE("ids: ids are printed as their numbers and can be hashed", "[base][ids]") {
    CHECK(fmt::format("{} {}", BrokerId(7), Offset(-1)) == "7 -1");
    const std::unordered_set<BrokerId> brokers{BrokerId(1), BrokerId(2), BrokerId(1)};
    CHECK(brokers.size() == 2);
}

}  // namespace
}  // namespace hw
