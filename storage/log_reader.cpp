#include "storage/log_reader.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/record/record_scanner.h"
#include "storage/batch_walker.h"
#include "storage/log_folder.h"

namespace hw::storage {

using record::TimestampedOffset;

namespace {

std::unexpected<Error> damaged(const Segment& segment, std::uint64_t position,
                               std::string_view reason) {
    return damaged_at(segment.path(kLogSuffix), position, reason);
}

/// The problem of a walk that began at `start`. If that is a position from the index, the index may
/// be the damaged file, so the message names it too.
std::unexpected<Error> damaged(const Segment& segment, const BatchWalker& walker,
                               std::uint64_t start) {
    if (start == 0) {
        return damaged(segment, walker.next_position(), walker.problem()->message);
    }
    return damaged(segment, walker.next_position(),
                   fmt::format("{} (walked from byte {}, where {} points)",
                               walker.problem()->message, start, segment.path(kIndexSuffix)));
}

constexpr const char* kIndexAdvice =
    "stop the broker and remove the file; the next start rebuilds it";

std::unexpected<Error> wrong_index(const Segment& segment, std::uint64_t position, Offset offset,
                                   const record::BatchHeader& batch) {
    return fail(ErrorKind::corrupt,
                "{}: an entry points to byte {} of the log for offset {} or below, but the batch "
                "there has the base offset {}; {}",
                segment.path(kIndexSuffix), position, offset, batch.base_offset(), kIndexAdvice);
}

std::unexpected<Error> wrong_time_index(const Segment& segment, const TimeEntry& entry,
                                        const record::BatchHeader& batch) {
    return fail(ErrorKind::corrupt,
                "{}: an entry has timestamp {} for offset {}, but the batch in the log has {}; {}",
                segment.path(kTimeIndexSuffix), entry.timestamp, entry.offset,
                batch.max_timestamp(), kIndexAdvice);
}

}  // namespace

BatchWalker LogReader::walk(File& file, const Segment& segment, std::uint64_t position) const {
    BatchWalker walker(file, std::min(position, segment.size()), segment.size(),
                       BatchWalker::kSmallWindow, mode_);
    walker.expect({.first = segment.base_offset(),
                   .first_is_exact = position == 0,
                   .end_offset = segment.end_offset(),
                   .gaps = gaps_});
    return walker;
}

Result<std::optional<LogReader::Place>> LogReader::place_of(std::size_t index,
                                                            Offset offset) const {
    const Segment& segment = segments_[index];
    HW_TRY(start, segment.position_before(offset, mode_));
    HW_TRY(file, segment.file(mode_));
    BatchWalker walker = walk(*file, segment, start);
    while (true) {
        HW_TRY(header, walker.next_header());
        if (!header && walker.problem()) {
            return damaged(segment, walker, start);
        }
        if (!header) {
            return std::nullopt;
        }
        if (start != 0 && walker.position() == start && header->base_offset() > offset) {
            return wrong_index(segment, walker.position(), offset, *header);
        }
        if (header->last_offset() >= offset) {
            return Place{walker.position(), header->base_offset()};
        }
    }
}

Result<SegmentPlace> LogReader::locate(Offset offset) const {
    for (std::size_t index = segments_.index_of(offset); index < segments_.size(); ++index) {
        const Segment& segment = segments_[index];
        HW_TRY(place, place_of(index, offset));
        if (!place) {
            continue;  // a gap left by compaction
        }
        if (gaps_ == Gaps::none && place->base_offset > offset) {
            return damaged(segment, place->position,
                           fmt::format("a batch has the base offset {}, {} was expected",
                                       place->base_offset, offset));
        }
        HW_TRY(file, segment.file(mode_));
        return SegmentPlace{std::move(file),
                            place->position,
                            place->base_offset,
                            segment.base_offset(),
                            segment.size(),
                            segment.end_offset(),
                            index + 1 == segments_.size()};
    }
    return damaged(segments_.back(), segments_.back().size(),
                   fmt::format("no batch has offset {}, but the log should end at {}", offset,
                               segments_.back().end_offset()));
}

Result<std::optional<TimestampedOffset>> LogReader::find_in(std::size_t index, Timestamp target,
                                                            Offset start) const {
    const Segment& segment = segments_[index];
    HW_TRY(entry, segment.time_index().floor(target));
    // The entry is proven when the batch that it names has its timestamp.
    std::optional<TimeEntry> unproven = entry && entry->offset >= start ? entry : std::nullopt;
    const auto position = segment.position_before(unproven ? unproven->offset : start);
    const auto file = segment.file();
    if (!position || !file) {
        return std::unexpected(position ? file.error() : position.error());
    }
    record::RecordScanner scanner;
    BatchWalker walker = walk(**file, segment, *position);
    while (true) {
        HW_TRY(batch, walker.next_batch());
        if (!batch && walker.problem()) {
            return damaged(segment, walker, *position);
        }
        if (!batch) {
            return std::nullopt;
        }
        if (!batch->crc_matches()) {
            return damaged(segment, walker.position(), kWrongChecksum);
        }
        if (unproven && batch->last_offset() >= unproven->offset) {
            if (batch->max_timestamp() != unproven->timestamp) {
                return wrong_time_index(segment, *unproven, *batch);
            }
            unproven.reset();
        }
        if (batch->max_timestamp() < target || batch->last_offset() < start) {
            continue;
        }
        auto found = record::find_by_timestamp(*batch, target, start, scanner);
        if (!found) {
            return damaged(segment, walker.position(), found.error().message);
        }
        if (*found) {
            return found;
        }
    }
}

Result<std::optional<TimestampedOffset>> LogReader::find(Timestamp target, Offset start) const {
    for (std::size_t index = segments_.index_of(start); index < segments_.size(); ++index) {
        const Segment& segment = segments_[index];
        const bool is_short =
            segment.ends_early() || (index + 1 < segments_.size() &&
                                     segment.end_offset() != segments_[index + 1].base_offset());
        if (is_short && gaps_ == Gaps::none) {
            return damaged(segment, segment.size(),
                           fmt::format("the batches end before offset {}: records are missing",
                                       segment.end_offset()));
        }
        if (segment.max_timestamp().timestamp < target) {
            continue;
        }
        auto found = find_in(index, target, start);
        if (!found || *found) {
            return found;
        }
    }
    return std::nullopt;
}

Result<std::optional<TimestampedOffset>> LogReader::find_latest(Offset start) const {
    Timestamp latest = kNoTimestamp;
    for (std::size_t index = segments_.index_of(start); index < segments_.size(); ++index) {
        latest = std::max(latest, segments_[index].max_timestamp().timestamp);
    }
    if (latest < Timestamp(0)) {
        return std::nullopt;
    }
    return find(latest, start);
}

}  // namespace hw::storage
