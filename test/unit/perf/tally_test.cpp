#include "tools/perf/tally.h"

#include <catch2/catch.hpp>

namespace hw::perf {
namespace {

using std::chrono::nanoseconds;

TEST_CASE("perf latency: without values all quantiles are 0", "[perf]") {
    const LatencyHistogram empty;
    CHECK(empty.count() == 0);
    CHECK(empty.quantile(0.5) == nanoseconds(0));
    CHECK(empty.max() == nanoseconds(0));
}

TEST_CASE("perf latency: a quantile is at most 1/32 above the exact value", "[perf]") {
    LatencyHistogram histogram;
    for (int i = 1; i <= 100'000; ++i) {
        histogram.add(nanoseconds(i * 1000));
    }
    for (const double quantile : {0.001, 0.5, 0.9, 0.99, 0.999}) {
        const auto found = static_cast<double>(histogram.quantile(quantile).count());
        const double exact = quantile * 1e8;
        CAPTURE(quantile, found, exact);
        CHECK(found >= exact);
        CHECK(found <= exact * (1 + 1.0 / 32));
    }
}

TEST_CASE("perf latency: small values are exact, and no quantile exceeds the largest value",
          "[perf]") {
    LatencyHistogram histogram;
    for (int i = 0; i < 32; ++i) {
        histogram.add(nanoseconds(i));
    }
    CHECK(histogram.quantile(0.5) == nanoseconds(15));
    histogram.add(nanoseconds(1'000'001));
    CHECK(histogram.quantile(1) == nanoseconds(1'000'001));
    CHECK(histogram.max() == nanoseconds(1'000'001));
}

TEST_CASE("perf latency: the longest possible time has a bucket", "[perf]") {
    LatencyHistogram histogram;
    histogram.add(nanoseconds::max());
    CHECK(histogram.quantile(0.5) == nanoseconds::max());
}

TEST_CASE("perf supply: without a fixed rate all requests are due now", "[perf]") {
    Supply supply(2);
    const SteadyTime now{std::chrono::seconds(5)};
    CHECK(supply.take(now) == now);
    CHECK(supply.take(now) == now);
    CHECK_FALSE(supply.take(now));
    CHECK(supply.is_empty());
}

TEST_CASE(
    "perf supply: at a fixed rate a request counts from its due time, however late it is taken",
    "[perf]") {
    Supply supply(4);
    const SteadyTime start{std::chrono::seconds(5)};
    const auto after = [start](int ms) { return start + std::chrono::milliseconds(ms); };
    supply.pace(start, std::chrono::milliseconds(10));
    CHECK_FALSE(supply.take(after(-1)));
    CHECK(supply.take(after(0)) == start);
    CHECK_FALSE(supply.take(after(9)));
    // The broker was slow: both requests are late, and still count from their due times.
    CHECK(supply.take(after(25)) == after(10));
    CHECK(supply.take(after(25)) == after(20));
    CHECK_FALSE(supply.take(after(25)));
    CHECK_FALSE(supply.is_empty());
}

}  // namespace
}  // namespace hw::perf
