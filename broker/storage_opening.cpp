#include "broker/storage_opening.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "replication/raft/metadata_topic.h"
#include "storage/call_blocking.h"

namespace hw::broker {

Task<Result<OpenedStorage>> StorageOpening::open() {
    auto cluster_id = co_await choose_cluster_id();
    if (!cluster_id) {
        co_return std::unexpected(cluster_id.error());
    }
    storage::ManagerSettings settings;
    settings.directories = directories();
    settings.cluster_id = *cluster_id;
    settings.node_id = config_.node.id;
    settings.options_for = options_for_;
    auto logs = co_await ports_.logs.open(std::move(settings));
    if (!logs) {
        co_return std::unexpected(logs.error());
    }
    auto metadata = co_await take_metadata_log(*logs);
    if (!metadata) {
        co_return std::unexpected(metadata.error());
    }
    co_return OpenedStorage(std::move(*cluster_id), std::move(*metadata), std::move(*logs));
}

std::vector<std::string> StorageOpening::directories() const {
    std::vector<std::string> all = config_.storage.log_dirs;
    if (std::ranges::count(all, config_.storage.metadata_log_dir) == 0) {
        all.push_back(config_.storage.metadata_log_dir);
    }
    return all;
}

Task<Result<std::string>> StorageOpening::choose_cluster_id() {
    auto work = [all = directories(), disk = &ports_.disk] {
        return storage::find_cluster_id(*disk, all);
    };
    auto found = co_await storage::call_blocking<std::optional<std::string>>(
        ports_.disk, ports_.shard, std::move(work));
    if (!found) {
        co_return std::unexpected(found.error());
    }
    if (*found) {
        co_return std::move(**found);
    }
    const Uuid fresh = random_uuid(ports_.entropy);
    ports_.log.info("the data directories are new: this is a new cluster, {}", fresh);
    co_return to_string(fresh);
}

Task<Result<MetadataLog>> StorageOpening::take_metadata_log(storage::OpenedLogs& opened) {
    const auto is_metadata = [this](const auto& log) {
        return log.name.topic == replication::kMetadataTopic &&
               log.directory->path() == config_.storage.metadata_log_dir;
    };
    const auto failed = std::ranges::find_if(opened.failed, is_metadata);
    if (failed != opened.failed.end()) {
        co_return std::unexpected(failed->reason);
    }
    MetadataLog metadata;
    const auto found = std::ranges::find_if(opened.logs, is_metadata);
    if (found != opened.logs.end()) {
        metadata.directory = found->directory;
        metadata.contents = std::move(found->contents);
        opened.logs.erase(found);
    } else {
        auto created = co_await create_metadata_log();
        if (!created) {
            co_return std::unexpected(created.error());
        }
        metadata.directory = created->directory;
        metadata.contents = std::move(created->contents);
    }
    const auto election = co_await read_election(metadata.contents.folder);
    if (!election) {
        co_return std::unexpected(election.error());
    }
    metadata.election = *election;
    co_return metadata;
}

Task<Result<storage::OpenedLog>> StorageOpening::create_metadata_log() {
    const auto& all = ports_.logs.directories();
    const auto is_its = [this](const auto& directory) {
        return directory->path() == config_.storage.metadata_log_dir;
    };
    const auto directory = std::ranges::find_if(all, is_its);
    const storage::TopicPartition name(replication::kMetadataTopic,
                                       replication::kMetadataPartition);
    auto created = co_await ports_.logs.create(**directory, name, replication::kMetadataTopicId);
    co_return created;
}

Task<Result<replication::ElectionState>> StorageOpening::read_election(std::string folder) {
    auto work = [folder = std::move(folder), disk = &ports_.disk] {
        return replication::load_election_state(*disk, folder);
    };
    auto state = co_await storage::call_blocking<replication::ElectionState>(
        ports_.disk, ports_.shard, std::move(work));
    co_return state;
}

}  // namespace hw::broker
