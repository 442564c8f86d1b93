#include "tools/perf/process_cpu.h"

#include <unistd.h>

#include <catch2/catch.hpp>

namespace hw::perf {
namespace {

TEST_CASE("perf cpu: utime and stime are found behind any name of a process", "[perf]") {
    const auto ticks = cpu_ticks("12 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 700 41 14 15\n");
    REQUIRE(ticks);
    CHECK(*ticks == 741);
}

TEST_CASE("perf cpu: a line without them is refused", "[perf]") {
    CHECK_FALSE(cpu_ticks(""));
    CHECK_FALSE(cpu_ticks("12 (a) S 1 2 3"));
    CHECK_FALSE(cpu_ticks("12 (a) S 1 2 3 4 5 6 7 8 9 10 x y 14\n"));
    CHECK_FALSE(cpu_ticks("12 (a) S 1 2 3 4 5 6 7 8 9 10 700"));
}

TEST_CASE("perf cpu: the own process has a time, process 0 has none", "[perf]") {
    CHECK(cpu_of(::getpid()));
    CHECK_FALSE(cpu_of(0));
}

}  // namespace
}  // namespace hw::perf
