#pragma once

#include <vector>

#include "config/address.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "tools/perf/options.h"

namespace hw::perf {

/// A broker and the partitions of the topic that it leads.
struct LeaderOf {
    config::Address address;
    std::vector<PartitionIndex> partitions;
};

/// Where a load goes.
struct Target {
    ApiVersion produce_version;
    bool created = false;  ///< the topic was made for this run
    std::vector<LeaderOf> leaders;
};

/// Finds the topic or makes it, and waits until each partition has a leader. Blocks; with
/// `options.wait` it tries again that long, whatever fails. Errors: closed and not_found (no broker
/// there), timed_out, unsupported, invalid (the broker refuses the topic).
[[nodiscard]] Result<Target> find_target(const ProduceOptions& options);

}  // namespace hw::perf
