#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/broker_config.h"
#include "controller/image/metadata_image.h"
#include "controller/image/topic_image.h"
#include "protocol/base/logger.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// The logs that were on disk when the node started and have no replica yet, and the choice of a
/// directory for each new log.
///
/// Owned by the metadata applier; lives on the control shard.
class LogPlaces {
public:
    using Key = controller::PartitionKey;
    using Topics = std::map<TopicId, std::string>;  ///< id and name

    LogPlaces(const storage::LogManager& logs, const config::StorageConfig& config, BrokerId self,
              storage::OpenedLogs found);

    /// A log that was found and is not used yet; none if there is no such log.
    [[nodiscard]] std::optional<storage::OpenedLog> take_found(const Key& key);
    [[nodiscard]] bool has_found(const Key& key) const { return found_.contains(key); }
    /// All found logs of these topics.
    [[nodiscard]] std::vector<storage::OpenedLog> take_found_of(const Topics& topics);
    /// Why a log that was found cannot be used, with advice; none if there is no such log.
    [[nodiscard]] std::optional<Error> failure_of(const Key& key) const;
    /// The directory of such a log, if the directory has failed; otherwise nullptr.
    [[nodiscard]] const storage::LogDirectory* failed_directory_of(const Key& key) const;
    void add_failed(const Key& key, storage::FailedLog log) {
        failed_.emplace(key, std::move(log));
    }
    [[nodiscard]] std::optional<storage::FailedLog> take_failed(const Key& key);
    [[nodiscard]] std::vector<storage::FailedLog> take_failed_of(const Topics& topics);
    [[nodiscard]] std::vector<storage::MissingLog> take_missing() {
        return std::exchange(missing_, {});
    }
    /// A log on disk that the metadata do not place on this broker.
    struct Stray {
        storage::LogDirectory* directory = nullptr;
        storage::TopicPartition name;
        std::string why;  ///< completes the sentence "..., because ..."
    };
    /// The strays among the logs that have no replica. Call it once, with metadata that have the
    /// registration of this process: all that an earlier process may have known comes before that.
    [[nodiscard]] std::vector<Stray> take_strays(const controller::MetadataImage& image);
    /// Whether a folder of this name was found, of a log that may be stray, and is not taken as
    /// such yet. A new log of that name must wait.
    [[nodiscard]] bool may_be_occupied(const storage::LogDirectory& directory,
                                       const storage::TopicPartition& name) const {
        return occupied_.contains({directory.path(), name});
    }
    /// Warns about the found logs whose topic is unknown.
    void report_unused(const Logger& log) const;

    /// The directory for the new log of a partition: the one that the metadata name, or, of those
    /// online, the one with the fewest logs. If they name none, and a directory could not be
    /// opened, nothing is chosen, because the log may be there. Errors: not_found.
    [[nodiscard]] Result<storage::LogDirectory*> choose(
        const controller::PartitionImage& partition) const;
    /// Counts a log in a directory, until it is removed or not made.
    void add(storage::LogDirectory& directory) { ++used_[&directory]; }
    void remove(storage::LogDirectory& directory) { --used_[&directory]; }

private:
    [[nodiscard]] bool is_stray(const Key& key, const controller::MetadataImage& image) const;

    const storage::LogManager& logs_;
    const config::StorageConfig& config_;
    BrokerId self_;
    /// Logs without a topic id share a key.
    std::multimap<Key, storage::OpenedLog> found_;
    std::multimap<Key, storage::FailedLog> failed_;  ///< kept until their topics are deleted
    std::vector<storage::MissingLog> missing_;       ///< kept until the first update
    std::vector<const storage::LogDirectory*> unread_;
    /// Paths of directories and names of folders in them.
    std::set<std::pair<std::string, storage::TopicPartition>> occupied_;
    std::map<storage::LogDirectory*, std::size_t> used_;  ///< number of logs in each directory
};

}  // namespace hw::broker
