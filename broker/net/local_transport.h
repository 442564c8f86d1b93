#pragma once

#include <memory>
#include <utility>

#include "protocol/base/network.h"

namespace hw::broker {

/// The two ends of a byte stream between two shards of one process, for a node's connections to
/// itself. It carries the same frames as TCP, without the kernel. Bytes are copied once, into what
/// is posted to the other shard.
struct LocalPair {
    std::unique_ptr<Transport> first;   ///< used on the first shard
    std::unique_ptr<Transport> second;  ///< used on the second shard
};

/// `name` is the endpoint that both ends report. The shards must outlive the ends.
[[nodiscard]] LocalPair make_local_pair(Shard& first, Shard& second, const Endpoint& name);

}  // namespace hw::broker
