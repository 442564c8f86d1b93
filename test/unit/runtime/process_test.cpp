#include "broker/runtime/process.h"

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

TEST_CASE("process: it uses no more memory than its control group and the machine have",
          "[runtime]") {
    constexpr std::size_t kMiB = 1 << 20;
    CHECK(usable_memory({}) > kMiB);
    CHECK(usable_memory({.memory = kMiB, .cpu_thousandths = {}}) == kMiB);
    CHECK(usable_memory({.memory = 9'000'000'000'000'000'000, .cpu_thousandths = {}}) ==
          usable_memory({}));
}

TEST_CASE("process: it has no more data loops than its control group and 4 allow", "[runtime]") {
    CHECK(default_data_loops({}) >= 1);
    CHECK(default_data_loops({}) <= 4);
    CHECK(default_data_loops({.memory = {}, .cpu_thousandths = 1000}) == 1);
}

TEST_CASE("process: read_text returns a whole file, and nothing for a missing one", "[runtime]") {
    CHECK(read_text("/proc/self/cgroup").has_value());
    CHECK_FALSE(read_text("/proc/self/no such file").has_value());
}

}  // namespace
}  // namespace hw::broker
