#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/address.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "tools/client/client.h"
#include "tools/perf/load.h"

namespace hw::perf {

/// Finds the topic or creates it, and waits until each partition has a leader. With tails, it also
/// looks up the start and end offsets of the partitions. Errors: unsupported, busy (no leader in
/// time), those of the broker for the topic, those of Client::call.
[[nodiscard]] Result<Target> find_target(client::Client& client, const ProduceOptions& options);

/// Finds the topic and the records in it. Errors: not_found (no such topic, no records), and as
/// above.
[[nodiscard]] Result<Target> find_target(client::Client& client, const FetchOptions& options);

}  // namespace hw::perf
