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

Task<Result<void>> LogManager::close(std::vector<ClosingLog> logs, BrokerEpoch epoch) {
    for (const auto& directory : directories_) {
        co_await directory->stop();
    }
    Result<void> first_error;
    if (!is_open_) {
        co_return first_error;
    }
    for (const auto& directory : directories_) {
        if (!is_opened(*directory)) {
            continue;
        }
        std::vector<ClosingLog> here;
        std::ranges::copy_if(logs, std::back_inserter(here), [&](const ClosingLog& each) {
            return each.directory == directory.get();
        });
        auto outcome = co_await close_directory(*directory, std::move(here), epoch);
        if (!outcome) {
            logger_.error("data directory {} is not closed cleanly: {}", directory->path(),
                          outcome.error().message);
            first_error = first_error ? outcome : first_error;
        }
    }
    opened_.clear();
    is_open_ = false;
    co_return first_error;
}

Task<Result<void>> LogManager::close_directory(LogDirectory& directory,
                                               std::vector<ClosingLog> logs, BrokerEpoch epoch) {
    for (const ClosingLog& each : logs) {
        auto close_log = [log = each.log] { return log->close(); };
        const auto closed =
            co_await call_blocking<void>(*disk_, directory.path(), *home_, std::move(close_log));
        if (!closed) {
            co_return closed;
        }
    }
    for (const ClosingLog& each : logs) {
        directory.note_closed(each.id, each.log->durable_end_offset());
    }
    const auto written = co_await write_recovery_points(directory);
    if (!written) {
        co_return written;
    }
    if (std::ranges::count(damaged_, &directory) > 0) {
        co_return fail(ErrorKind::corrupt, "a log in it could not be opened at the start");
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
