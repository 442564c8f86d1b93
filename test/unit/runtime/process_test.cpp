#include "broker/runtime/process.h"

#include <string>
#include <utility>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

/// A process in a control group with these limits.
ReadFile group(std::string memory_max, std::string cpu_max) {
    return [memory_max = std::move(memory_max),
            cpu_max = std::move(cpu_max)](const std::string& path) -> std::optional<std::string> {
        if (path == "/proc/self/cgroup") {
            return "0::/highwater\n";
        }
        if (path == "/proc/self/mountinfo") {
            return "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        }
        if (path == "/sys/fs/cgroup/highwater/memory.max") {
            return memory_max;
        }
        return path == "/sys/fs/cgroup/highwater/cpu.max" ? std::optional(cpu_max) : std::nullopt;
    };
}

const ReadFile kNoGroup = [](const std::string&) { return std::nullopt; };

TEST_CASE("process: it uses no more memory than its control group and the machine have",
          "[runtime]") {
    constexpr std::size_t kMiB = 1 << 20;
    CHECK(usable_memory(kNoGroup) > kMiB);
    CHECK(usable_memory(group("1048576\n", "max 100000\n")) == kMiB);
    CHECK(usable_memory(group("9000000000000000000\n", "max 100000\n")) == usable_memory(kNoGroup));
}

TEST_CASE("process: it has no more data loops than its control group and 4 allow", "[runtime]") {
    CHECK(default_data_loops(kNoGroup) >= 1);
    CHECK(default_data_loops(kNoGroup) <= 4);
    CHECK(default_data_loops(group("max\n", "100000 100000\n")) == 1);
}

TEST_CASE("process: read_text returns a whole file, and nothing for a missing one", "[runtime]") {
    CHECK(read_text("/proc/self/cgroup").has_value());
    CHECK_FALSE(read_text("/proc/self/no such file").has_value());
}

}  // namespace
}  // namespace hw::broker
