#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/base/result.h"
#include "tools/client/client.h"
#include "tools/perf/tally.h"

/// Reading back what a load of commits has committed.
namespace hw::perf {

struct ScanOptions {
    std::string group = "perf-commit";  ///< group N is called "perf-commit-N", from 0 on
    std::size_t groups = 64;
};

/// How long it took until the offsets of groups could be read. Times count from the beginning.
struct ScanReport {
    std::size_t groups = 0;
    std::uint64_t offsets = 0;          ///< that these have
    Refusals refused;                   ///< answers about a group that was asked for again later
    std::chrono::nanoseconds found{0};  ///< all coordinators were found
    std::chrono::nanoseconds first{0};  ///< the first group was read
    std::chrono::nanoseconds all{0};    ///< all groups were read
};

/// Reads the offsets of all groups, with one request at a time. Groups that are refused, because
/// their coordinator loads them or is not known yet, are asked for again until the timeout of the
/// client. Errors: unsupported, permission, busy (not loaded in time), those of Client::call.
[[nodiscard]] Result<ScanReport> scan_offsets(client::Client& client, const ScanOptions& options);

/// Waits until the coordinators of the groups serve them, as they do some time after the topic of
/// the offsets was created. Errors: those of scan_offsets.
[[nodiscard]] Result<void> wait_until_loaded(client::Client& client, const std::string& group,
                                             std::size_t groups);

/// Aligned lines for people.
[[nodiscard]] std::string to_text(const ScanReport& report);
/// One JSON object on one line. Its keys name the units.
[[nodiscard]] std::string to_json(const ScanReport& report);

}  // namespace hw::perf
