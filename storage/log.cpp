#include "storage/log.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"
#include "storage/log_folder.h"
#include "storage/producer_snapshot.h"

namespace hw::storage {

using wire::ErrorCode;

Log::Log(LogContext context, LogContents contents)
    : context_(std::move(context)),
      folder_(std::move(contents.folder)),
      segments_(std::move(contents.segments)),
      epochs_(std::move(contents.epochs)),
      producers_(std::move(contents.producers)),
      log_start_offset_(contents.log_start_offset),
      end_offset_(segments_.back().end_offset()),
      durable_end_(end_offset_),
      loaded_end_offset_(end_offset_),
      snapshot_offset_(contents.snapshot_offset),
      stage_(end_offset_, latest_epoch(), context_.producer_limit),
      epochs_dirty_(contents.epochs_dirty) {
    count_producers();
}

Log::~Log() {
    if (context_.producer_limit != nullptr) {
        context_.producer_limit->change(-static_cast<std::int64_t>(counted_producers_));
    }
}

LeaderEpoch Log::latest_epoch() const {
    const auto latest = epochs_.latest();
    return latest ? latest->epoch : kNoLeaderEpoch;
}

std::uint64_t Log::size() const {
    std::uint64_t sum = 0;
    for (const Segment& segment : segments_) {
        sum += segment.size();
    }
    return sum;
}

std::optional<wire::Refusal> Log::refusal(std::size_t bytes) const {
    if (offline_) {
        return wire::Refusal{ErrorCode::kafka_storage_error,
                             fmt::format("the log directory is offline: {}", offline_->message)};
    }
    if (truncating_) {
        return wire::Refusal{ErrorCode::not_leader_or_follower, "the log is being truncated"};
    }
    if (bytes > context_.options.segment_bytes) {
        return wire::Refusal{ErrorCode::record_list_too_large,
                             fmt::format("a batch of {} bytes exceeds segment.bytes, {}", bytes,
                                         context_.options.segment_bytes)};
    }
    return std::nullopt;
}

std::expected<Appended, wire::Refusal> Log::stage(const NewBatch& batch) {
    if (auto refused = refusal(batch.bytes.size())) {
        return std::unexpected(std::move(*refused));
    }
    return stage_.add(batch, producers_);
}

std::expected<Appended, wire::Refusal> Log::stage_from_leader(ByteView batches) {
    if (auto refused = refusal(0)) {
        return std::unexpected(std::move(*refused));
    }
    return stage_.add_from_leader(batches, producers_);
}

void Log::write_staged(Done done) {
    waiting_done_.push_back(std::move(done));
    if (groups_.empty()) {
        start_write();
    }
}

void Log::start_write() {
    writing_done_ = std::exchange(waiting_done_, {});
    if (offline_) {
        end_write(std::unexpected(*offline_));
        return;
    }
    stage_.take(writing_);
    groups_ = plan_groups();
    if (groups_.empty()) {
        end_write({});
        return;
    }
    write_group(0);
}

std::vector<Log::Group> Log::plan_groups() const {
    std::vector<Group> groups;
    std::uint64_t size = segments_.back().size();
    Offset end = end_offset_;
    for (std::size_t i = 0; i < writing_.size(); ++i) {
        const BatchSummary& batch = writing_[i].summary;
        const Segment& last =
            !groups.empty() && groups.back().segment ? *groups.back().segment : segments_.back();
        if (last.must_roll(batch, size, context_.options)) {
            // A segment is named after the log end, so that recovery sees a lost tail as a gap. The
            // exception is a gap too large for a relative offset.
            const bool far = batch.last_offset - end > INT32_MAX;
            groups.push_back({i, 0, 0,
                              Segment(*context_.disk, folder_, far ? batch.base_offset : end,
                                      context_.options.index_interval_bytes),
                              nullptr});
            size = 0;
        } else if (groups.empty()) {
            groups.push_back({i, 0, size, std::nullopt, nullptr});
        }
        if (groups.back().segment) {
            groups.back().segment->record_appended(batch);
        }
        ++groups.back().count;
        size += batch.size;
        end = batch.last_offset + 1;
    }
    return groups;
}

void Log::write_group(std::size_t index) {
    Group& group = groups_[index];
    if (group.segment) {
        if (auto created = group.segment->create_file(); !created) {
            on_group_written(index, created);
            return;
        }
    }
    const auto file = (group.segment ? *group.segment : segments_.back()).file();
    if (!file) {
        on_group_written(index, std::unexpected(file.error()));
        return;
    }
    group.file = *file;
    slices_.clear();
    for (std::size_t i = group.first; i < group.first + group.count; ++i) {
        slices_.push_back(writing_[i].bytes);
    }
    auto written = [this, index](const Result<void>& outcome) {
        if (in_write_call_) {
            on_group_written(index, outcome);
            return;
        }
        context_.enter([this, index, outcome] { on_group_written(index, outcome); });
    };
    in_write_call_ = true;
    const auto target = group.file;
    target->write_at(group.position, slices_, std::move(written));
    in_write_call_ = false;
}

void Log::on_group_written(std::size_t index, const Result<void>& outcome) {
    if (!outcome) {
        end_write(outcome);
        return;
    }
    if (index + 1 < groups_.size()) {
        write_group(index + 1);
        return;
    }
    end_write(publish());
}

Result<void> Log::publish() {
    Result<void> outcome;
    for (Group& group : groups_) {
        if (group.segment) {
            auto rolled = roll_to(std::move(*group.segment));
            outcome = outcome ? rolled : outcome;
        }
        add_dirty(group.file);
        for (std::size_t i = group.first; i < group.first + group.count; ++i) {
            const auto& [bytes, summary, producer] = writing_[i];
            if (!group.segment) {
                segments_.active().record_appended(summary);
            }
            if (producer) {
                producers_.apply(*producer);
            }
            epochs_dirty_ =
                epochs_.assign(summary.leader_epoch, summary.base_offset) || epochs_dirty_;
            unsynced_bytes_ += summary.size;
            end_offset_ = summary.last_offset + 1;
        }
        auto flushed = segments_.active().flush_if_due(dirty_);
        outcome = outcome ? flushed : outcome;
    }
    count_producers();
    return outcome;
}

Result<void> Log::roll_to(Segment next) {
    Result<void> finished = segments_.active().finish_indexes(dirty_);
    plan_snapshot();
    segments_.roll(std::move(next));
    folder_dirty_ = true;
    return finished;
}

void Log::end_write(const Result<void>& outcome) {
    writing_.clear();
    groups_.clear();
    std::vector<Done> done = std::exchange(writing_done_, {});
    if (!outcome && !offline_) {
        context_.on_failure(outcome.error());
        go_offline(outcome.error());
    }
    if (!outcome) {
        stage_.reset(end_offset_, latest_epoch());
        std::ranges::move(std::exchange(waiting_done_, {}), std::back_inserter(done));
    }
    stage_.forget_if_idle();
    for (Done& each : done) {
        each(outcome);
    }
    if (!waiting_done_.empty() && groups_.empty()) {
        start_write();
    }
}

void Log::add_dirty(const std::shared_ptr<File>& file) {
    if (dirty_.empty() || std::ranges::find(dirty_, file) == dirty_.end()) {
        dirty_.push_back(file);
    }
}

std::optional<SyncJob> Log::begin_sync() {
    const bool clean = dirty_.empty() && !folder_dirty_ && !epochs_dirty_;
    if (offline_ || truncating_ || syncing_ || clean) {
        return std::nullopt;
    }
    syncing_ = true;
    SyncJob job{context_.disk, folder_, ticket(), false, {}, std::nullopt, std::nullopt};
    job.sync_folder = std::exchange(folder_dirty_, false) && !context_.mutants.folder_is_not_synced;
    job.files = std::exchange(dirty_, {});
    if (std::exchange(epochs_dirty_, false)) {
        job.epochs = format_epoch_checkpoint(epochs_);
    }
    if (next_snapshot_ && !snapshot_running_) {
        job.snapshot = std::exchange(next_snapshot_, std::nullopt);
        snapshot_running_ = true;
    }
    unsynced_bytes_ = 0;
    if (context_.mutants.durable_end_before_sync) {
        durable_end_ = end_offset_;
    }
    return job;
}

void Log::on_synced(const SyncTicket& ticket, const Result<void>& outcome) {
    syncing_ = false;
    if (!outcome) {
        go_offline(outcome.error());
        return;
    }
    const bool valid =
        ticket.truncations == truncations() || context_.mutants.ticket_outlives_truncation;
    if (valid) {
        durable_end_ = std::max(durable_end_, ticket.end_offset);
    }
}

void Log::go_offline(const Error& reason) {
    if (!offline_) {
        offline_ = reason;
    }
}

void Log::advance_log_start(Offset offset) {
    log_start_offset_ = std::max(log_start_offset_, std::min(offset, end_offset_));
    epochs_.truncate_from_start(log_start_offset_);
    epochs_dirty_ = true;
}

}  // namespace hw::storage
