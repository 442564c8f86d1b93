#include "broker/net/rate_watch.h"

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);
constexpr std::int64_t kMinRate = 100;

TimePoint at(int seconds) {
    return TimePoint() + std::chrono::seconds(seconds);
}

TEST_CASE("rate watch: a window that reaches the minimum rate is followed by the next",
          "[net][rate]") {
    RateWatch watch;
    watch.begin(at(0));
    watch.moved(1000);
    CHECK_FALSE(watch.is_too_slow(at(10), kWindow, kMinRate));
    watch.moved(999);
    CHECK_FALSE(watch.is_too_slow(at(19), kWindow, kMinRate));
    CHECK(watch.is_too_slow(at(20), kWindow, kMinRate));
}

TEST_CASE("rate watch: bytes that move before the first window do not count", "[net][rate]") {
    RateWatch watch;
    watch.begin(at(10));
    watch.moved(5000);
    CHECK_FALSE(watch.is_too_slow(at(9), kWindow, kMinRate));
    CHECK_FALSE(watch.is_too_slow(at(19), kWindow, kMinRate));
    CHECK(watch.is_too_slow(at(20), kWindow, kMinRate));
}

TEST_CASE("rate watch: time in which the peer could not move bytes does not count", "[net][rate]") {
    RateWatch watch;
    watch.begin(at(0));
    watch.exclude(std::chrono::seconds(100));
    CHECK_FALSE(watch.is_too_slow(at(109), kWindow, kMinRate));
    CHECK(watch.is_too_slow(at(110), kWindow, kMinRate));
}

TEST_CASE("rate watch: after its end it never reports a slow peer", "[net][rate]") {
    RateWatch watch;
    CHECK_FALSE(watch.is_too_slow(at(1000), kWindow, kMinRate));
    watch.begin(at(0));
    watch.end();
    CHECK_FALSE(watch.is_on());
    CHECK_FALSE(watch.is_too_slow(at(1000), kWindow, kMinRate));
}

}  // namespace
}  // namespace hw::broker
