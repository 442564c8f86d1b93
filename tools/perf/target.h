#pragma once

#include <vector>

#include "config/address.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "tools/client/client.h"
#include "tools/perf/produce_options.h"

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

/// Finds the topic or makes it, and waits until each partition has a leader. Errors: unsupported,
/// busy (no leader in time), what the broker says of the topic, those of Client::call.
[[nodiscard]] Result<Target> find_target(client::Client& client, const ProduceOptions& options);

}  // namespace hw::perf
