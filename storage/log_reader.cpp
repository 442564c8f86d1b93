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

constexpr const char* kWrongChecksum = "the checksum of a batch does not match its bytes";

/// Whether the batch at the start of `bytes` ends after the file, which has `left` bytes from
/// there.
bool is_cut_by_end(ByteView bytes, std::uint64_t left) {
    if (bytes.size() == left) {
        return true;
    }
    const auto header = record::parse_header(bytes);
    return header && header->size() > left;
}

std::unexpected<Error> damaged(const Segment& segment, std::uint64_t position,
                               std::string_view reason) {
    return fail(ErrorKind::corrupt, "{}, byte {}: {}", segment.path(kLogSuffix), position, reason);
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

Result<Buffer> read_bytes(File& file, std::uint64_t position, std::size_t count) {
    Buffer bytes(count);
    HW_TRY(read, file.read_at(position, bytes.bytes()));
    if (read != count) {
        return fail(ErrorKind::corrupt, "the file ends at byte {}, at least {} was expected",
                    position + read, position + count);
    }
    return bytes;
}

bool is_sound(ByteView bytes) {
    const auto batch = record::parse_batch(bytes);
    return batch && batch->crc_matches();
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

std::size_t LogReader::segment_of(Offset offset) const {
    const auto after = std::ranges::upper_bound(segments_, offset, {}, &Segment::base_offset);
    return after == segments_.begin() ? 0 : static_cast<std::size_t>(after - segments_.begin()) - 1;
}

BatchWalker LogReader::walk(File& file, const Segment& segment, std::uint64_t position) const {
    BatchWalker walker(file, std::min(position, segment.size()), segment.size(),
                       BatchWalker::kSmallWindow);
    walker.expect({.first = segment.base_offset(),
                   .first_is_exact = position == 0,
                   .end_offset = segment.end_offset(),
                   .gaps = checks_.gaps});
    return walker;
}

Result<std::optional<LogReader::Place>> LogReader::place_of(std::size_t index,
                                                            Offset offset) const {
    const Segment& segment = segments_[index];
    HW_TRY(start, segment.position_before(offset));
    HW_TRY(file, segment.file());
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

Result<void> LogReader::locate(Offset offset, ReadCursor& cursor) const {
    std::size_t index = segment_of(offset);
    const bool fits = cursor.file && cursor.offset == offset &&
                      cursor.truncations == truncations_ &&
                      cursor.segment_base == segments_[index].base_offset();
    if (fits && cursor.position < segments_[index].size()) {
        return {};
    }
    for (; index < segments_.size(); ++index) {
        const Segment& segment = segments_[index];
        HW_TRY(place, place_of(index, offset));
        if (!place) {
            continue;  // a gap left by compaction
        }
        if (checks_.gaps == Gaps::none && place->base_offset > offset) {
            return damaged(segment, place->position,
                           fmt::format("a batch has the base offset {}, {} was expected",
                                       place->base_offset, offset));
        }
        HW_TRY(file, segment.file());
        cursor = {offset,          place->base_offset, segment.base_offset(),
                  place->position, truncations_,       std::move(file)};
        return {};
    }
    return damaged(segments_.back(), segments_.back().size(),
                   fmt::format("no batch has offset {}, but the log should end at {}", offset,
                               segments_.back().end_offset()));
}

Result<Buffer> LogReader::read_batches(const ReadRequest& request, const Segment& segment,
                                       const ReadCursor& cursor) const {
    const std::uint64_t left = segment.size() - cursor.position;
    const bool must_progress = request.first_batch == FirstBatch::always_whole;
    const std::size_t min_bytes = must_progress ? record::BatchLayout::kHeaderSize : 0;
    auto bytes = read_bytes(*cursor.file, cursor.position,
                            std::min<std::uint64_t>(std::max(request.max_bytes, min_bytes), left));
    if (!bytes || !must_progress) {
        return bytes;
    }
    const auto first = record::parse_header(bytes->view());
    if (first && first->size() > bytes->size() && first->size() <= left) {
        HW_TRY_VOID(check_end(*first, segment, cursor));
        return read_bytes(*cursor.file, cursor.position, first->size());
    }
    return bytes;
}

Result<void> LogReader::check_end(const record::BatchHeader& batch, const Segment& segment,
                                  const ReadCursor& cursor) {
    const std::uint64_t end = cursor.position + batch.size();
    if (end == segment.size()) {
        return {};
    }
    const std::uint64_t left = segment.size() - end;
    HW_TRY(bytes, read_bytes(*cursor.file, end,
                             std::min<std::uint64_t>(record::BatchLayout::kHeaderSize, left)));
    const auto next = record::parse_header(bytes.view());
    if (!next || next->base_offset() <= batch.last_offset()) {
        return fail(ErrorKind::corrupt,
                    "a batch of {} bytes should end at byte {}, but no batch begins there",
                    batch.size(), end);
    }
    return {};
}

Result<std::optional<std::string>> LogReader::batch_problem(const record::BatchView& batch,
                                                            const BatchPosition& position) const {
    const Segment& segment = *position.segment;
    if (auto reason = offset_problem(batch, position.expected, segment.end_offset())) {
        return reason;
    }
    if (batch.base_offset() < checks_.crc_below && !batch.crc_matches()) {
        return kWrongChecksum;
    }
    if (batch.base_offset() < checks_.crc_below && checks_.epochs != nullptr) {
        if (auto reason = epoch_problem(batch, *checks_.epochs)) {
            return reason;
        }
    }
    if (batch.base_offset() == position.expected) {
        return std::nullopt;
    }
    if (checks_.gaps == Gaps::none) {
        return fmt::format("a batch has the base offset {}, {} was expected", batch.base_offset(),
                           position.expected);
    }
    // Either a gap, or a wrong base offset: then the batch overlaps with the next one.
    if (const auto next = record::parse_header(position.following_bytes);
        next && next->base_offset() > batch.last_offset()) {
        return std::nullopt;
    }
    BatchWalker walker(*position.file, position.position, segment.size(),
                       BatchWalker::kSmallWindow);
    walker.expect({.first = position.expected, .end_offset = segment.end_offset()});
    HW_TRY_VOID(walker.next_header());
    return walker.problem() ? std::optional(walker.problem()->message) : std::nullopt;
}

Result<LogReader::ReadablePrefix> LogReader::readable_prefix(ByteView bytes,
                                                             const ReadRequest& request,
                                                             const Segment& segment,
                                                             const ReadCursor& cursor) const {
    ReadablePrefix prefix{.next = cursor.batch_base, .last_base = cursor.batch_base, .problem = {}};
    record::BatchCursor batches(bytes);
    while (const auto batch = batches.next()) {
        HW_TRY(reason,
               batch_problem(*batch, {.expected = prefix.next,
                                      .segment = &segment,
                                      .file = cursor.file.get(),
                                      .position = cursor.position + prefix.size,
                                      .following_bytes = bytes.subspan(batches.position())}));
        const bool is_first = prefix.size == 0;
        const bool reaches_end = batch->last_offset() >= request.end_offset;
        if (!reason && is_first && batch->last_offset() < request.from) {
            reason = fmt::format("a batch ends with offset {}, but it should contain offset {}",
                                 batch->last_offset(), request.from);
        }
        if (!reason && is_first && reaches_end && !batch->crc_matches()) {
            // A wrong last offset would make the batch seem to pass the end of the read, which
            // would then return nothing.
            reason = kWrongChecksum;
        }
        if (reason || reaches_end) {
            prefix.problem = std::move(reason);
            return prefix;
        }
        prefix.last = std::exchange(prefix.size, batches.position());
        prefix.last_base = std::exchange(prefix.next, batch->last_offset() + 1);
    }
    const ByteView rest = bytes.subspan(prefix.size);
    const std::uint64_t left = segment.size() - cursor.position - prefix.size;
    if (batches.end() == record::BatchesEnd::bad ||
        (batches.end() == record::BatchesEnd::cut && is_cut_by_end(rest, left))) {
        prefix.problem = record::parse_batch(rest).error().message;
    }
    return prefix;
}

Result<ReadAnswer> LogReader::read(const ReadRequest& request, ReadCursor& cursor) const {
    if (request.from >= segments_.back().end_offset()) {
        return ReadAnswer{Buffer(), request.from};
    }
    HW_TRY_VOID(locate(request.from, cursor));
    const auto segment =
        std::ranges::lower_bound(segments_, cursor.segment_base, {}, &Segment::base_offset);
    auto bytes = read_batches(request, *segment, cursor);
    if (!bytes && bytes.error().kind == ErrorKind::corrupt) {
        return damaged(*segment, cursor.position, bytes.error().message);
    }
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    HW_TRY(prefix, readable_prefix(bytes->view(), request, *segment, cursor));
    if (prefix.problem && prefix.size != 0 && !is_sound(bytes->view().subspan(prefix.last))) {
        // The length or the last offset of the batch before may be wrong.
        prefix.size = prefix.last;
        prefix.next = prefix.last_base;
        prefix.problem = kWrongChecksum;
    }
    if (prefix.problem && prefix.size == 0) {
        return damaged(*segment, cursor.position, *prefix.problem);
    }
    if (prefix.size == 0) {
        return ReadAnswer{Buffer(), request.from};
    }
    bytes->resize(prefix.size);
    if (prefix.next >= segment->end_offset() && std::next(segment) != segments_.end()) {
        cursor = {};
    } else {
        cursor.offset = cursor.batch_base = prefix.next;
        cursor.position += prefix.size;
    }
    HW_ASSERT(prefix.next > request.from);
    return ReadAnswer{std::move(*bytes), prefix.next};
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
    for (std::size_t index = segment_of(start); index < segments_.size(); ++index) {
        const Segment& segment = segments_[index];
        const bool is_short =
            segment.ends_early() || (index + 1 < segments_.size() &&
                                     segment.end_offset() != segments_[index + 1].base_offset());
        if (is_short && checks_.gaps == Gaps::none) {
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
    const auto candidates = segments_.subspan(segment_of(start));
    const auto latest = std::ranges::max_element(
        candidates, {}, [](const Segment& segment) { return segment.max_timestamp().timestamp; });
    if (latest->max_timestamp().timestamp < Timestamp(0)) {
        return std::nullopt;
    }
    return find(latest->max_timestamp().timestamp, start);
}

}  // namespace hw::storage
