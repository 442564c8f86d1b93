#include "storage/batch_reader.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"
#include "protocol/record/batch_cursor.h"
#include "storage/batch_walker.h"

namespace hw::storage {
namespace {

/// Whether the batch at the start of `bytes` ends after the file, which has `left` bytes from
/// there.
bool is_cut_by_end(ByteView bytes, std::uint64_t left) {
    if (bytes.size() == left) {
        return true;
    }
    const auto header = record::parse_header(bytes);
    return header && header->size() > left;
}

bool is_sound(ByteView bytes) {
    const auto batch = record::parse_batch(bytes);
    return batch && batch->crc_matches();
}

}  // namespace

std::unexpected<Error> damaged_at(const std::string& path, std::uint64_t position,
                                  std::string_view reason) {
    return fail(ErrorKind::corrupt, "{}, byte {}: {}", path, position, reason);
}

Result<Buffer> BatchReader::read_bytes(std::uint64_t position, std::size_t count) const {
    Buffer bytes(count);
    HW_TRY(read, read_file(*place_.file, mode_, position, bytes.bytes()));
    if (read != count) {
        return fail(ErrorKind::corrupt, "the file ends at byte {}, at least {} was expected",
                    position + read, position + count);
    }
    return bytes;
}

Result<Buffer> BatchReader::read_batches(const ReadRequest& request) const {
    const std::uint64_t left = bytes_left();
    const bool must_progress = request.first_batch == FirstBatch::always_whole;
    const std::size_t min_bytes = must_progress ? record::BatchLayout::kHeaderSize : 0;
    auto bytes = read_bytes(place_.position,
                            std::min<std::uint64_t>(std::max(request.max_bytes, min_bytes), left));
    if (!bytes || !must_progress) {
        return bytes;
    }
    const auto first = record::parse_header(bytes->view());
    if (first && first->size() > bytes->size() && first->size() <= left) {
        HW_TRY_VOID(check_end(*first));
        return read_bytes(place_.position, first->size());
    }
    return bytes;
}

Result<void> BatchReader::check_end(const record::BatchHeader& batch) const {
    const std::uint64_t end = place_.position + batch.size();
    if (end == place_.segment_size) {
        return {};
    }
    const std::uint64_t left = place_.segment_size - end;
    HW_TRY(bytes, read_bytes(end, std::min<std::uint64_t>(record::BatchLayout::kHeaderSize, left)));
    const auto next = record::parse_header(bytes.view());
    if (!next || next->base_offset() <= batch.last_offset()) {
        return fail(ErrorKind::corrupt,
                    "a batch of {} bytes should end at byte {}, but no batch begins there",
                    batch.size(), end);
    }
    return {};
}

Result<std::optional<std::string>> BatchReader::batch_problem(const record::BatchView& batch,
                                                              const BatchPosition& position) const {
    if (auto reason = offset_problem(batch, position.expected, place_.segment_end)) {
        return reason;
    }
    if (batch.base_offset() < checks_.crc_below && !batch.crc_matches()) {
        return kWrongChecksum;
    }
    if (batch.base_offset() < checks_.crc_below) {
        if (auto reason = epoch_problem(batch, checks_.epochs)) {
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
    BatchWalker walker(*place_.file, position.position, place_.segment_size,
                       BatchWalker::kSmallWindow, mode_);
    walker.expect({.first = position.expected, .end_offset = place_.segment_end});
    HW_TRY_VOID(walker.next_header());
    return walker.problem() ? std::optional(walker.problem()->message) : std::nullopt;
}

Result<BatchReader::ReadablePrefix> BatchReader::readable_prefix(ByteView bytes,
                                                                 const ReadRequest& request) const {
    ReadablePrefix prefix{.next = place_.batch_base, .last_base = place_.batch_base, .problem = {}};
    record::BatchCursor batches(bytes);
    while (const auto batch = batches.next()) {
        HW_TRY(reason,
               batch_problem(*batch, {.expected = prefix.next,
                                      .position = place_.position + prefix.size,
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
    const std::uint64_t left = bytes_left() - prefix.size;
    if (batches.end() == record::BatchesEnd::bad ||
        (batches.end() == record::BatchesEnd::cut && is_cut_by_end(rest, left))) {
        prefix.problem = record::parse_batch(rest).error().message;
    }
    return prefix;
}

Result<BatchesRead> BatchReader::read(const ReadRequest& request) const {
    auto bytes = read_batches(request);
    if (!bytes && bytes.error().kind == ErrorKind::corrupt) {
        return damaged_at(place_.file->path(), place_.position, bytes.error().message);
    }
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    HW_TRY(prefix, readable_prefix(bytes->view(), request));
    if (prefix.problem && prefix.size != 0 && !is_sound(bytes->view().subspan(prefix.last))) {
        // The length or the last offset of the batch before may be wrong.
        prefix.size = prefix.last;
        prefix.next = prefix.last_base;
        prefix.problem = kWrongChecksum;
    }
    if (prefix.problem && prefix.size == 0) {
        return damaged_at(place_.file->path(), place_.position, *prefix.problem);
    }
    if (prefix.size == 0) {
        return BatchesRead{Buffer(), request.from};
    }
    bytes->resize(prefix.size);
    HW_ASSERT(prefix.next > request.from);
    return BatchesRead{std::move(*bytes), prefix.next};
}

}  // namespace hw::storage
