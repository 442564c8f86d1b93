#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/address.h"
#include "config/broker_config.h"
#include "protocol/base/entropy.h"
#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/base/result.h"
#include "storage/disk.h"

/// The cluster of `highwater dev`: nodes of one process, each controller and broker. Several nodes
/// keep their data in DIR/node1, DIR/node2 and so on, one node keeps it in DIR itself.
namespace hw::broker {

/// Three nodes are enough to try replication and the death of a node. Two are not possible, because
/// a quorum of two survives no failure.
inline constexpr std::size_t kDevNodes = 3;

enum class ExistingData : bool { kept, wiped };

/// What `highwater dev` is asked for.
struct DevOptions {
    config::Address listen;             ///< of node 1, for clients
    config::Address controller_listen;  ///< of node 1
    std::string data_dir;
    /// 1 or kDevNodes; nothing: as many as the data is of, else kDevNodes.
    std::optional<std::size_t> nodes;
    std::vector<std::string> overrides;  ///< "KEY=VALUE"
    ExistingData old_data = ExistingData::kept;
};

struct DevNode {
    config::Address listen;
    config::Address controller_listen;
    std::string data_dir;
};

struct DevCluster {
    std::vector<DevNode> nodes;  ///< node 1 is the first
    std::string remark;          ///< for the user; empty if there is nothing to say
};

/// Decides how many nodes run, and where: node n listens on the ports of node 1 plus 2 (n - 1), or
/// on any free port if that of node 1 is 0. Blocks, changes nothing. Errors: invalid (the data is
/// of another number of nodes, a port is beyond 65535 or given twice, a key in `overrides` has a
/// value of its own on each node), io.
[[nodiscard]] Result<DevCluster> plan_dev_cluster(storage::Disk& disk, const DevOptions& options);

/// The keys that `dev` sets for the node `index`. With several nodes, no port of a controller may
/// be 0.
[[nodiscard]] std::vector<config::Preset> dev_presets(const DevCluster& cluster, std::size_t index);

/// Deletes the data of the cluster in `data_dir`, whatever its number of nodes. Blocks. Errors:
/// those of wipe_data_directory.
[[nodiscard]] Result<void> wipe_dev_data(storage::Disk& disk, const std::string& data_dir);

/// Formats the new data directories of several nodes for a cluster. Does nothing for one node,
/// which needs no format. Blocks. Errors: invalid (a node has lost its data), those of
/// format_directories.
[[nodiscard]] Result<void> format_dev_nodes(storage::Disk& disk, Entropy& entropy, Timestamp now,
                                            const std::vector<config::BrokerConfig>& configs,
                                            const Logger& log);

}  // namespace hw::broker
