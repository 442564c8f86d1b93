#include "broker/storage_opening.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "broker/configured_controllers.h"
#include "replication/raft/metadata_topic.h"
#include "storage/call_blocking.h"

namespace hw::broker {

Error with_advice(Error error) {
    switch (error.kind) {
        case ErrorKind::no_space:
            error.message += ". Make room on that disk, then start again";
            break;
        case ErrorKind::io:
        case ErrorKind::permission:
        case ErrorKind::not_found:
            error.message +=
                ". A data directory (log.dirs) must be a directory that this user "
                "may write to, on a working disk";
            break;
        default:
            break;
    }
    return error;
}

Error with_repair_advice(Error error) {
    if (error.kind == ErrorKind::corrupt) {
        error.message +=
            ". `hw log dump` shows the readable part of the file. Put an undamaged copy of it "
            "back, or move all data directories (log.dirs) away to begin a new cluster";
    }
    return error;
}

Task<Result<OpenedStorage>> StorageOpening::open() {
    auto opened = co_await open_directories();
    if (!opened) {
        co_return std::unexpected(with_advice(opened.error()));
    }
    co_return opened;
}

Task<Result<OpenedStorage>> StorageOpening::open_directories() {
    MetadataDirectory found;
    if (config_.node.roles.is_controller) {
        auto prepared = co_await prepare_metadata_directory();
        if (!prepared) {
            co_return std::unexpected(prepared.error());
        }
        found = std::move(*prepared);
    }
    auto cluster_id = co_await choose_cluster_id();
    if (!cluster_id) {
        co_return std::unexpected(cluster_id.error());
    }
    storage::ManagerSettings settings;
    settings.directories = config_.storage.directories();
    settings.cluster_id = cluster_id->text;
    settings.node_id = config_.node.id;
    settings.metadata_topic = replication::kMetadataTopic;
    settings.logs_max = ports_.logs_max;
    settings.options_for = options_for_;
    if (cluster_id->is_new) {
        settings.needed = settings.directories;
    } else if (config_.node.roles.is_controller) {
        settings.needed = {config_.storage.metadata_log_dir};
    }
    auto logs = co_await ports_.logs.open(std::move(settings));
    if (!logs) {
        co_return std::unexpected(logs.error());
    }
    if (!config_.node.roles.is_controller) {
        drop_metadata_logs(*logs);
        co_return OpenedStorage(std::move(cluster_id->text), std::nullopt, std::move(*logs));
    }
    auto metadata = co_await take_metadata_log(*logs);
    if (!metadata) {
        co_return std::unexpected(metadata.error());
    }
    if (found.bootstrap.metadata_version) {
        metadata->initial_features = {.metadata_version = *found.bootstrap.metadata_version,
                                      .group_version = found.bootstrap.group_version};
    }
    if (!found.has_records) {
        tell_new_cluster(*cluster_id, found);
    }
    co_return OpenedStorage(std::move(cluster_id->text), std::move(*metadata), std::move(*logs));
}

/// Checks the directory of the metadata log before any directory is opened, because that changes
/// files.
Task<Result<MetadataDirectory>> StorageOpening::prepare_metadata_directory() {
    const auto voters = static_voters(config_);
    if (!voters) {
        co_return std::unexpected(voters.error());
    }
    auto work = [directory = config_.storage.metadata_log_dir, disk = &ports_.disk,
                 voters = *voters] {
        return broker::prepare_metadata_directory(*disk, directory, voters);
    };
    auto found = co_await storage::call_blocking<MetadataDirectory>(
        ports_.disk, config_.storage.metadata_log_dir, ports_.shard, std::move(work));
    co_return found;
}

void StorageOpening::tell_new_cluster(const ClusterId& cluster,
                                      const MetadataDirectory& found) const {
    if (cluster.is_new) {
        ports_.log.info("the data directories are new: this is a new cluster, {}", cluster.text);
    }
    if (found.bootstrap.metadata_version) {
        ports_.log.info(
            "a new cluster starts with metadata.version {} and group.version {}, from {}",
            found.bootstrap.metadata_version->level(), found.bootstrap.group_version.level(),
            found.bootstrap_path);
    }
    if (!found.bootstrap.ignored.empty()) {
        ports_.log.warning(
            "{} also asks for what this version does not support, and starts without: {}",
            found.bootstrap_path, fmt::join(found.bootstrap.ignored, ", "));
    }
}

/// Brokers of Kafka keep a copy of the metadata log; here a broker fetches it at each start. The
/// files stay.
void StorageOpening::drop_metadata_logs(storage::OpenedLogs& opened) {
    const auto is_one = [](const auto& log) {
        return log.name.topic == replication::kMetadataTopic;
    };
    std::erase_if(opened.logs, is_one);
    std::erase_if(opened.failed, is_one);
    std::erase_if(opened.missing, is_one);
}

Task<Result<StorageOpening::ClusterId>> StorageOpening::choose_cluster_id() {
    auto work = [all = config_.storage.directories(), disk = &ports_.disk] {
        return storage::find_cluster_id(*disk, all);
    };
    auto found = co_await storage::call_blocking<std::optional<std::string>>(
        ports_.disk, config_.storage.metadata_log_dir, ports_.shard, std::move(work));
    if (!found) {
        co_return std::unexpected(found.error());
    }
    if (*found) {
        co_return ClusterId(std::move(**found), false);
    }
    if (!config_.node.roles.is_controller) {
        auto told = co_await ports_.ask_cluster_id();
        if (!told) {
            co_return std::unexpected(told.error());
        }
        co_return ClusterId(std::move(*told), true);
    }
    co_return ClusterId(to_string(random_uuid(ports_.entropy)), true);
}

Task<Result<MetadataLog>> StorageOpening::take_metadata_log(storage::OpenedLogs& opened) {
    const auto is_metadata = [this](const auto& log) {
        return log.name.topic == replication::kMetadataTopic &&
               log.directory->path() == config_.storage.metadata_log_dir;
    };
    const auto failed = std::ranges::find_if(opened.failed, is_metadata);
    if (failed != opened.failed.end()) {
        co_return std::unexpected(with_repair_advice(failed->reason));
    }
    const auto missing = std::ranges::find_if(opened.missing, is_metadata);
    if (missing != opened.missing.end()) {
        co_return fail(ErrorKind::corrupt,
                       "{}/{} is missing, and with it the metadata of the cluster: put it back, or "
                       "move all data directories (log.dirs) away to begin a new cluster",
                       config_.storage.metadata_log_dir, missing->name);
    }
    MetadataLog metadata;
    const auto found = std::ranges::find_if(opened.logs, is_metadata);
    if (found != opened.logs.end()) {
        metadata.directory = found->directory;
        metadata.contents = std::move(found->contents);
        opened.logs.erase(found);
    } else {
        if (const auto checked = check_new(opened); !checked) {
            co_return std::unexpected(checked.error());
        }
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

/// Refuses to create a metadata log when there are other logs, or may be: it would begin a new
/// cluster, which does not have their topics.
Result<void> StorageOpening::check_new(const storage::OpenedLogs& opened) const {
    if (!opened.unread.empty()) {
        return fail(ErrorKind::invalid,
                    "{} has no metadata log ({}-{}), so this would begin a new cluster, but the "
                    "data directory {} cannot be opened ({}), and may have logs of an old one. "
                    "Repair it, or take it out of log.dirs",
                    config_.storage.metadata_log_dir, replication::kMetadataTopic,
                    replication::kMetadataPartition, opened.unread.front()->path(),
                    opened.unread.front()->failure()->message);
    }
    std::vector<std::string> logs;
    const auto add = [&logs](const auto& log) {
        logs.push_back(fmt::format("{}/{}", log.directory->path(), log.name));
    };
    std::ranges::for_each(opened.logs, add);
    std::ranges::for_each(opened.failed, add);
    std::ranges::for_each(opened.missing, add);
    if (logs.empty()) {
        return {};
    }
    return fail(
        ErrorKind::invalid,
        "{0} has no metadata log ({1}-{2}), but this node has other logs, such as {3}. Is {0} not "
        "mounted, or was metadata.log.dir (by default the first of log.dirs) another directory "
        "before? Set it to that directory again",
        config_.storage.metadata_log_dir, replication::kMetadataTopic,
        replication::kMetadataPartition, logs.front());
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
        ports_.disk, config_.storage.metadata_log_dir, ports_.shard, std::move(work));
    co_return state;
}

}  // namespace hw::broker
