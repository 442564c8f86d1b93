#include "broker/dev_cluster.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "broker/format.h"
#include "broker/metadata_directory.h"
#include "replication/raft/metadata_topic.h"
#include "storage/data_directory.h"
#include "storage/log_folder.h"

namespace hw::broker {
namespace {

/// Keys that have a value of their own on each of several nodes.
constexpr std::string_view kKeysOfNode[] = {"node.id",
                                            "broker.id",
                                            "process.roles",
                                            "listeners",
                                            "advertised.listeners",
                                            "controller.listener.names",
                                            "controller.quorum.voters",
                                            "controller.quorum.bootstrap.servers",
                                            "log.dirs",
                                            "log.dir",
                                            "metadata.log.dir"};

std::string directory_of(const std::string& data_dir, std::size_t index) {
    return fmt::format("{}/node{}", data_dir, index + 1);
}

/// Whether a node has its data in `directory`. A metadata log is enough, because the rest may be
/// lost, which the start of the node will report.
Result<bool> has_data(storage::Disk& disk, const std::string& directory) {
    HW_TRY(properties, disk.exists(directory + "/" + storage::kMetaPropertiesFile));
    HW_TRY(metadata, disk.exists(directory + "/" +
                                 storage::folder_name({replication::kMetadataTopic,
                                                       replication::kMetadataPartition})));
    return properties || metadata;
}

/// Whether the data in `data_dir` is of several nodes.
Result<bool> has_data_of_nodes(storage::Disk& disk, const std::string& data_dir) {
    for (std::size_t index = 0; index < kDevNodes; ++index) {
        HW_TRY(has, has_data(disk, directory_of(data_dir, index)));
        if (has) {
            return true;
        }
    }
    return false;
}

/// The key of "KEY=VALUE".
std::string_view key_of(std::string_view setting) {
    return setting.substr(0, setting.find('='));
}

/// The number of nodes to run: as asked for, but data that exists decides.
Result<std::size_t> count_nodes(storage::Disk& disk, const DevOptions& options) {
    const std::size_t wanted = options.nodes.value_or(kDevNodes);
    const bool is_elsewhere = std::ranges::any_of(
        options.overrides, [](const auto& text) { return key_of(text) == "log.dirs"; });
    if (options.old_data == ExistingData::wiped || is_elsewhere) {
        return wanted;
    }
    HW_TRY(is_of_one, has_data(disk, options.data_dir));
    HW_TRY(is_of_several, has_data_of_nodes(disk, options.data_dir));
    if (!is_of_one && !is_of_several) {
        return wanted;
    }
    const std::size_t found = is_of_one ? 1 : kDevNodes;
    if (options.nodes && wanted != found) {
        return fail(
            ErrorKind::invalid,
            "--nodes {}: the data in {} is of {}, and the number of nodes cannot be "
            "changed. Leave out --nodes, choose another --data-dir, or delete the data with "
            "--fresh",
            wanted, options.data_dir, found == 1 ? "one node" : fmt::format("{} nodes", found));
    }
    return found;
}

Result<config::Address> address_of(std::string_view option, const config::Address& first,
                                   std::size_t index) {
    constexpr std::size_t kPortsOfNode = 2;
    constexpr std::size_t kMaxPort = std::numeric_limits<std::uint16_t>::max();
    const std::size_t port = first.port == 0 ? 0 : first.port + kPortsOfNode * index;
    if (port > kMaxPort) {
        return fail(
            ErrorKind::invalid,
            "{} {}: node {} would need port {}, but {} is the highest. Choose a lower port, "
            "or run one node (--nodes 1)",
            option, to_string(first), index + 1, port, kMaxPort);
    }
    return config::Address{first.host, static_cast<std::uint16_t>(port)};
}

Result<void> check_distinct(const std::vector<DevNode>& nodes) {
    for (std::size_t one = 0; one < nodes.size(); ++one) {
        for (std::size_t other = 0; other < nodes.size(); ++other) {
            const config::Address& clients = nodes[one].listen;
            // The addresses of one node are checked with its configuration.
            if (one != other && clients.port != 0 && clients == nodes[other].controller_listen) {
                return fail(
                    ErrorKind::invalid,
                    "--listen and --controller-listen: node {} would listen for clients on "
                    "{}, where the controller of node {} listens. Each node takes the ports "
                    "of the node before plus 2: choose an even and an odd port",
                    one + 1, to_string(clients), other + 1);
            }
        }
    }
    return {};
}

/// Refuses to set a key for all nodes that differs between them.
Result<void> check_overrides(const std::vector<std::string>& overrides) {
    for (const std::string& text : overrides) {
        const std::string_view key = key_of(text);
        if (std::ranges::find(kKeysOfNode, key) != std::end(kKeysOfNode)) {
            return fail(ErrorKind::invalid,
                        "--set {}: each of the {} nodes has its own value of {}, so it can be set "
                        "for one node only: add --nodes 1",
                        text, kDevNodes, key);
        }
    }
    return {};
}

/// An address of this machine at which a listener on `address` can be reached.
config::Address reachable(config::Address address) {
    if (address.host.empty() || address.host == "0.0.0.0" || address.host == "::") {
        address.host = "127.0.0.1";
    }
    return address;
}

}  // namespace

Result<DevCluster> plan_dev_cluster(storage::Disk& disk, const DevOptions& options) {
    HW_TRY(count, count_nodes(disk, options));
    DevCluster cluster;
    if (count == 1) {
        cluster.nodes.push_back({options.listen, options.controller_listen, options.data_dir});
        if (!options.nodes) {
            cluster.remark = fmt::format(
                "the data in {} is of one node, so one node runs; for {} nodes choose another "
                "--data-dir, or delete the data with --fresh",
                options.data_dir, kDevNodes);
        }
        return cluster;
    }
    HW_TRY_VOID(check_overrides(options.overrides));
    for (std::size_t index = 0; index < count; ++index) {
        HW_TRY(listen, address_of("--listen", options.listen, index));
        HW_TRY(controller, address_of("--controller-listen", options.controller_listen, index));
        cluster.nodes.push_back({listen, controller, directory_of(options.data_dir, index)});
    }
    HW_TRY_VOID(check_distinct(cluster.nodes));
    return cluster;
}

std::vector<config::Preset> dev_presets(const DevCluster& cluster, std::size_t index) {
    const DevNode& node = cluster.nodes[index];
    std::vector<config::Preset> presets{
        {"process.roles", "broker,controller", "dev"},
        {"node.id", std::to_string(index + 1), "dev"},
        {"listeners",
         fmt::format("PLAINTEXT://{},CONTROLLER://{}", to_string(node.listen),
                     to_string(node.controller_listen)),
         "--listen and --controller-listen"},
        {"controller.listener.names", "CONTROLLER", "dev"},
        {"log.dirs", node.data_dir, "--data-dir"}};
    if (cluster.nodes.size() > 1) {
        std::vector<std::string> voters;
        for (const DevNode& each : cluster.nodes) {
            voters.push_back(fmt::format("{}@{}", voters.size() + 1,
                                         to_string(reachable(each.controller_listen))));
        }
        presets.push_back({"controller.quorum.voters", fmt::format("{}", fmt::join(voters, ",")),
                           "--controller-listen"});
    }
    return presets;
}

Result<void> wipe_dev_data(storage::Disk& disk, const std::string& data_dir) {
    bool is_of_nodes = false;
    for (std::size_t index = 0; index < kDevNodes; ++index) {
        const std::string directory = directory_of(data_dir, index);
        HW_TRY(there, disk.exists(directory));
        if (there) {
            is_of_nodes = true;
            HW_TRY_VOID(storage::wipe_data_directory(disk, directory));
            // Its lock file is left. In the data directory of one node it would be a foreign file.
            HW_TRY_VOID(disk.remove_tree(directory));
        }
    }
    HW_TRY(is_of_one, has_data(disk, data_dir));
    return is_of_nodes && !is_of_one ? Result<void>()
                                     : storage::wipe_data_directory(disk, data_dir);
}

Result<void> format_dev_nodes(storage::Disk& disk, Entropy& entropy, Timestamp now,
                              const std::vector<config::BrokerConfig>& configs, const Logger& log) {
    if (configs.size() == 1) {
        return {};
    }
    std::vector<std::string> directories;
    std::vector<std::string> used;
    std::vector<std::string> lost;
    for (const config::BrokerConfig& config : configs) {
        directories.push_back(config.storage.metadata_log_dir);
        HW_TRY(found, inspect_metadata_directory(disk, directories.back()));
        if (!found.is_formatted) {
            lost.push_back(directories.back());
        } else if (found.has_records || found.has_vote) {
            used.push_back(directories.back());
        }
    }
    if (lost.empty()) {
        return {};
    }
    // A controller that forgot its vote and records could let another leader be elected, which does
    // not have all records that were acknowledged.
    if (!used.empty()) {
        return fail(
            ErrorKind::invalid,
            "{} has no data, but {} has: put its data back, or delete the data of all nodes "
            "with --fresh",
            fmt::join(lost, " and "), fmt::join(used, " and "));
    }
    HW_TRY(known, storage::find_cluster_id(disk, directories));
    const std::string cluster_id = known ? *known : to_string(random_uuid(entropy));
    const FormatRequest request{.cluster_id = cluster_id,
                                .formatted = FormattedDirectories::kept,
                                .now = now,
                                .tell = [](const std::string&) {}};
    for (const config::BrokerConfig& config : configs) {
        HW_TRY_VOID(format_directories(disk, entropy, config, request));
    }
    log.info("the data directories are new: this is a new cluster, {}", cluster_id);
    return {};
}

}  // namespace hw::broker
