#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hw::broker {

/// What the control groups of a process leave it; none: no limit.
struct GroupLimits {
    std::optional<std::uint64_t> memory;           ///< in bytes
    std::optional<std::uint64_t> cpu_thousandths;  ///< of one core's time

    bool operator==(const GroupLimits&) const = default;
};

/// The text of a file; none when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

/// The smallest limits on the way from this process's own control groups (`/proc/self/cgroup`) up
/// to where their hierarchies are mounted (`/proc/self/mountinfo`): `memory.max` and `cpu.max` of
/// version 2, `memory.limit_in_bytes` and `cpu.cfs_quota_us` of version 1, or both, as each parent
/// bounds its children. What cannot be read or understood limits nothing.
[[nodiscard]] GroupLimits control_group_limits(const ReadFile& read);

/// Cores for a process that may run on `cores` of them: whole ones only, so that a process with a
/// quota of 1.5 cores is not stopped in the middle of every period; at least one.
[[nodiscard]] unsigned usable_cores(unsigned cores, const GroupLimits& limits);

}  // namespace hw::broker
