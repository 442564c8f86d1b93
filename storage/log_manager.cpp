#include "storage/log_manager.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"
#include "storage/call_blocking.h"

namespace hw::storage {

LogManager::LogManager(Disk& disk, Shard& home, const Clock& clock, Entropy& entropy, Logger logger)
    : disk_(&disk), home_(&home), clock_(&clock), entropy_(&entropy), logger_(logger) {}

OpenedDirectory& LogManager::opened_of(const LogDirectory& directory) {
    const auto found = std::ranges::find(opened_, directory.path(), &OpenedDirectory::path);
    HW_ASSERT(found != opened_.end());
    return *found;
}

Task<Result<void>> LogManager::wait_for_write(
    std::move_only_function<void(LogDirectory::Done)> begin) {
    const auto outcome = std::make_shared<Result<void>>();
    const auto done = std::make_shared<Signal>();
    begin([outcome, done](const Result<void>& written) {
        *outcome = written;
        done->set();
    });
    co_await home_->wait(*done, kNever);
    co_return *outcome;
}

Task<Result<void>> LogManager::write_recovery_points(LogDirectory& directory) {
    return wait_for_write([&directory](LogDirectory::Done done) {
        directory.write_recovery_points(std::move(done));
    });
}

Task<Result<void>> LogManager::write_log_starts(LogDirectory& directory,
                                                const PartitionOffsets& offsets) {
    return wait_for_write([&directory, &offsets](LogDirectory::Done done) {
        directory.write_log_starts(offsets, std::move(done));
    });
}

Task<Result<void>> LogManager::write_high_watermarks(LogDirectory& directory) {
    return wait_for_write([&directory](LogDirectory::Done done) {
        directory.write_high_watermarks(std::move(done));
    });
}

/// The logs of one directory that are being closed, shared by its lanes.
struct LogManager::Closing {
    LogDirectory* directory;
    std::vector<ClosingLog> logs;
    std::size_t next = 0;
    Result<void> outcome = {};  ///< the first error, after which no other log is closed
};

Task<Result<void>> LogManager::close(std::vector<ClosingLog> logs, BrokerEpoch epoch) {
    for (const auto& directory : directories_) {
        co_await directory->stop();
    }
    Result<void> first_error;
    if (!std::exchange(is_open_, false)) {
        co_return first_error;
    }
    std::vector<std::shared_ptr<Closing>> all;
    TaskGroup directories(*home_);
    for (const auto& directory : directories_) {
        if (!is_opened(*directory)) {
            continue;
        }
        all.push_back(std::make_shared<Closing>(Closing{directory.get(), {}}));
        std::ranges::copy_if(
            logs, std::back_inserter(all.back()->logs),
            [&](const ClosingLog& each) { return each.directory == directory.get(); });
        directories.spawn(close_directory(all.back(), epoch));
    }
    co_await directories.wait_idle();
    for (const auto& closing : all) {
        if (!closing->outcome) {
            logger_.error("data directory {} is not closed cleanly: {}", closing->directory->path(),
                          closing->outcome.error().message);
            first_error = first_error ? closing->outcome : first_error;
        }
    }
    opened_.clear();
    co_return first_error;
}

Task<> LogManager::close_directory(std::shared_ptr<Closing> closing, BrokerEpoch epoch) {
    TaskGroup lanes(*home_);
    for (std::size_t i = 0; i < kCloseLanes; ++i) {
        lanes.spawn(close_lane(closing));
    }
    co_await lanes.wait_idle();
    if (closing->outcome) {
        auto outcome = co_await mark_closed(*closing, epoch);
        closing->outcome = std::move(outcome);
    }
}

Task<> LogManager::close_lane(std::shared_ptr<Closing> closing) {
    while (closing->next < closing->logs.size() && closing->outcome) {
        auto close_log = [log = closing->logs[closing->next++].log] { return log->close(); };
        const auto closed = co_await call_blocking<void>(*disk_, closing->directory->path(), *home_,
                                                         std::move(close_log));
        if (!closed && closed.error().kind == ErrorKind::corrupt) {
            damaged_.push_back(closing->directory);  // The other logs are as good as before.
        } else if (!closed && closing->outcome) {
            closing->outcome = closed;
        }
    }
}

Task<Result<void>> LogManager::mark_closed(const Closing& closing, BrokerEpoch epoch) {
    LogDirectory& directory = *closing.directory;
    for (const ClosingLog& each : closing.logs) {
        if (!each.log->offline()) {
            directory.note_closed(each.id, each.log->durable_end_offset());
        }
    }
    const auto written = co_await write_recovery_points(directory);
    if (!written) {
        co_return written;
    }
    if (std::ranges::count(damaged_, &directory) > 0) {
        co_return fail(ErrorKind::corrupt, "a log in it is damaged");
    }
    auto mark = [disk = disk_, path = directory.path(), epoch] {
        return write_clean_shutdown(*disk, path, epoch);
    };
    const auto marked =
        co_await call_blocking<void>(*disk_, directory.path(), *home_, std::move(mark));
    co_return marked;
}

std::optional<BrokerEpoch> LogManager::clean_broker_epoch() const {
    std::optional<BrokerEpoch> smallest;
    for (const OpenedDirectory& directory : opened_) {
        if (directory.shutdown != Shutdown::clean || !directory.broker_epoch) {
            return std::nullopt;
        }
        smallest = std::min(smallest.value_or(*directory.broker_epoch), *directory.broker_epoch);
    }
    return smallest;
}

}  // namespace hw::storage
