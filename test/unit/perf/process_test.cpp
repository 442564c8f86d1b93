#include "tools/perf/process.h"

#include <unistd.h>

#include <catch2/catch.hpp>

namespace hw::perf {
namespace {

TEST_CASE("perf cpu: utime and stime are found whatever the process is called", "[perf]") {
    const auto ticks = cpu_ticks("12 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 700 41 14 15\n");
    REQUIRE(ticks);
    CHECK(*ticks == 741);
}

TEST_CASE("perf cpu: a line without utime and stime is refused", "[perf]") {
    CHECK_FALSE(cpu_ticks(""));
    CHECK_FALSE(cpu_ticks("12 (a) S 1 2 3"));
    CHECK_FALSE(cpu_ticks("12 (a) S 1 2 3 4 5 6 7 8 9 10 x y 14\n"));
    CHECK_FALSE(cpu_ticks("12 (a) S 1 2 3 4 5 6 7 8 9 10 700"));
}

TEST_CASE("perf cpu: the test process has a CPU time, process 0 has none", "[perf]") {
    CHECK(cpu_of(::getpid()));
    CHECK_FALSE(cpu_of(0));
}

TEST_CASE("perf memory: the resident bytes are VmRSS, in the unit of the file", "[perf]") {
    const auto bytes = resident_bytes("Name:\tVmRSS: 7\nVmHWM:\t  99 kB\nVmRSS:\t   12 kB\n");
    REQUIRE(bytes);
    CHECK(*bytes == 12 * 1024);
    CHECK_FALSE(resident_bytes("Name:\ta\n"));
    CHECK_FALSE(resident_bytes(""));
}

TEST_CASE("perf memory: the test process has memory, process 0 has none", "[perf]") {
    const auto bytes = resident_bytes_of(::getpid());
    REQUIRE(bytes);
    CHECK(*bytes > 100'000);
    CHECK_FALSE(resident_bytes_of(0));
}

}  // namespace
}  // namespace hw::perf
