#include "tools/cli/group_rate.h"

#include <chrono>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr GroupRate::TimePoint kStart{};

/// A partition of topic "t" with that committed offset and end.
client::GroupPartition part(std::int32_t index, std::int64_t committed, std::int64_t end) {
    return {.name = {"t", PartitionIndex(index)},
            .committed = Offset(committed),
            .member = {},
            .log = client::PartitionLag{.end_offset = Offset(end), .age = {}}};
}

client::GroupLag lag_of(std::vector<client::GroupPartition> partitions) {
    return {.group = {}, .partitions = std::move(partitions)};
}

TEST_CASE("group rate: one lag has no rate", "[cli][group]") {
    GroupRate rate;
    CHECK_FALSE(rate.time_left());
    rate.add(lag_of({part(0, 0, 100)}), kStart);
    CHECK_FALSE(rate.consumed());
    CHECK_FALSE(rate.produced());
    CHECK_FALSE(rate.time_left());
}

TEST_CASE("group rate: the rates and the time left are those of all partitions", "[cli][group]") {
    GroupRate rate;
    rate.add(lag_of({part(0, 0, 100), part(1, 10, 110)}), kStart);
    rate.add(lag_of({part(0, 40, 110), part(1, 30, 120)}), kStart + seconds(2));
    CHECK(rate.consumed() == 30.0);
    CHECK(rate.produced() == 10.0);
    // 70 + 90 unread records, 20 fewer each second.
    CHECK(rate.time_left() == milliseconds(8000));
}

TEST_CASE("group rate: a partition that is new counts from the next lag on", "[cli][group]") {
    GroupRate rate;
    rate.add(lag_of({part(0, 0, 100)}), kStart);
    rate.add(lag_of({part(0, 10, 100), part(1, 1000, 2000)}), kStart + seconds(1));
    CHECK(rate.consumed() == 10.0);
    CHECK(rate.produced() == 0.0);
}

TEST_CASE("group rate: a group that does not gain never catches up", "[cli][group]") {
    GroupRate rate;
    rate.add(lag_of({part(0, 0, 100)}), kStart);
    rate.add(lag_of({part(0, 10, 110)}), kStart + seconds(1));
    CHECK_FALSE(rate.time_left());
    rate.add(lag_of({part(0, 111, 111)}), kStart + seconds(2));
    CHECK(rate.time_left() == milliseconds(0));
}

TEST_CASE("group rate: more than about a hundred years is never", "[cli][group]") {
    constexpr std::int64_t kMany = 1'000'000'000'000'000'000;
    GroupRate rate;
    rate.add(lag_of({part(0, 0, kMany)}), kStart);
    rate.add(lag_of({part(0, 1, kMany)}), kStart + seconds(1));
    CHECK(rate.consumed() == 1.0);
    CHECK_FALSE(rate.time_left());
}

TEST_CASE("group rate: it forgets what is older than ten intervals", "[cli][group]") {
    GroupRate rate;
    for (int second = 0; second <= 20; ++second) {
        // 100 records a second in the first ten seconds, then none.
        rate.add(lag_of({part(0, std::min(second, 10) * 100, 5000)}), kStart + seconds(second));
    }
    CHECK(rate.consumed() == 0.0);
}

}  // namespace
}  // namespace hw::cli
