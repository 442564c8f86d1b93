#include "broker/net/rate_watch.h"

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);
constexpr std::int64_t kLeast = 100;

TimePoint at(int seconds) {
    return TimePoint() + std::chrono::seconds(seconds);
}

TEST_CASE("rate watch: a window with the least rate is followed by the next", "[net][rate]") {
    RateWatch watch;
    watch.begin(at(0));
    watch.moved(1000);
    CHECK_FALSE(watch.is_too_slow(at(10), kWindow, kLeast));
    watch.moved(999);
    CHECK_FALSE(watch.is_too_slow(at(19), kWindow, kLeast));
    CHECK(watch.is_too_slow(at(20), kWindow, kLeast));
}

TEST_CASE("rate watch: what moves before the first window does not count", "[net][rate]") {
    RateWatch watch;
    watch.begin(at(10));
    watch.moved(5000);
    CHECK_FALSE(watch.is_too_slow(at(9), kWindow, kLeast));
    CHECK_FALSE(watch.is_too_slow(at(19), kWindow, kLeast));
    CHECK(watch.is_too_slow(at(20), kWindow, kLeast));
}

TEST_CASE("rate watch: time in which nothing could move does not count", "[net][rate]") {
    RateWatch watch;
    watch.begin(at(0));
    watch.exclude(std::chrono::seconds(100));
    CHECK_FALSE(watch.is_too_slow(at(109), kWindow, kLeast));
    CHECK(watch.is_too_slow(at(110), kWindow, kLeast));
}

TEST_CASE("rate watch: one that has ended is never too slow", "[net][rate]") {
    RateWatch watch;
    CHECK_FALSE(watch.is_too_slow(at(1000), kWindow, kLeast));
    watch.begin(at(0));
    watch.end();
    CHECK_FALSE(watch.is_on());
    CHECK_FALSE(watch.is_too_slow(at(1000), kWindow, kLeast));
}

}  // namespace
}  // namespace hw::broker
