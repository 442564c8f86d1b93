#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "tools/client/client.h"
#include "tools/perf/commit_report.h"
#include "tools/perf/coordinators.h"

/// A load of OffsetCommit requests.
namespace hw::perf {

struct CommitOptions {
    std::string topic;
    std::int32_t partitions = 1;  ///< in each request; the topic, if it is created, has as many
    std::string durability = {};  ///< of the topic, if it is created; empty: the default
    std::string group = "perf-commit";  ///< group N is called "perf-commit-N", from 0 on
    std::size_t groups = 64;            ///< that requests commit for, in turn
    std::size_t connections = 64;
    std::size_t in_flight = 16;                        ///< requests per connection
    std::optional<std::uint64_t> requests = {};        ///< in total
    std::optional<std::chrono::seconds> seconds = {};  ///< either this or `requests` is set
    std::optional<std::int64_t> broker_pid = {};       ///< to report its CPU
    int stop_descriptor = client::Socket::kNoStop;     ///< sending ends when it becomes readable
};

/// What a load of commits uses.
struct CommitTarget {
    ApiVersion version;       ///< of OffsetCommit
    bool is_created = false;  ///< the topic was created for this run
    Coordinators coordinators;
};

/// Finds the topic or creates it, and finds the coordinators. Errors: unsupported; invalid (the
/// topic has fewer partitions than a request); busy (no coordinator in time), those of the broker
/// for the topic, those of Client::call.
[[nodiscard]] Result<CommitTarget> find_target(client::Client& client,
                                               const CommitOptions& options);

/// Runs the load until it is done or stopped, and waits for the last answer. Blocks; uses one
/// thread and one epoll. A failure during the load is in the report. Errors before that: closed,
/// timed_out.
[[nodiscard]] Result<CommitReport> run_load(const CommitOptions& options,
                                            const CommitTarget& target);

}  // namespace hw::perf
