#include "storage/log_reader.h"

#include <algorithm>

#include "protocol/record/batch_cursor.h"
#include "protocol/record/record_scanner.h"
#include "storage/batch_walker.h"
#include "storage/log_folder.h"

namespace hw::storage {

using record::TimestampedOffset;

namespace {

std::unexpected<Error> damaged(const Segment& segment, const BatchWalker& walker) {
    return fail(ErrorKind::corrupt, "{}, byte {}: {}", segment.path(kLogSuffix),
                walker.next_position(), walker.problem()->message);
}

/// Bytes of the whole batches at the start of `bytes` that end at or before `end_offset`, and the
/// offset after them.
std::pair<std::size_t, Offset> whole_batches(ByteView bytes, Offset end_offset, Offset from) {
    std::size_t size = 0;
    Offset next = from;
    record::BatchCursor batches(bytes);
    while (const auto batch = batches.next()) {
        if (batch->last_offset() >= end_offset) {
            break;
        }
        size = batches.position();
        next = batch->last_offset() + 1;
    }
    return {size, next};
}

/// Of the batch at the start of `bytes`, if it ends before `end_offset`; else 0.
std::size_t first_batch_size(ByteView bytes, Offset end_offset) {
    const auto header = record::parse_header(bytes);
    return header && header->last_offset() < end_offset ? header->size() : 0;
}

Result<Buffer> read_bytes(File& file, std::uint64_t position, std::size_t count) {
    Buffer bytes(count);
    const auto read = file.read_at(position, bytes.bytes());
    if (!read) {
        return std::unexpected(read.error());
    }
    bytes.resize(*read);
    return bytes;
}

}  // namespace

std::size_t LogReader::segment_of(Offset offset) const {
    const auto after = std::ranges::upper_bound(segments_, offset, {}, &Segment::base_offset);
    return after == segments_.begin() ? 0 : static_cast<std::size_t>(after - segments_.begin()) - 1;
}

Result<std::uint64_t> LogReader::position_of(std::size_t index, Offset offset) const {
    const Segment& segment = segments_[index];
    const auto start = segment.position_before(offset);
    if (!start) {
        return std::unexpected(start.error());
    }
    const auto file = segment.file();
    if (!file) {
        return std::unexpected(file.error());
    }
    BatchWalker walker(**file, *start, segment.size(), BatchWalker::kSmallWindow);
    while (true) {
        const auto header = walker.next_header();
        if (!header) {
            return std::unexpected(header.error());
        }
        if (!*header && walker.problem()) {
            return damaged(segment, walker);
        }
        if (!*header) {
            return segment.size();
        }
        if ((*header)->last_offset() >= offset) {
            return walker.position();
        }
    }
}

Result<bool> LogReader::locate(Offset offset, ReadCursor& cursor) const {
    std::size_t index = segment_of(offset);
    const bool fits = cursor.file && cursor.offset == offset &&
                      cursor.truncations == truncations_ &&
                      cursor.segment_base == segments_[index].base_offset();
    if (fits && cursor.position < segments_[index].size()) {
        return true;
    }
    for (; index < segments_.size(); ++index) {
        const Segment& segment = segments_[index];
        const auto position = position_of(index, offset);
        if (!position) {
            return std::unexpected(position.error());
        }
        if (*position == segment.size()) {
            continue;  // a gap that compaction left, or the end
        }
        auto file = segment.file();
        if (!file) {
            return std::unexpected(file.error());
        }
        cursor = {offset, segment.base_offset(), *position, truncations_, std::move(*file)};
        return true;
    }
    return false;
}

Result<ReadAnswer> LogReader::read(const ReadRequest& request, ReadCursor& cursor) const {
    const auto found = locate(request.from, cursor);
    if (!found) {
        return std::unexpected(found.error());
    }
    if (!*found) {
        return ReadAnswer{Buffer(), request.from};
    }
    const auto segment =
        std::ranges::lower_bound(segments_, cursor.segment_base, {}, &Segment::base_offset);
    const std::uint64_t left = segment->size() - cursor.position;
    const bool must_progress = request.progressing == Progressing::at_least_one_batch;
    const std::size_t least = must_progress ? record::BatchLayout::kHeaderSize : 0;
    auto bytes = read_bytes(*cursor.file, cursor.position,
                            std::min<std::uint64_t>(std::max(request.max_bytes, least), left));
    if (bytes && must_progress) {
        const std::size_t first = first_batch_size(bytes->view(), request.end_offset);
        if (first > bytes->size() && first <= left) {
            bytes = read_bytes(*cursor.file, cursor.position, first);
        }
    }
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const auto [size, next] = whole_batches(bytes->view(), request.end_offset, request.from);
    bytes->resize(size);
    if (next >= segment->end_offset() && std::next(segment) != segments_.end()) {
        cursor = {};
    } else {
        cursor.offset = next;
        cursor.position += size;
    }
    return ReadAnswer{std::move(*bytes), next};
}

Result<std::optional<TimestampedOffset>> LogReader::find_in(std::size_t index, Timestamp target,
                                                            Offset start) const {
    const Segment& segment = segments_[index];
    const auto offset = segment.offset_before(target);
    if (!offset) {
        return std::unexpected(offset.error());
    }
    const auto position = segment.position_before(std::max(*offset, start));
    const auto file = segment.file();
    if (!position || !file) {
        return std::unexpected(position ? file.error() : position.error());
    }
    record::RecordScanner scanner;
    BatchWalker walker(**file, *position, segment.size(), BatchWalker::kSmallWindow);
    while (true) {
        const auto batch = walker.next_batch();
        if (!batch) {
            return std::unexpected(batch.error());
        }
        if (!*batch && walker.problem()) {
            return damaged(segment, walker);
        }
        if (!*batch) {
            return std::nullopt;
        }
        if ((*batch)->max_timestamp() < target || (*batch)->last_offset() < start) {
            continue;
        }
        auto found = record::find_by_timestamp(**batch, target, start, scanner);
        if (!found || *found) {
            return found;
        }
    }
}

Result<std::optional<TimestampedOffset>> LogReader::find(Timestamp target, Offset start) const {
    for (std::size_t index = segment_of(start); index < segments_.size(); ++index) {
        if (segments_[index].max_timestamp().timestamp < target) {
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
