#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"
#include "storage/batch_walker.h"
#include "storage/log.h"
#include "storage/log_folder.h"
#include "storage/log_reader.h"

namespace hw::storage {
namespace {

/// The new log end if the segment is cut at `position`, where its first batch that reaches `offset`
/// starts. It is the end of the batch before. If a gap follows that batch, its end is below
/// `offset`. A recovery point above that end would claim records that are not there.
Result<Offset> end_before(const Segment& segment, Offset offset, std::uint64_t position) {
    const auto start = segment.position_before(offset - 1);
    const auto file = segment.file();
    if (!start || !file) {
        return std::unexpected(start ? file.error() : start.error());
    }
    BatchWalker walker(**file, std::min(*start, position), position, BatchWalker::kSmallWindow);
    Offset end = segment.base_offset();
    while (true) {
        HW_TRY(header, walker.next_header());
        if (!header && walker.problem()) {
            return fail(ErrorKind::corrupt, "{}, byte {}: {}", segment.path(kLogSuffix),
                        walker.next_position(), walker.problem()->message);
        }
        if (!header) {
            return end;
        }
        end = header->last_offset() + 1;
    }
}

}  // namespace

Result<TruncationJob> Log::begin_truncation(Offset offset) {
    HW_ASSERT(groups_.empty());
    HW_ASSERT(stage_.empty());
    HW_ASSERT(!truncating_);
    if (offset < local_log_start_offset()) {
        return begin_restart_at(offset);
    }
    if (offset >= end_offset_) {
        // Epochs that start after the end have no record. If they stayed, look-ups would find them.
        epochs_dirty_ = epochs_.truncate_from_end(offset) || epochs_dirty_;
        stage_.reset(end_offset_, latest_epoch());
        return TruncationJob{context_.disk, folder_, end_offset_, truncations(),
                             end_offset_,   {},      {},          {}};
    }
    const std::size_t index = segments_.index_of(offset);
    const LogReader reader(segments_, context_.options.gaps, ReadMode::blocking);
    HW_TRY(place, reader.place_of(index, offset));
    const std::uint64_t position = place ? place->position : segments_[index].size();
    HW_TRY(new_end, end_before(segments_[index], offset, position));
    lower_ends(new_end);
    TruncationJob job{context_.disk, folder_,          new_end,  truncations(),
                      new_end,       segments_[index], position, {}};
    segments_.remove_from(index);
    return job;
}

Result<TruncationJob> Log::begin_restart_at(Offset offset) {
    HW_ASSERT(groups_.empty());
    HW_ASSERT(stage_.empty());
    HW_ASSERT(!truncating_);
    lower_ends(Offset(0));
    epochs_.clear();
    segments_.remove_from(0);
    return TruncationJob{
        context_.disk,
        folder_,
        Offset(0),
        truncations(),
        offset,
        Segment(*context_.disk, folder_, offset, context_.options.index_interval_bytes),
        {},
        {}};
}

void Log::lower_ends(Offset new_end) {
    truncating_ = true;
    truncations_->raise();
    end_offset_ = new_end;
    durable_end_ = std::min(durable_end_, new_end);
    loaded_end_offset_ = std::min(loaded_end_offset_, new_end);
    log_start_offset_ = std::min(log_start_offset_, new_end);
    snapshot_offset_ = std::min(snapshot_offset_, new_end);
    next_snapshot_.reset();
    epochs_dirty_ = epochs_.truncate_from_end(new_end) || epochs_dirty_;
    stage_.reset(new_end, latest_epoch());
}

void Log::finish_truncation(TruncationJob job, const Result<void>& outcome) {
    if (!outcome) {
        context_.on_failure(outcome.error());
        go_offline(outcome.error());
        return;
    }
    if (!job.active) {
        return;
    }
    const bool restarted = !job.cut_position;
    truncating_ = false;
    segments_.set_active(std::move(*job.active));
    producers_ = std::move(job.producers.producers);
    count_producers();
    snapshot_offset_ = job.producers.snapshot_offset;
    end_offset_ = segments_.back().end_offset();
    durable_end_ = restarted ? end_offset_ : std::min(durable_end_, end_offset_);
    log_start_offset_ = restarted ? end_offset_ : std::min(log_start_offset_, end_offset_);
    epochs_dirty_ = true;
    stage_.reset(end_offset_, latest_epoch());
    context_.logger.info("{}: truncated, the log now ends at offset {}", folder_, end_offset_);
}

Result<void> Log::close() {
    HW_ASSERT(groups_.empty());
    HW_ASSERT(!syncing_);
    if (offline_) {
        return std::unexpected(*offline_);
    }
    if (truncating_) {
        return fail(ErrorKind::io, "{}: closed while it is being truncated", folder_);
    }
    HW_TRY_VOID(segments_.active().finish_indexes(dirty_));
    if (end_offset_ > snapshot_offset_) {
        const SnapshotJob snapshot{context_.disk, folder_, ticket(), producers_.share()};
        Result<void> written = snapshot.run();
        written = written ? place_snapshot(snapshot) : written;
        if (!written) {
            return written;
        }
    }
    folder_dirty_ = true;
    const auto job = begin_sync();
    const Result<void> outcome = job->run();
    on_synced(job->ticket, outcome);
    return outcome;
}

}  // namespace hw::storage
