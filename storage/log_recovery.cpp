#include "storage/log_recovery.h"

#include <algorithm>

#include "storage/batch_walker.h"
#include "storage/log_folder.h"

namespace hw::storage {
namespace {

/// Where and why a scan stopped: the position of the first bad batch.
struct BadBatch {
    std::uint64_t position = 0;
    std::string reason;
};

/// Why `batch` does not continue the log; none if it does. The walker has checked its offsets.
std::optional<std::string> objection(const record::BatchView& batch, const Segment& segment,
                                     const EpochCache& epochs) {
    if (!batch.crc_matches()) {
        return "the checksum does not match";
    }
    const std::int32_t delta = batch.last_offset_delta();
    if (batch.base_offset() - segment.base_offset() > INT32_MAX - delta) {
        return fmt::format("offset {} is too far from the segment's", batch.base_offset());
    }
    const auto latest = epochs.latest();
    if (latest && batch.leader_epoch() >= LeaderEpoch(0) && batch.leader_epoch() < latest->epoch) {
        return fmt::format("leader epoch {} follows {}", batch.leader_epoch(), latest->epoch);
    }
    return std::nullopt;
}

/// Whether the base offset of a log's last batch is unproven: the batch follows a gap and reaches
/// beyond the recovery point. No later batch confirms the base offset, and no checksum covers it.
bool is_unproven(const record::BatchView& batch, const Segment& segment, Offset recovery_point) {
    return batch.base_offset() > segment.end_offset() && batch.last_offset() >= recovery_point;
}

/// Checks one segment, whose offsets are below `end_offset`, and records its batches. Returns the
/// first bad batch, if any.
///
/// Batches from the recovery point on are written again in place: after a failed sync Linux keeps
/// their pages readable but marks them clean, so the next sync would succeed without them.
Result<std::optional<BadBatch>> scan_segment(const RecoveryScan& scan, Segment& segment,
                                             Offset end_offset) {
    EpochCache& epochs = *scan.epochs;
    const Offset recovery_point = scan.recovery_point;
    HW_TRY_VOID(segment.open_active());
    const auto file = segment.file();
    HW_TRY(size, file ? (*file)->size() : Result<std::uint64_t>(std::unexpected(file.error())));
    segment.start_over();
    BatchWalker walker(**file, 0, size, BatchWalker::kLargeWindow);
    walker.expect({.first = segment.base_offset(), .end_offset = end_offset});
    while (true) {
        HW_TRY(batch, walker.next_batch());
        if (!batch && walker.problem()) {
            return BadBatch{walker.next_position(), walker.problem()->message};
        }
        if (!batch) {
            return std::nullopt;
        }
        auto reason = objection(*batch, segment, epochs);
        if (!reason && batch->last_offset() < recovery_point) {
            reason = epoch_problem(*batch, scan.known_epochs);
        }
        if (reason) {
            return BadBatch{walker.position(), *reason};
        }
        const bool is_last =
            walker.next_position() == size && end_offset == ExpectedOffsets::kUnknown;
        if (is_last && is_unproven(*batch, segment, recovery_point)) {
            return BadBatch{walker.position(),
                            fmt::format("the last batch has the base offset {}, {} was expected",
                                        batch->base_offset(), segment.end_offset())};
        }
        if (batch->last_offset() >= recovery_point) {
            HW_TRY_VOID((*file)->write_now(walker.position(), batch->bytes()));
        }
        epochs.assign(batch->leader_epoch(), batch->base_offset());
        segment.record_appended(summary_of(*batch));
    }
}

Result<std::uint64_t> file_size(const Segment& segment) {
    HW_TRY(file, segment.file());
    return file->size();
}

/// Removes the segments from `first` on, the last one first, so that a crash leaves no gap. Returns
/// the number of bytes.
Result<std::uint64_t> remove_segments(const RecoveryScan& scan, std::size_t first) {
    std::uint64_t bytes = 0;
    while (scan.segments->size() > first) {
        const Segment& segment = scan.segments->back();
        HW_TRY(size, file_size(segment));
        bytes += size;
        for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
            auto removed = scan.disk->remove_file(segment.path(suffix));
            if (!removed && removed.error().kind != ErrorKind::not_found) {
                return std::unexpected(removed.error());
            }
        }
        scan.segments->pop_back();
    }
    return bytes;
}

std::unexpected<Error> damage(const RecoveryScan& scan, const Segment& segment,
                              const BadBatch& bad) {
    return fail(ErrorKind::corrupt,
                "{}, byte {}: {}; the log is damaged at offset {}, below its recovery point {}, "
                "and is not cut, because records that were on stable storage would be lost",
                segment.path(kLogSuffix), bad.position, bad.reason, segment.end_offset(),
                scan.recovery_point);
}

/// Cuts the log at a bad batch in segment `index`.
Result<void> cut(const RecoveryScan& scan, std::size_t index, const BadBatch& bad) {
    Segment& segment = (*scan.segments)[index];
    if (segment.end_offset() < scan.recovery_point) {
        return damage(scan, segment, bad);
    }
    const std::size_t later = scan.segments->size() - index - 1;
    const auto removed = remove_segments(scan, index + 1);
    const auto size = file_size(segment);
    if (!removed || !size) {
        return std::unexpected(removed ? size.error() : removed.error());
    }
    scan.logger.warning(
        "{}: the log is cut at offset {}, byte {}, {} bytes are removed (whole segments after "
        "this one: {}): {}",
        segment.path(kLogSuffix), segment.end_offset(), bad.position,
        *size - bad.position + *removed, later, bad.reason);
    return segment.cut(bad.position, segment.end_offset());
}

/// Writes the indexes of a segment without bad batches, and syncs it.
Result<void> seal_scanned(Segment& segment) {
    HW_TRY(file, segment.file());
    std::vector<std::shared_ptr<File>> dirty{file};
    HW_TRY_VOID(segment.finish_indexes(dirty));
    segment.seal();
    return sync_all(dirty);
}

}  // namespace

Result<void> scan_segments(const RecoveryScan& scan, std::size_t first) {
    std::vector<Segment>& segments = *scan.segments;
    for (std::size_t index = first; index < segments.size(); ++index) {
        Segment& segment = segments[index];
        // A segment is named after the end of the one before, so a lost tail shows as a gap.
        const bool gap = index > first &&
                         segments[index - 1].end_offset() < segment.base_offset() &&
                         segments[index - 1].end_offset() >= scan.recovery_point;
        if (gap) {
            const std::uint64_t end = segments[index - 1].size();
            return cut(
                scan, index - 1,
                {end, fmt::format("the next segment begins at offset {}", segment.base_offset())});
        }
        // Compaction leaves gaps between segments, but only the last segment may be empty.
        if (index > first && segments[index - 1].size() == 0) {
            return damage(scan, segments[index - 1],
                          {0, fmt::format("the file is empty, and the next segment begins at "
                                          "offset {}",
                                          segment.base_offset())});
        }
        const Offset end_offset = index + 1 < segments.size() ? segments[index + 1].base_offset()
                                                              : ExpectedOffsets::kUnknown;
        HW_TRY(bad, scan_segment(scan, segment, end_offset));
        if (bad) {
            return cut(scan, index, *bad);
        }
        HW_TRY_VOID(seal_scanned(segment));
        if (index + 1 < segments.size() && segments.size() - first > 1) {
            scan.logger.info("{}: checked, {} of {} segments to check are done",
                             segment.path(kLogSuffix), index + 1 - first, segments.size() - first);
        }
    }
    if (segments.back().end_offset() < scan.recovery_point) {
        return damage(scan, segments.back(), {segments.back().size(), "the log ends"});
    }
    return {};
}

}  // namespace hw::storage
