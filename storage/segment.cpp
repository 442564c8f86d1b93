#include "storage/segment.h"

#include <algorithm>
#include <limits>

#include "storage/batch_walker.h"
#include "storage/log_folder.h"

namespace hw::storage {

BatchSummary summary_of(const record::BatchHeader& header) {
    return {header.base_offset(), header.last_offset(), header.size(), header.max_timestamp(),
            header.leader_epoch()};
}

Result<void> sync_all(std::span<const std::shared_ptr<File>> files) {
    for (const auto& file : files) {
        HW_TRY_VOID(file->sync());
    }
    return {};
}

Segment::Segment(Disk& disk, std::string folder, Offset base_offset,
                 std::uint64_t index_interval_bytes)
    : disk_(&disk),
      folder_(std::move(folder)),
      base_offset_(base_offset),
      index_interval_bytes_(index_interval_bytes),
      end_offset_(base_offset),
      index_(disk, path(kIndexSuffix), base_offset),
      time_index_(disk, path(kTimeIndexSuffix), base_offset),
      max_timestamp_{kNoTimestamp, base_offset} {}

std::string Segment::path(std::string_view suffix) const {
    return folder_ + "/" + file_name(base_offset_, suffix);
}

Result<void> Segment::create_file() {
    HW_TRY(file, disk_->open(path(kLogSuffix), OpenMode::create));
    file_ = std::move(file);
    return file_->truncate(0);
}

Result<void> Segment::open_active() {
    HW_TRY(file, disk_->open(path(kLogSuffix), OpenMode::write));
    file_ = std::move(file);
    return {};
}

void Segment::start_over() {
    size_ = 0;
    end_offset_ = base_offset_;
    ends_early_ = false;
    index_.reset();
    time_index_.reset();
    bytes_since_entry_ = 0;
    first_timestamp_ = kNoTimestamp;
    max_timestamp_ = {kNoTimestamp, base_offset_};
}

Result<bool> Segment::load(std::optional<Offset> end_offset) {
    start_over();
    const auto opened = file();
    HW_TRY(size,
           opened ? (*opened)->size() : Result<std::uint64_t>(std::unexpected(opened.error())));
    size_ = size;
    const Offset limit = end_offset.value_or(Offset(std::numeric_limits<std::int64_t>::max()));
    const auto index_good = index_.load(limit, size_);
    const auto time_good = time_index_.load(limit, size_);
    if (!index_good || !time_good) {
        return std::unexpected(index_good ? time_good.error() : index_good.error());
    }
    if (!*index_good || !*time_good) {
        return false;
    }
    if (const auto proven = check_last_time(); !proven || !*proven) {
        return proven;
    }
    max_timestamp_ = time_index_.last().value_or(max_timestamp_);
    if (end_offset) {
        end_offset_ = *end_offset;
        return true;
    }
    return walk_tail();
}

Result<bool> Segment::check_last_time() const {
    // An index without entries means that no record has a timestamp.
    const TimeEntry entry = time_index_.last().value_or(TimeEntry{kNoTimestamp, kNoOffset});
    const auto position = position_before(entry.offset);
    const auto opened = file();
    if (!position || !opened) {
        return std::unexpected(position ? opened.error() : position.error());
    }
    BatchWalker walker(**opened, std::min(*position, size_), size_, BatchWalker::kSmallWindow);
    bool is_before = true;  // before the batch that the entry names
    while (true) {
        HW_TRY(header, walker.next_header());
        if (!header) {
            return (!is_before || size_ == 0) && !walker.problem();
        }
        const bool is_named = is_before && header->last_offset() >= entry.offset;
        is_before = is_before && !is_named;
        if (is_named && entry.offset != kNoOffset && header->max_timestamp() != entry.timestamp) {
            return false;
        }
        if (!is_before && header->max_timestamp() > entry.timestamp) {
            return false;
        }
        if (!is_before && walker.next_position() - *position > BatchWalker::kSmallWindow) {
            return true;
        }
    }
}

Result<bool> Segment::walk_tail() {
    HW_TRY(opened, file());
    BatchWalker first(*opened, 0, size_, record::BatchLayout::kHeaderSize);
    HW_TRY(first_header, first.next_header());
    if (first_header) {
        first_timestamp_ = first_header->max_timestamp();
    }
    const auto last = index_.last();
    const std::uint64_t start = last ? last->position : 0;
    bytes_since_entry_ = size_ - start;
    BatchWalker walker(*opened, start, size_, BatchWalker::kSmallWindow);
    walker.expect({.first = base_offset_, .first_is_exact = start == 0});
    while (true) {
        HW_TRY(header, walker.next_header());
        if (!header) {
            return !walker.problem();
        }
        const BatchSummary batch = summary_of(*header);
        end_offset_ = batch.last_offset + 1;
        if (batch.max_timestamp > max_timestamp_.timestamp) {
            max_timestamp_ = {batch.max_timestamp, batch.last_offset};
        }
    }
}

Result<void> Segment::rebuild(Offset end_offset) {
    const auto opened = file();
    HW_TRY(size,
           opened ? (*opened)->size() : Result<std::uint64_t>(std::unexpected(opened.error())));
    start_over();
    BatchWalker walker(**opened, 0, size, BatchWalker::kLargeWindow);
    walker.expect({.first = base_offset_, .end_offset = end_offset});
    while (true) {
        HW_TRY(batch, walker.next_batch());
        if (!batch) {
            break;
        }
        if (!batch->crc_matches()) {
            return fail(ErrorKind::corrupt, "{}, byte {}: the checksum does not match",
                        path(kLogSuffix), walker.position());
        }
        record_appended(summary_of(*batch));
    }
    if (walker.problem()) {
        return fail(ErrorKind::corrupt, "{}, byte {}: {}", path(kLogSuffix), walker.next_position(),
                    walker.problem()->message);
    }
    ends_early_ = end_offset_ != end_offset;
    end_offset_ = end_offset;
    std::vector<std::shared_ptr<File>> dirty;
    HW_TRY_VOID(finish_indexes(dirty));
    return sync_all(dirty);
}

void Segment::record_appended(const BatchSummary& batch) {
    if (size_ == 0) {
        first_timestamp_ = batch.max_timestamp;
    }
    if (batch.max_timestamp > max_timestamp_.timestamp) {
        max_timestamp_ = {batch.max_timestamp, batch.last_offset};
    }
    if (bytes_since_entry_ > index_interval_bytes_) {
        index_.append({batch.last_offset, static_cast<std::uint32_t>(size_)});
        const Timestamp last = time_index_.last().value_or(TimeEntry{}).timestamp;
        if (max_timestamp_.timestamp > last) {
            time_index_.append(max_timestamp_);
        }
        bytes_since_entry_ = 0;
    }
    size_ += batch.size;
    bytes_since_entry_ += batch.size;
    end_offset_ = batch.last_offset + 1;
}

Result<void> Segment::flush_if_due(std::vector<std::shared_ptr<File>>& dirty) {
    return index_.wants_flush() ? flush_indexes(dirty) : Result<void>{};
}

Result<void> Segment::finish_indexes(std::vector<std::shared_ptr<File>>& dirty) {
    const Timestamp last = time_index_.last().value_or(TimeEntry{}).timestamp;
    if (max_timestamp_.timestamp > last) {
        time_index_.append(max_timestamp_);
    }
    return flush_indexes(dirty);
}

Result<void> Segment::flush_indexes(std::vector<std::shared_ptr<File>>& dirty) {
    HW_TRY(index_file, index_.flush());
    dirty.push_back(std::move(index_file));
    HW_TRY(time_file, time_index_.flush());
    dirty.push_back(std::move(time_file));
    return {};
}

bool Segment::must_roll(const BatchSummary& batch, std::uint64_t projected_size,
                        const LogOptions& options) const {
    constexpr std::int64_t kMaxRelative = std::numeric_limits<std::int32_t>::max();
    if (batch.last_offset - base_offset_ > kMaxRelative) {
        return true;
    }
    if (projected_size == 0) {
        return false;
    }
    const bool aged = first_timestamp_ >= Timestamp(0) && batch.max_timestamp > first_timestamp_ &&
                      batch.max_timestamp - first_timestamp_ > options.segment_ms;
    // finish_indexes may add one more entry to the time index.
    const bool index_full =
        index_.count() >= options.segment_index_bytes / IndexEntry::kSize ||
        time_index_.count() + 1 >= options.segment_index_bytes / TimeEntry::kSize;
    return projected_size + batch.size > options.segment_bytes || aged || index_full;
}

Result<void> Segment::cut(std::uint64_t position, Offset offset) {
    if (!file_) {
        HW_TRY_VOID(open_active());
    }
    HW_TRY_VOID(file_->truncate(position));
    HW_TRY_VOID(file_->sync());
    HW_TRY_VOID(index_.truncate(offset));
    HW_TRY_VOID(time_index_.truncate(offset));
    size_ = position;
    end_offset_ = base_offset_;
    first_timestamp_ = kNoTimestamp;
    max_timestamp_ = time_index_.last().value_or(TimeEntry{kNoTimestamp, base_offset_});
    HW_TRY(whole, walk_tail());
    if (!whole) {
        return fail(ErrorKind::corrupt,
                    "{}: after a cut at byte {} the rest of the file does not end with whole "
                    "batches of rising offsets",
                    path(kLogSuffix), position);
    }
    std::vector<std::shared_ptr<File>> dirty;
    HW_TRY_VOID(flush_indexes(dirty));
    return sync_all(dirty);
}

Result<std::shared_ptr<File>> Segment::file(ReadMode mode) const {
    if (file_) {
        return file_;
    }
    if (mode == ReadMode::cached) {
        return would_block();
    }
    return disk_->open(path(kLogSuffix), OpenMode::read);
}

Result<std::uint64_t> Segment::position_before(Offset offset, ReadMode mode) const {
    HW_TRY(entry, index_.floor(offset, mode));
    return entry ? std::uint64_t{entry->position} : 0;
}

}  // namespace hw::storage
