#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/base/result.h"

/// Resources that this process and others on this machine use.
namespace hw::perf {

/// What a load took.
struct Costs {
    std::chrono::nanoseconds elapsed{0};
    std::chrono::nanoseconds driver_cpu{0};
    std::optional<std::chrono::nanoseconds> broker_cpu;
};

/// CPU time that this process has used so far, in user and kernel mode.
[[nodiscard]] std::chrono::nanoseconds own_cpu();

/// The same of another process, from /proc/PID/stat, in steps of 10 ms. Errors: not_found, corrupt.
[[nodiscard]] Result<std::chrono::nanoseconds> cpu_of(std::int64_t pid);

/// utime plus stime in the text of a /proc/PID/stat, in clock ticks. Errors: corrupt.
[[nodiscard]] Result<std::int64_t> cpu_ticks(std::string_view stat);

/// Resident memory of a process in bytes (VmRSS), from /proc/PID/status. Errors: not_found,
/// corrupt.
[[nodiscard]] Result<std::int64_t> resident_bytes_of(std::int64_t pid);

/// VmRSS in the text of a /proc/PID/status, in bytes. Errors: corrupt.
[[nodiscard]] Result<std::int64_t> resident_bytes(std::string_view status);

/// Raises this process's limit of open files, if it must, so that it may open `count` more. Errors:
/// limit (the hard limit is lower).
[[nodiscard]] Result<void> allow_open_files(std::size_t count);

}  // namespace hw::perf
