#include "broker/replicas/log_places.h"

#include <algorithm>
#include <utility>

#include "storage/log_folder.h"

namespace hw::broker {

using controller::PartitionImage;
using controller::PartitionKey;

namespace {

/// Adds advice to the error of a damaged log.
Error with_remedy(Error damage) {
    if (damage.kind == ErrorKind::corrupt) {
        damage.message += ". Restore its folder from a copy and start again, or delete the topic";
    }
    return damage;
}

template <class Log>
std::multimap<PartitionKey, Log> by_key(std::vector<Log> logs) {
    std::multimap<PartitionKey, Log> keyed;
    for (Log& log : logs) {
        keyed.emplace(PartitionKey{log.topic_id, log.name.partition}, std::move(log));
    }
    return keyed;
}

template <class Log>
std::optional<Log> take(std::multimap<PartitionKey, Log>& logs, const PartitionKey& key) {
    if (auto taken = logs.extract(key)) {
        return std::move(taken.mapped());
    }
    return std::nullopt;
}

template <class Log>
std::vector<Log> take_of(std::multimap<PartitionKey, Log>& logs, const LogPlaces::Topics& topics) {
    std::vector<Log> taken;
    for (auto each = logs.begin(); each != logs.end();) {
        if (!topics.contains(each->first.topic)) {
            ++each;
            continue;
        }
        taken.push_back(std::move(logs.extract(each++).mapped()));
    }
    return taken;
}

}  // namespace

LogPlaces::LogPlaces(const storage::LogManager& logs, const config::StorageConfig& config,
                     BrokerId self, storage::OpenedLogs found)
    : logs_(logs),
      config_(config),
      self_(self),
      found_(by_key(std::move(found.logs))),
      failed_(by_key(std::move(found.failed))),
      missing_(std::move(found.missing)),
      unread_(std::move(found.unread)) {
    const auto occupy = [this](const auto& log) {
        if (log.second.topic_id != TopicId()) {
            occupied_.emplace(log.second.directory->path(), log.second.name);
        }
    };
    std::ranges::for_each(found_, occupy);
    std::ranges::for_each(failed_, occupy);
    std::erase_if(unread_, [this](const storage::LogDirectory* directory) {
        return std::ranges::count(config_.log_dirs, directory->path()) == 0;
    });
}

std::optional<storage::OpenedLog> LogPlaces::take_found(const Key& key) {
    return take(found_, key);
}

std::vector<storage::OpenedLog> LogPlaces::take_found_of(const Topics& topics) {
    return take_of(found_, topics);
}

std::optional<Error> LogPlaces::failure_of(const Key& key) const {
    const auto failed = failed_.find(key);
    if (failed == failed_.end()) {
        return std::nullopt;
    }
    return with_remedy(failed->second.reason);
}

const storage::LogDirectory* LogPlaces::failed_directory_of(const Key& key) const {
    const auto damaged = failed_.find(key);
    const bool has_failed = damaged != failed_.end() && damaged->second.directory->failure();
    return has_failed ? damaged->second.directory : nullptr;
}

std::optional<storage::FailedLog> LogPlaces::take_failed(const Key& key) {
    return take(failed_, key);
}

std::vector<storage::FailedLog> LogPlaces::take_failed_of(const Topics& topics) {
    return take_of(failed_, topics);
}

/// A log without a topic id is none: its topic may be assigned to this broker, and in use.
bool LogPlaces::is_stray(const Key& key, const controller::MetadataImage& image) const {
    const PartitionImage* partition = image.topic_table().find(key);
    return key.topic != TopicId() &&
           (partition == nullptr || std::ranges::count(partition->replicas, self_) == 0);
}

std::vector<LogPlaces::Stray> LogPlaces::take_strays(const controller::MetadataImage& image) {
    std::vector<Stray> strays;
    const auto take_from = [&](auto& logs) {
        std::erase_if(logs, [&](const auto& each) {
            const auto& [key, log] = each;
            if (!is_stray(key, image) || log.directory->failure()) {
                return false;
            }
            strays.push_back(
                {log.directory, log.name,
                 image.find_topic(key.topic) == nullptr
                     ? fmt::format("its topic, with the id {}, is not in the metadata", key.topic)
                     : std::string("its partition is not assigned to this broker")});
            return true;
        });
    };
    take_from(found_);
    take_from(failed_);
    occupied_.clear();
    unread_.clear();  // what is assigned from now on has no log from an earlier process
    return strays;
}

void LogPlaces::report_unused(const Logger& log) const {
    for (const auto& [key, found] : found_) {
        if (found.topic_id == TopicId()) {
            log.warning(
                "the log of {} in {} has no {}, so its topic is unknown; it is neither "
                "used nor removed",
                found.name, found.directory->path(), storage::kPartitionMetadataFile);
        }
    }
}

Result<storage::LogDirectory*> LogPlaces::choose(const PartitionImage& partition) const {
    const auto used = [this](storage::LogDirectory* directory) {
        const auto found = used_.find(directory);
        return found == used_.end() ? std::size_t{0} : found->second;
    };
    const auto place = std::ranges::find(partition.replicas, self_);
    const auto index = static_cast<std::size_t>(place - partition.replicas.begin());
    const DirectoryId wanted = index < partition.directories.size()
                                   ? partition.directories[index]
                                   : controller::kUnassignedDirectory;
    if (!unread_.empty() && controller::is_reserved(wanted)) {
        // A new, empty log here could lead the partition, without the records that are there.
        return fail(ErrorKind::not_found,
                    "the metadata do not say in which directory this replica is, and {}, which "
                    "may have its log, could not be opened",
                    unread_.front()->path());
    }
    storage::LogDirectory* chosen = nullptr;
    for (const auto& directory : logs_.directories()) {
        const bool is_for_logs = std::ranges::count(config_.log_dirs, directory->path()) > 0;
        const bool is_wanted = controller::is_reserved(wanted) || directory->id() == wanted;
        if (is_for_logs && is_wanted && !directory->failure() &&
            (chosen == nullptr || used(directory.get()) < used(chosen))) {
            chosen = directory.get();
        }
    }
    if (chosen == nullptr) {
        return fail(
            ErrorKind::not_found,
            "the log directory with id {}, where this replica belongs, is not online: is one "
            "of `log.dirs` missing or not mounted?",
            wanted);
    }
    return chosen;
}

}  // namespace hw::broker
