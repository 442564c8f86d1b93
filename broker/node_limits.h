#pragma once

#include <cstddef>

#include "config/broker_config.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// Limits of what a node may use of the process and the machine.
struct NodeLimits {
    std::size_t connections_max = 10'000;
    std::size_t logs_max = 10'000;                ///< no more are created
    std::size_t memory = std::size_t{1} << 30;    ///< request memory (net/README.md), in bytes
    std::size_t producers_max = 100'000;          ///< entries in all logs; no more are added
    std::size_t groups = std::size_t{128} << 20;  ///< memory of groups and offsets, in bytes
};

/// What a process may use, and the number of nodes that share it.
struct ProcessResources {
    std::size_t open_files = 0;
    std::size_t memory = 0;  ///< in bytes; of the machine or container
    std::size_t nodes = 1;
};

/// The limits of each node of a process. The nodes share highwater.memory.limit and the open files
/// equally. Errors: limit, with too few open files to serve anything.
[[nodiscard]] Result<NodeLimits> limits_of_node(const ProcessResources& process,
                                                const config::BrokerConfig& config);

}  // namespace hw::broker
