#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "protocol/base/result.h"

namespace hw::perf {

/// CPU time that this process has used so far, in the kernel and outside.
[[nodiscard]] std::chrono::nanoseconds own_cpu();

/// The same of another process, from /proc/PID/stat, in steps of 10 ms. Errors: not_found, corrupt.
[[nodiscard]] Result<std::chrono::nanoseconds> cpu_of(std::int64_t pid);

/// utime plus stime in the text of a /proc/PID/stat, in clock ticks. Errors: corrupt.
[[nodiscard]] Result<std::int64_t> cpu_ticks(std::string_view stat);

}  // namespace hw::perf
