#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/broker_config.h"
#include "protocol/base/entropy.h"
#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "storage/disk.h"

namespace hw::broker {

/// What is at hand while the data directories are prepared.
struct PreparePorts {
    storage::Disk& disk;
    Entropy& entropy;
    Timestamp now;
    Logger log;
};

/// The nodes that a process runs.
struct NodesToRun {
    std::vector<config::BrokerConfig> configs;  ///< one of each node
    std::string data;                           ///< where it is, for the greeting
    std::string remark = {};                    ///< shown in the log and the greeting; may be empty
    /// Prepares the data directories before the nodes are started; may be empty.
    std::function<Result<void>(const PreparePorts&)> prepare;
};

/// Runs nodes in this process until a stop signal comes or one of them fails. All are started at
/// once, and stopped together: if one cannot start, the others are stopped. They share the memory
/// limit and the data loops of the process. Returns the exit status.
[[nodiscard]] int run_nodes(const NodesToRun& wanted);

}  // namespace hw::broker
