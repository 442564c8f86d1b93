#include "storage/log_directory.h"

#include <utility>

#include "storage/small_file.h"

namespace hw::storage {

void CheckpointWriter::write(const PartitionOffsets& offsets, Done done) {
    next_ = format_offset_checkpoint(offsets);
    waiting_.push_back(std::move(done));
    if (!busy_) {
        write_next();
    }
}

Task<> CheckpointWriter::wait_idle() {
    while (busy_) {
        co_await home_->wait(written_, kNever);
    }
}

void CheckpointWriter::write_next() {
    struct Work {
        std::string text;
        std::vector<Done> done;
        Result<void> outcome;
    };
    busy_ = true;
    auto work = std::make_shared<Work>(Work{next_, std::exchange(waiting_, {}), {}});
    disk_->run_blocking(
        directory_, *home_,
        [work, disk = disk_, directory = directory_, name = name_] {
            work->outcome = replace_small_file(*disk, directory, name, work->text);
        },
        [this, work](BlockingEnd end) {
            const Result<void> outcome = end == BlockingEnd::done
                                             ? work->outcome
                                             : std::unexpected(abandoned_error(directory_));
            busy_ = false;
            written_.set();
            if (!waiting_.empty()) {
                write_next();
            }
            for (Done& done : work->done) {
                done(outcome);
            }
        });
}

LogDirectory::LogDirectory(Disk& disk, Shard& home, const Clock& clock, Identity identity,
                           Logger logger)
    : disk_(&disk),
      home_(&home),
      identity_(std::move(identity)),
      logger_(logger),
      committer_(disk, home, clock, Committer::Settings{.directory = identity_.path},
                 [this](LogId id, const SyncTicket& ticket, const Result<void>& outcome) {
                     on_synced(id, ticket, outcome);
                 }),
      recovery_point_writer_(disk, home, identity_.path, kRecoveryPointFile),
      high_watermark_writer_(disk, home, identity_.path, kHighWatermarkFile),
      log_start_writer_(disk, home, identity_.path, kLogStartFile) {}

Task<> LogDirectory::stop() {
    co_await committer_.stop();
    for (CheckpointWriter* writer :
         {&recovery_point_writer_, &high_watermark_writer_, &log_start_writer_}) {
        co_await writer->wait_idle();
    }
}

LogId LogDirectory::add(const TopicPartition& name, std::shared_ptr<LogOwner> owner,
                        Offset recovery_point) {
    const LogId id = next_id_;
    next_id_ = LogId(next_id_.value() + 1);
    committer_.add(id, owner);
    forget(name);
    members_.emplace(id, Member{name, std::move(owner), recovery_point, 0});
    return id;
}

void LogDirectory::remove(LogId id) {
    committer_.remove(id);
    members_.erase(id);
}

void LogDirectory::note_closed(LogId id, Offset end_offset) {
    const auto member = members_.find(id);
    if (member != members_.end()) {
        member->second.recovery_point = end_offset;
    }
}

void LogDirectory::on_synced(LogId id, const SyncTicket& ticket, const Result<void>& outcome) {
    if (!outcome) {
        go_offline(outcome.error());
        return;
    }
    const auto member = members_.find(id);
    if (member != members_.end() && member->second.truncations == ticket.truncations) {
        member->second.recovery_point = std::max(member->second.recovery_point, ticket.end_offset);
    }
}

void LogDirectory::report_failure(const Error& reason) {
    home_->post([this, reason] { go_offline(reason); });
}

void LogDirectory::go_offline(const Error& reason) {
    if (failure_) {
        return;
    }
    failure_ = reason;
    committer_.fail_all(reason);
    logger_.error("data directory {} is offline until the next start: {}", path(), reason.message);
    for (const auto& [id, member] : members_) {
        member.owner->on_offline(reason);
    }
    if (on_failure_) {
        on_failure_(reason);
    }
}

void LogDirectory::truncate(LogId id, TruncationJob job, TruncationDone done) {
    const auto found = members_.find(id);
    bool lowers_recovery_point = false;
    bool lowers_watermark = false;
    if (found != members_.end()) {
        Member& member = found->second;
        ++truncations_;
        member.truncations = job.truncations;
        lowers_recovery_point = job.active && member.recovery_point > job.recovery_point;
        member.recovery_point = std::min(member.recovery_point, job.recovery_point);
        const auto watermark = high_watermarks_.find(member.name);
        lowers_watermark = watermark != high_watermarks_.end() && watermark->second > job.new_end;
        if (lowers_watermark) {
            watermark->second = job.new_end;
        }
    }
    auto run = [this, job = std::move(job),
                done = std::move(done)](const Result<void>& outcome) mutable {
        if (!outcome) {
            done(std::move(job), outcome);
            return;
        }
        run_truncation(std::move(job), std::move(done));
    };
    auto lower_watermark = [this, lowers_watermark,
                            run = std::move(run)](const Result<void>& outcome) mutable {
        if (outcome && lowers_watermark) {
            write_high_watermarks(std::move(run));
        } else {
            run(outcome);
        }
    };
    if (lowers_recovery_point) {
        write_recovery_points(std::move(lower_watermark));
    } else {
        lower_watermark({});
    }
}

void LogDirectory::run_truncation(TruncationJob job, TruncationDone done) {
    struct Work {
        TruncationJob job;
        Result<void> outcome;
    };
    auto work = std::make_shared<Work>(Work{std::move(job), {}});
    auto ended = [work, path = path(), done = std::move(done)](BlockingEnd end) mutable {
        if (end == BlockingEnd::abandoned) {
            done({}, std::unexpected(abandoned_error(path)));
            return;
        }
        done(std::move(work->job), work->outcome);
    };
    disk_->run_blocking(
        path(), *home_, [work] { work->outcome = work->job.run(); }, std::move(ended));
}

PartitionOffsets LogDirectory::recovery_points() const {
    PartitionOffsets offsets = ownerless_;
    for (const auto& [id, member] : members_) {
        offsets[member.name] = member.recovery_point;
    }
    return offsets;
}

void LogDirectory::write(CheckpointWriter& writer, const PartitionOffsets& offsets, Done done) {
    if (failure_) {
        done(std::unexpected(*failure_));
        return;
    }
    writer.write(offsets, [this, done = std::move(done)](const Result<void>& outcome) mutable {
        if (!outcome) {
            go_offline(outcome.error());
        }
        done(outcome);
    });
}

void LogDirectory::write_recovery_points(Done done) {
    write(recovery_point_writer_, recovery_points(), std::move(done));
}

void LogDirectory::write_high_watermarks(const PartitionOffsets& offsets, Done done) {
    for (const auto& [name, offset] : offsets) {
        high_watermarks_[name] = offset;
    }
    write_high_watermarks(std::move(done));
}

void LogDirectory::write_high_watermarks(Done done) {
    write(high_watermark_writer_, high_watermarks_, std::move(done));
}

void LogDirectory::write_log_starts(const PartitionOffsets& offsets, Done done) {
    write(log_start_writer_, offsets, std::move(done));
}

}  // namespace hw::storage
