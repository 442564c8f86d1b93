#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hw::broker {

/// The limits that control groups set for a process; none: no limit.
struct GroupLimits {
    std::optional<std::uint64_t> memory;           ///< in bytes
    std::optional<std::uint64_t> cpu_thousandths;  ///< of one core's time

    bool operator==(const GroupLimits&) const = default;
};

/// The text of a file; none when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

/// The smallest limits of this process's control groups (`/proc/self/cgroup`) and their parents, up
/// to the mount points (`/proc/self/mountinfo`), because a parent also bounds its children. Reads
/// `memory.max` and `cpu.max` of version 2, and `memory.limit_in_bytes` and `cpu.cfs_quota_us` of
/// version 1. Files that cannot be read or parsed set no limit.
[[nodiscard]] GroupLimits control_group_limits(const ReadFile& read);

/// Number of cores to use, for a process that may run on `cores` of them; at least one. A quota is
/// rounded down, because two threads on a quota of 1.5 cores would be stopped in every period.
[[nodiscard]] unsigned usable_cores(unsigned cores, const GroupLimits& limits);

}  // namespace hw::broker
