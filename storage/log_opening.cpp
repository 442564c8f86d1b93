#include <algorithm>
#include <map>
#include <ranges>
#include <set>
#include <utility>

#include "protocol/base/assert.h"
#include "storage/call_blocking.h"
#include "storage/log_folder.h"
#include "storage/log_manager.h"

namespace hw::storage {
namespace {

Offset offset_of(const PartitionOffsets& offsets, const TopicPartition& name) {
    const auto found = offsets.find(name);
    return found == offsets.end() ? Offset(0) : found->second;
}

}  // namespace

/// The logs to open and the results, shared by the lanes that open them.
struct LogManager::Opening {
    struct Item {
        FoundLog found;
        LogDirectory* directory;
        LoadRequest request;
        Offset high_watermark;
    };

    std::vector<Item> items;
    std::size_t next = 0;
    OpenedLogs result;

    void fail(const FoundLog& found, LogDirectory* directory, const Error& reason) {
        result.failed.push_back({found.name, found.topic_id, directory, reason});
    }
    void fail_those_in_failed_directories();
};

void LogManager::Opening::fail_those_in_failed_directories() {
    for (OpenedLog& log : std::exchange(result.logs, {})) {
        if (const auto& failure = log.directory->failure()) {
            fail({log.name, log.topic_id}, log.directory, *failure);
        } else {
            result.logs.push_back(std::move(log));
        }
    }
}

Task<Result<void>> LogManager::open_directories() {
    using Outcomes = std::vector<Result<void>>;
    auto make = [paths = settings_.directories, disk = disk_] {
        return make_distinct_directories(*disk, paths);
    };
    const auto made = co_await call_blocking<Outcomes>(*disk_, settings_.directories.front(),
                                                       *home_, std::move(make));
    if (!made) {
        co_return std::unexpected(made.error());
    }
    for (std::size_t i = 0; i < settings_.directories.size(); ++i) {
        const std::string& path = settings_.directories[i];
        Result<void> outcome = (*made)[i];
        if (outcome) {
            auto opened = co_await open_directory(path);
            outcome = std::move(opened);
        }
        if (!outcome) {
            const auto added = co_await add_unopened(path, outcome.error());
            if (!added) {
                co_return added;
            }
        }
    }
    report_new_directories();
    co_return check_any_left();
}

Task<Result<void>> LogManager::open_directory(const std::string& path) {
    const MetaProperties expected{settings_.cluster_id, settings_.node_id,
                                  DirectoryId(random_uuid(*entropy_))};
    auto work = [path, expected, disk = disk_, logger = logger_] {
        return open_data_directory(*disk, path, expected, logger);
    };
    auto opened = co_await call_blocking<OpenedDirectory>(*disk_, path, *home_, std::move(work));
    if (!opened) {
        co_return std::unexpected(opened.error());
    }
    opened->is_new = opened->properties.directory_id == expected.directory_id;
    co_return add_directory(std::move(*opened));
}

void LogManager::report_new_directories() const {
    const auto is_new = [](const OpenedDirectory& directory) { return directory.is_new; };
    if (std::ranges::all_of(opened_, is_new)) {
        return;
    }
    for (const OpenedDirectory& directory : opened_ | std::views::filter(is_new)) {
        logger_.warning(
            "data directory {} was empty, and others of this node were not: it is a new directory "
            "now, and new logs may be made there. If it should have data, stop the node, and look "
            "whether a file system is not mounted",
            directory.path);
    }
}

/// Adds a directory that cannot be opened: it is offline. Its owner is checked if meta.properties
/// can be read.
Task<Result<void>> LogManager::add_unopened(const std::string& path, Error reason) {
    if (const auto checked = check_may_fail(path, reason); !checked) {
        co_return checked;
    }
    auto work = [path, disk = disk_] { return load_meta_properties(*disk, path); };
    const auto found = co_await call_blocking<std::optional<MetaProperties>>(*disk_, path, *home_,
                                                                             std::move(work));
    OpenedDirectory unopened;
    unopened.path = path;
    if (found && *found) {
        unopened.properties = **found;
        const MetaProperties expected{settings_.cluster_id, settings_.node_id, {}};
        if (const auto checked = check_owner(**found, expected, path); !checked) {
            co_return checked;
        }
    }
    if (const auto added = add_directory(std::move(unopened)); !added) {
        co_return added;
    }
    co_return give_up(*directories_.back(), reason);
}

Result<void> LogManager::add_directory(OpenedDirectory opened) {
    const DirectoryId id = opened.properties.directory_id;
    for (const OpenedDirectory& other : opened_) {
        if (other.properties.directory_id == id && id != DirectoryId()) {
            return fail(ErrorKind::invalid,
                        "{} and {} have the same directory.id, {}: one is a copy of the other",
                        other.path, opened.path, id.value());
        }
    }
    LogDirectory::Identity identity{opened.path, id};
    opened_.push_back(std::move(opened));
    directories_.push_back(
        std::make_unique<LogDirectory>(*disk_, *home_, *clock_, std::move(identity), logger_));
    directories_.back()->start();
    return {};
}

/// Returns `reason` if the node cannot start without the directory, or if an operator must decide.
Result<void> LogManager::check_may_fail(const std::string& path, const Error& reason) const {
    const bool is_needed =
        settings_.directories.size() == 1 || std::ranges::count(settings_.needed, path) > 0;
    const bool needs_decision = reason.kind == ErrorKind::invalid || reason.kind == ErrorKind::busy;
    return is_needed || needs_decision ? std::unexpected(reason) : Result<void>();
}

Result<void> LogManager::give_up(LogDirectory& directory, const Error& reason) {
    auto checked = check_may_fail(directory.path(), reason);
    if (checked) {
        directory.go_offline(reason);
    }
    return checked;
}

Result<void> LogManager::check_any_left() const {
    const auto left = std::ranges::find_if(
        directories_, [](const auto& directory) { return !directory->failure(); });
    return left != directories_.end() ? Result<void>()
                                      : std::unexpected(*directories_.front()->failure());
}

Task<> LogManager::open_lane(std::shared_ptr<Opening> opening) {
    while (opening->next < opening->items.size()) {
        Opening::Item& item = opening->items[opening->next++];
        if (const auto& failure = item.directory->failure()) {
            opening->fail(item.found, item.directory, *failure);
            continue;
        }
        auto load = [request = item.request] { return load_log(request); };
        auto contents = co_await call_blocking<LogContents>(*disk_, item.directory->path(), *home_,
                                                            std::move(load));
        if (contents) {
            opening->result.logs.push_back({item.found.name, item.found.topic_id, item.directory,
                                            std::move(*contents), item.high_watermark});
        } else {
            logger_.error("{} cannot be opened: {}", item.request.folder, contents.error().message);
            opening->fail(item.found, item.directory, contents.error());
            if (is_disk_failure(contents.error())) {
                item.directory->go_offline(contents.error());
            }
        }
        constexpr std::size_t kProgress = 1000;
        if (opening->next % kProgress == 0) {
            logger_.info("{} of {} logs are open", opening->next, opening->items.size());
        }
    }
}

Task<Result<OpenedLogs>> LogManager::open(ManagerSettings settings) {
    settings_ = std::move(settings);
    const auto opened = co_await open_directories();
    if (!opened) {
        co_return std::unexpected(opened.error());
    }
    for (const auto check : {&LogManager::check_copies, &LogManager::check_recovery_points}) {
        if (const auto checked = (this->*check)(); !checked) {
            co_return std::unexpected(checked.error());
        }
    }
    const auto begun = co_await remove_clean_markers();
    if (!begun) {
        co_return std::unexpected(begun.error());
    }
    const auto opening = plan_opening();
    auto missing = co_await find_missing();
    opening->result.missing = std::move(missing);
    const auto removed = co_await remove_marked_folders();
    if (!removed) {
        co_return std::unexpected(removed.error());
    }
    TaskGroup lanes(*home_);
    for (std::size_t i = 0; i < kOpenLanes; ++i) {
        lanes.spawn(open_lane(opening));
    }
    co_await lanes.wait_idle();
    opening->fail_those_in_failed_directories();
    for (const FailedLog& failed : opening->result.failed) {
        damaged_.push_back(failed.directory);
    }
    find_unread(opening->result);
    is_open_ = true;
    co_return std::move(opening->result);
}

void LogManager::find_unread(OpenedLogs& result) {
    for (const auto& directory : directories_) {
        if (!is_opened(*directory)) {
            logger_.warning(
                "this node starts without the data directory {}. The replicas there are offline "
                "here, and those in the other directories are served. Make it a directory that "
                "this user may read and write, on a working disk, then start the node again",
                directory->path());
            result.unread.push_back(directory.get());
        }
    }
}

/// Refuses two folders of the same log: only an operator can know which one is right.
Result<void> LogManager::check_copies() const {
    std::map<std::pair<TopicId, PartitionIndex>, std::string> paths;
    for (const OpenedDirectory& directory : opened_) {
        for (const FoundLog& log : directory.logs) {
            const std::string path = directory.path + "/" + folder_name(log.name);
            const auto [other, is_first] =
                paths.try_emplace({log.topic_id, log.name.partition}, path);
            if (!is_first && log.topic_id != TopicId()) {
                return fail(ErrorKind::invalid,
                            "{} and {} belong to the same log: one is a copy of the other; move "
                            "one of them away",
                            other->second, path);
            }
        }
    }
    return {};
}

/// Refuses logs without recovery points: damage would look like the torn end that a crash leaves,
/// and everything after it would be cut.
Result<void> LogManager::check_recovery_points() const {
    for (const OpenedDirectory& directory : opened_) {
        const auto log = std::ranges::find_if(directory.logs, [this](const FoundLog& each) {
            return each.name.topic != settings_.metadata_topic;
        });
        if (!directory.has_recovery_points && log != directory.logs.end()) {
            return fail(ErrorKind::invalid,
                        "{0} has logs, such as {1}, but no {2}, which says up to which offset "
                        "they were on stable storage: put that file back. With a new one (printf "
                        "'0\\n0\\n' > {0}/{2}) each log is checked from its beginning after a "
                        "crash, and is cut at its first damaged batch",
                        directory.path, folder_name(log->name), kRecoveryPointFile);
        }
    }
    return {};
}

Task<Result<void>> LogManager::remove_clean_markers() {
    for (const auto& directory : directories_) {
        if (directory->failure()) {
            continue;
        }
        auto work = [disk = disk_, path = directory->path(),
                     has = opened_of(*directory).has_recovery_points] {
            return remove_clean_marker(*disk, path, has);
        };
        auto outcome =
            co_await call_blocking<void>(*disk_, directory->path(), *home_, std::move(work));
        if (!outcome) {
            outcome = give_up(*directory, outcome.error());
        }
        if (!outcome) {
            co_return outcome;
        }
    }
    co_return check_any_left();
}

std::shared_ptr<LogManager::Opening> LogManager::plan_opening() const {
    auto opening = std::make_shared<Opening>();
    for (std::size_t i = 0; i < opened_.size(); ++i) {
        const OpenedDirectory& directory = opened_[i];
        for (const FoundLog& found : directory.logs) {
            const LoadRequest request{disk_,
                                      directory.path + "/" + folder_name(found.name),
                                      settings_.options_for(found.name.topic),
                                      directory.shutdown,
                                      offset_of(directory.recovery_points, found.name),
                                      offset_of(directory.log_starts, found.name),
                                      logger_};
            directories_[i]->note_found(found.name, request.recovery_point);
            opening->items.push_back({found, directories_[i].get(), request,
                                      offset_of(directory.high_watermarks, found.name)});
        }
    }
    return opening;
}

Task<Result<void>> LogManager::remove_marked_folders() {
    for (const auto& directory : directories_) {
        if (directory->failure()) {
            continue;
        }
        auto outcome = co_await remove_marked_folders(opened_of(*directory));
        if (!outcome) {
            outcome = give_up(*directory, outcome.error());
        }
        if (!outcome) {
            co_return outcome;
        }
    }
    co_return check_any_left();
}

Task<Result<void>> LogManager::remove_marked_folders(OpenedDirectory& directory) {
    for (const std::string& name : std::exchange(directory.deleting, {})) {
        logger_.info("{}/{} was left by an interrupted deletion or creation and is removed",
                     directory.path, name);
        auto work = [disk = disk_, path = directory.path + "/" + name] {
            return disk->remove_tree(path);
        };
        auto outcome =
            co_await call_blocking<void>(*disk_, directory.path, *home_, std::move(work));
        if (!outcome) {
            co_return outcome;
        }
    }
    co_return Result<void>{};
}

Task<std::vector<MissingLog>> LogManager::find_missing() {
    std::vector<MissingLog> missing;
    for (const auto& directory : directories_) {
        if (directory->failure()) {
            continue;
        }
        OpenedDirectory& opened = opened_of(*directory);
        std::set<TopicPartition> here;
        for (const FoundLog& found : opened.logs) {
            here.insert(found.name);
        }
        std::set<TopicPartition> marked;
        for (const std::string& folder : opened.deleting) {
            // Folders without the -delete suffix are empty: their creation was interrupted, or
            // their files are gone. Only in the first case is there no recovery point.
            if (const FolderName parsed = parse_folder_name(folder);
                parsed.kind == FolderKind::deleting) {
                marked.insert(parsed.log);
            }
        }
        const auto is_missing = [&](const auto& entry) { return !here.contains(entry.first); };
        for (const auto& [name, recovery_point] : opened.recovery_points) {
            if (!here.contains(name) && !marked.contains(name) && recovery_point > Offset(0)) {
                directory->note_found(name, recovery_point);
                missing.push_back({name, directory.get(), recovery_point});
            }
        }
        if (std::ranges::any_of(opened.recovery_points, is_missing)) {
            co_await write_recovery_points(*directory);
        }
        if (std::erase_if(opened.log_starts, is_missing) != 0) {
            co_await write_log_starts(*directory, opened.log_starts);
        }
        const bool has_others = std::erase_if(opened.high_watermarks, is_missing) != 0;
        directory->note_high_watermarks(std::move(opened.high_watermarks));
        if (has_others) {
            co_await write_high_watermarks(*directory);
        }
    }
    co_return missing;
}

}  // namespace hw::storage
