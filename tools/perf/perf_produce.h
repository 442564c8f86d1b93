#pragma once

#include <string>
#include <vector>

namespace hw::perf {

/// Exit statuses, described in `--help`.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnreachable = 4;

/// The command `perf produce`: runs the load that the arguments ask for, prints the report to
/// standard output and errors to standard error, and returns the exit status.
[[nodiscard]] int run_perf_produce(const std::vector<std::string>& arguments);

}  // namespace hw::perf
