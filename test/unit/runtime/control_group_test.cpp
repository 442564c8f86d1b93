#include "broker/runtime/control_group.h"

#include <map>
#include <string>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

using Files = std::map<std::string, std::string>;

GroupLimits limits_of(const Files& files) {
    return control_group_limits([&files](const std::string& path) {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional(found->second);
    });
}

const std::string kMountOf2 =
    "23 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST_CASE("control group: the smallest limit of a group and its parents counts, version 2",
          "[runtime]") {
    const Files files{
        {"/proc/self/cgroup", "0::/system.slice/highwater.service/inner\n"},
        {"/proc/self/mountinfo", kMountOf2},
        {"/sys/fs/cgroup/system.slice/highwater.service/inner/memory.max", "max\n"},
        {"/sys/fs/cgroup/system.slice/highwater.service/inner/cpu.max", "max 100000\n"},
        {"/sys/fs/cgroup/system.slice/highwater.service/memory.max", "2147483648\n"},
        {"/sys/fs/cgroup/system.slice/highwater.service/cpu.max", "250000 100000\n"},
        {"/sys/fs/cgroup/system.slice/memory.max", "1073741824\n"},
        {"/sys/fs/cgroup/system.slice/cpu.max", "400000 100000\n"}};
    CHECK(limits_of(files) == GroupLimits{1'073'741'824, 2500});
}

TEST_CASE("control group: another group's limit does not count", "[runtime]") {
    const Files files{{"/proc/self/cgroup", "0::/user.slice\n"},
                      {"/proc/self/mountinfo", kMountOf2},
                      {"/sys/fs/cgroup/system.slice/memory.max", "1000\n"},
                      {"/sys/fs/cgroup/user.slice/child/memory.max", "1000\n"}};
    CHECK(limits_of(files) == GroupLimits{});
}

TEST_CASE("control group: each controller has its own hierarchy of groups, version 1",
          "[runtime]") {
    const Files files{{"/proc/self/cgroup",
                       "9:name=systemd:/\n4:memory:/a/b\n3:cpuset:/\n2:cpu,cpuacct:/c\n0::/\n"},
                      {"/proc/self/mountinfo",
                       "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
                       "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                       "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
                       "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"},
                      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"},
                      {"/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "536870912\n"},
                      {"/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n"},
                      {"/sys/fs/cgroup/memory/c/memory.limit_in_bytes", "1\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "50000\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n"}};
    CHECK(limits_of(files) == GroupLimits{536'870'912, 500});
}

TEST_CASE("control group: a container sees its own group at the mount point", "[runtime]") {
    Files files{
        {"/proc/self/mountinfo",
         "35 31 0:32 /docker/4f2 /sys/fs/cgroup/my\\040memory ro - cgroup cgroup rw,memory\n"},
        {"/sys/fs/cgroup/my memory/memory.limit_in_bytes", "1000000\n"},
        {"/sys/fs/cgroup/my memory/in/memory.limit_in_bytes", "70000\n"}};
    SECTION("the group has the path that it has on the host") {
        files["/proc/self/cgroup"] = "4:memory:/docker/4f2\n";
        CHECK(limits_of(files).memory == 1'000'000);
    }
    SECTION("a group inside the container's group") {
        files["/proc/self/cgroup"] = "4:memory:/docker/4f2/in\n";
        CHECK(limits_of(files).memory == 70'000);
    }
    SECTION("a path outside the mounted group") {
        for (const char* group : {"/", "/docker/4f23/in", "/../sibling", "/docker/4f2/../in"}) {
            files["/proc/self/cgroup"] = "4:memory:" + std::string(group) + "\n";
            CHECK(limits_of(files).memory == 1'000'000);
        }
    }
}

TEST_CASE("control group: text that cannot be parsed sets no limit", "[runtime]") {
    CHECK(limits_of({}) == GroupLimits{});
    const Files files{{"/proc/self/cgroup", "nonsense\n:\n0:\n0::/a\n"},
                      {"/proc/self/mountinfo", "31 23\n - cgroup2\n\n" + kMountOf2},
                      {"/sys/fs/cgroup/a/memory.max", "lots\n"},
                      {"/sys/fs/cgroup/a/cpu.max", "5 0\n"},
                      {"/sys/fs/cgroup/cpu.max", "7\n"}};
    CHECK(limits_of(files) == GroupLimits{});
}

TEST_CASE("control group: the usable cores are the quota rounded down, but at least one",
          "[runtime]") {
    CHECK(usable_cores(8, {}) == 8);
    CHECK(usable_cores(8, {{}, 2500}) == 2);
    CHECK(usable_cores(2, {{}, 4000}) == 2);
    CHECK(usable_cores(8, {{}, 300}) == 1);
    CHECK(usable_cores(0, {}) == 1);
}

}  // namespace
}  // namespace hw::broker
