#include <algorithm>
#include <utility>

#include "storage/call_blocking.h"
#include "storage/log_folder.h"
#include "storage/log_manager.h"

namespace hw::storage {

Result<void> LogManager::check_room() const {
    std::size_t logs = creating_;
    for (const auto& directory : directories_) {
        logs += directory->logs();
    }
    if (logs >= settings_.logs_max) {
        return fail(ErrorKind::limit,
                    "{} logs are open, and the limit of open files allows {}: raise it (ulimit -n, "
                    "in a systemd unit LimitNOFILE=) and start the broker again",
                    logs, settings_.logs_max);
    }
    return {};
}

Task<Result<std::vector<Result<LogContents>>>> LogManager::create_folders(
    LogDirectory& directory, std::vector<NewLog> logs) {
    std::vector<LoadRequest> requests;
    for (const NewLog& log : logs) {
        requests.push_back({disk_, directory.path() + "/" + folder_name(log.name),
                            settings_.options_for(log.name.topic), Shutdown::unclean, Offset(0),
                            Offset(0), logger_});
    }
    using AllContents = std::vector<Result<LogContents>>;
    auto work = [requests = std::move(requests), logs = std::move(logs), disk = disk_,
                 root = directory.path()]() -> Result<AllContents> {
        AllContents all;
        const auto made = create_log_folders(*disk, root, logs);
        for (std::size_t i = 0; i < made.size(); ++i) {
            all.push_back(made[i] ? load_log(requests[i]) : std::unexpected(made[i].error()));
        }
        return all;
    };
    auto outcome =
        co_await call_blocking<AllContents>(*disk_, directory.path(), *home_, std::move(work));
    co_return outcome;
}

Task<std::vector<Result<OpenedLog>>> LogManager::create(LogDirectory& directory,
                                                        std::vector<NewLog> logs) {
    std::vector<Result<OpenedLog>> outcomes;
    std::vector<NewLog> fitting;
    for (NewLog& log : logs) {
        if (const auto room = check_room(); !room) {
            outcomes.push_back(std::unexpected(room.error()));
            continue;
        }
        ++creating_;
        outcomes.push_back(OpenedLog{log.name, log.topic_id, &directory, {}, Offset(0)});
        fitting.push_back(std::move(log));
    }
    if (fitting.empty()) {
        co_return outcomes;
    }
    const std::size_t count = fitting.size();
    auto contents = co_await create_folders(directory, std::move(fitting));
    creating_ -= count;
    std::size_t next = 0;
    for (Result<OpenedLog>& outcome : outcomes) {
        if (!outcome) {
            continue;
        }
        auto made = contents ? std::move((*contents)[next++]) : std::unexpected(contents.error());
        if (made) {
            outcome->contents = std::move(*made);
            continue;
        }
        if (is_disk_failure(made.error())) {
            directory.go_offline(made.error());
        }
        outcome = std::unexpected(made.error());
    }
    co_return outcomes;
}

Task<Result<OpenedLog>> LogManager::create(LogDirectory& directory, TopicPartition name,
                                           TopicId topic_id) {
    std::vector<NewLog> one;
    one.push_back({std::move(name), topic_id});
    auto outcomes = co_await create(directory, std::move(one));
    co_return std::move(outcomes.front());
}

Task<std::vector<Result<void>>> LogManager::remove(LogDirectory& directory,
                                                   std::vector<TopicPartition> names) {
    const auto marked = co_await mark(directory, std::move(names), FolderKind::deleting);
    std::vector<Result<void>> outcomes;
    for (const Result<MarkedLog>& each : marked) {
        auto outcome = co_await remove_marked(directory, each);
        outcomes.push_back(std::move(outcome));
    }
    co_return outcomes;
}

Task<std::vector<Result<MarkedLog>>> LogManager::set_aside(LogDirectory& directory,
                                                           std::vector<TopicPartition> names) {
    auto marked = co_await mark(directory, std::move(names), FolderKind::stray);
    for (const Result<MarkedLog>& each : marked) {
        if (!each && is_disk_failure(each.error())) {
            directory.go_offline(each.error());
        }
    }
    co_return marked;
}

Task<std::vector<Result<MarkedLog>>> LogManager::mark(LogDirectory& directory,
                                                      std::vector<TopicPartition> names,
                                                      FolderKind kind) {
    // A sync still under way would miss the folder, or write into that of a new log of this name.
    co_await directory.wait_for_removed();
    co_await forget(directory, names);
    const std::size_t count = names.size();
    LogsToMark logs{std::move(names), {}, kind};
    for (std::size_t i = 0; i < count; ++i) {
        logs.uuids.push_back(random_uuid(*entropy_));
    }
    using AllMarked = std::vector<Result<MarkedLog>>;
    auto work = [disk = disk_, root = directory.path(),
                 logs = std::move(logs)]() -> Result<AllMarked> {
        return mark_logs(*disk, root, logs);
    };
    auto marked =
        co_await call_blocking<AllMarked>(*disk_, directory.path(), *home_, std::move(work));
    if (!marked) {
        co_return AllMarked(count, std::unexpected(marked.error()));
    }
    co_return std::move(*marked);
}

/// One piece of blocking work for each folder: a large log takes long, and a disk counts as hung if
/// no work ends.
Task<Result<void>> LogManager::remove_marked(LogDirectory& directory, Result<MarkedLog> marked) {
    Result<void> outcome;
    if (marked) {
        auto work = [disk = disk_, folder = marked->folder] { return disk->remove_tree(folder); };
        auto removed =
            co_await call_blocking<void>(*disk_, directory.path(), *home_, std::move(work));
        outcome = std::move(removed);
    } else if (marked.error().kind != ErrorKind::not_found) {
        outcome = std::unexpected(marked.error());
    }
    if (!outcome && is_disk_failure(outcome.error())) {
        directory.go_offline(outcome.error());
    }
    co_return outcome;
}

Task<Result<void>> LogManager::remove(LogDirectory& directory, TopicPartition name) {
    std::vector<TopicPartition> one;
    one.push_back(std::move(name));
    auto outcomes = co_await remove(directory, std::move(one));
    co_return std::move(outcomes.front());
}

/// Called before the folders are removed: after a crash in between, the logs are checked as a
/// whole. In the opposite order they would look like lost logs. A new log of the same name must not
/// get the old offsets either. A failed write takes the directory offline, so it is not reported
/// here.
Task<> LogManager::forget(LogDirectory& directory, const std::vector<TopicPartition>& names) {
    PartitionOffsets& starts = opened_of(directory).log_starts;
    bool has_start = false;
    for (const TopicPartition& name : names) {
        directory.forget(name);
        directory.forget_high_watermark(name);
        has_start = starts.erase(name) != 0 || has_start;
    }
    co_await write_recovery_points(directory);
    if (has_start) {
        co_await write_log_starts(directory, starts);
    }
    // Also where none is known here: a write without it may still be under way.
    co_await write_high_watermarks(directory);
}

}  // namespace hw::storage
