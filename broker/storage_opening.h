#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/controller_server.h"
#include "broker/metadata_directory.h"
#include "config/broker_config.h"
#include "protocol/base/entropy.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// The contents of a node's data directories at its start.
struct OpenedStorage {
    std::string cluster_id;
    std::optional<MetadataLog> metadata;  ///< only a controller has it
    storage::OpenedLogs logs;             ///< all but the metadata log
};

/// Adds advice to a disk error. Returns other errors unchanged.
[[nodiscard]] Error with_advice(Error error);
/// Adds advice to an error about a damaged metadata log, without which no node can start. Returns
/// other errors unchanged.
[[nodiscard]] Error with_repair_advice(Error error);

/// Opens the data directories of a node at its start. They need no format step, unless the node is
/// one of several controllers. New directories of a controller become those of a new cluster, those
/// of a broker belong to the cluster that it joins.
///
/// Used on the home shard of the logs, during the start only.
class StorageOpening {
public:
    struct Ports {
        storage::Disk& disk;
        Shard& shard;
        Entropy& entropy;
        Logger log;
        storage::LogManager& logs;
        std::size_t logs_max;
        /// Called on a node that is only a broker, when its directories are new.
        std::function<Task<Result<std::string>>()> ask_cluster_id;
    };

    /// `config` must outlive it. `options_for` gives the options of every log that is opened or
    /// created, also after the start.
    StorageOpening(const Ports& ports, const config::BrokerConfig& config,
                   std::function<storage::LogOptions(const std::string& topic)> options_for)
        : ports_(ports), config_(config), options_for_(std::move(options_for)) {}

    /// A directory that cannot be opened is offline, unless it has the metadata log, or the cluster
    /// is new. Errors: those of LogManager::open, and those of reading the metadata log. Disk
    /// errors say what to do.
    [[nodiscard]] Task<Result<OpenedStorage>> open();

private:
    struct ClusterId {
        std::string text;
        bool is_new = false;
    };

    [[nodiscard]] Task<Result<OpenedStorage>> open_directories();
    [[nodiscard]] Task<Result<MetadataDirectory>> prepare_metadata_directory();
    void tell_new_cluster(const ClusterId& cluster, const MetadataDirectory& found) const;
    [[nodiscard]] Task<Result<ClusterId>> choose_cluster_id();
    static void drop_metadata_logs(storage::OpenedLogs& opened);
    [[nodiscard]] Task<Result<MetadataLog>> take_metadata_log(storage::OpenedLogs& opened);
    [[nodiscard]] Result<void> check_new(const storage::OpenedLogs& opened) const;
    [[nodiscard]] Task<Result<storage::OpenedLog>> create_metadata_log();
    [[nodiscard]] Task<Result<replication::ElectionState>> read_election(std::string folder);

    Ports ports_;
    const config::BrokerConfig& config_;
    std::function<storage::LogOptions(const std::string& topic)> options_for_;
};

}  // namespace hw::broker
