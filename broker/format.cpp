#include "broker/format.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "broker/configured_controllers.h"
#include "broker/metadata_directory.h"
#include "controller/image/features.h"
#include "replication/raft/metadata_topic.h"
#include "storage/data_directory.h"
#include "storage/log_folder.h"
#include "storage/meta_properties.h"
#include "storage/small_file.h"

namespace hw::broker {
namespace {

/// One run of `format`; used once.
class Format {
public:
    Format(storage::Disk& disk, Entropy& entropy, const config::BrokerConfig& config,
           const FormatRequest& request)
        : disk_(disk), entropy_(entropy), config_(config), request_(request) {}

    Result<void> run();

private:
    Result<void> check_cluster_id() const;
    Result<void> sort_directories();
    Result<void> check_unused(const std::string& directory) const;
    Result<void> check_metadata_directory(const std::string& directory) const;
    [[nodiscard]] Result<std::optional<std::string>> find_log(const std::string& directory) const;
    Result<void> format(const std::string& directory);
    [[nodiscard]] storage::MetaProperties properties() const {
        return {request_.cluster_id, config_.node.id, {}};
    }

    storage::Disk& disk_;
    Entropy& entropy_;
    const config::BrokerConfig& config_;
    const FormatRequest& request_;
    std::vector<BrokerId> voters_;        ///< only on a controller
    std::vector<std::string> formatted_;  ///< before this run
    std::vector<std::string> to_format_;
};

Result<void> Format::run() {
    HW_TRY_VOID(check_cluster_id());
    if (config_.node.roles.is_controller) {
        HW_TRY(voters, static_voters(config_));
        voters_ = voters;
    }
    HW_TRY_VOID(sort_directories());
    if (!formatted_.empty() && request_.formatted == FormattedDirectories::refused) {
        return fail(ErrorKind::invalid,
                    "{} is already formatted, for this cluster and node. Use --ignore-formatted to "
                    "keep it and format the others",
                    formatted_.front());
    }
    if (to_format_.empty()) {
        request_.tell("All of the log directories are already formatted.");
        return {};
    }
    HW_TRY(made, storage::make_distinct_directories(disk_, config_.storage.directories()));
    for (const Result<void>& each : made) {
        HW_TRY_VOID(each);
    }
    std::vector<std::unique_ptr<storage::FileLock>> locks;
    for (const std::string& directory : to_format_) {
        HW_TRY(lock, storage::lock_data_directory(disk_, directory));
        locks.push_back(std::move(lock));
        HW_TRY_VOID(check_unused(directory));
    }
    for (const std::string& directory : to_format_) {
        HW_TRY_VOID(format(directory));
    }
    return {};
}

Result<void> Format::check_cluster_id() const {
    if (storage::is_cluster_id(request_.cluster_id)) {
        return {};
    }
    return fail(ErrorKind::invalid,
                "--cluster-id '{}' must have 1 to 255 printable characters of ASCII, no space at "
                "either end and no backslash; `highwater random-uuid` prints an id",
                request_.cluster_id);
}

Result<void> Format::sort_directories() {
    for (const std::string& directory : config_.storage.directories()) {
        HW_TRY(found, storage::load_meta_properties(disk_, directory));
        if (found) {
            HW_TRY_VOID(storage::check_owner(*found, properties(), directory));
        }
        (found ? formatted_ : to_format_).push_back(directory);
    }
    return {};
}

/// Refuses a directory that a node has used: only its meta.properties is missing.
Result<void> Format::check_unused(const std::string& directory) const {
    HW_TRY(log, find_log(directory));
    HW_TRY(metadata, inspect_metadata_directory(disk_, directory));
    if (log || metadata.has_records || metadata.has_vote) {
        return fail(ErrorKind::invalid,
                    "{0} has no {1}, but logs, such as {2}: put that file back, or move the logs "
                    "away to format the directory",
                    directory, storage::kMetaPropertiesFile,
                    log.value_or(storage::folder_name(
                        {replication::kMetadataTopic, replication::kMetadataPartition})));
    }
    return directory == config_.storage.metadata_log_dir ? check_metadata_directory(directory)
                                                         : Result<void>();
}

/// Refuses to give the only voter of a cluster with logs an empty metadata log: it would begin a
/// new cluster, which does not have their topics.
Result<void> Format::check_metadata_directory(const std::string& directory) const {
    if (voters_.size() != 1) {
        return {};
    }
    for (const std::string& other : formatted_) {
        HW_TRY(log, find_log(other));
        if (log) {
            return fail(ErrorKind::invalid,
                        "{0} is the directory of the metadata log and not formatted, but {1} has "
                        "logs, such as {2}. Is {0} not mounted, or was metadata.log.dir (by "
                        "default the first of log.dirs) another directory before? Set it to that "
                        "directory again",
                        directory, other, *log);
        }
    }
    return {};
}

/// The folder of a log other than the metadata log; none if there is none.
Result<std::optional<std::string>> Format::find_log(const std::string& directory) const {
    HW_TRY(entries, disk_.list(directory));
    for (const storage::DirectoryEntry& entry : entries) {
        const storage::FolderName folder = storage::parse_folder_name(entry.name);
        if (entry.is_directory && folder.kind == storage::FolderKind::log &&
            folder.log.topic != replication::kMetadataTopic) {
            return entry.name;
        }
    }
    return std::nullopt;
}

Result<void> Format::format(const std::string& directory) {
    const bool is_of_metadata = directory == config_.storage.metadata_log_dir;
    request_.tell(fmt::format(
        "Formatting {} directory {} with {} {}.", is_of_metadata ? "metadata" : "data", directory,
        controller::kMetadataVersionFeature, controller::kInitialMetadataVersionName));
    if (is_of_metadata && config_.node.roles.is_controller) {
        HW_TRY_VOID(
            make_metadata_folder(disk_, directory, voters_,
                                 format_bootstrap(controller::InitialFeatures(), request_.now)));
    }
    storage::MetaProperties own = properties();
    own.directory_id = DirectoryId(random_uuid(entropy_));
    return storage::replace_small_file(disk_, directory, storage::kMetaPropertiesFile,
                                       storage::format_meta_properties(own));
}

}  // namespace

Result<void> format_directories(storage::Disk& disk, Entropy& entropy,
                                const config::BrokerConfig& config, const FormatRequest& request) {
    return Format(disk, entropy, config, request).run();
}

}  // namespace hw::broker
