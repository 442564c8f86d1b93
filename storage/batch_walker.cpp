#include "storage/batch_walker.h"

#include <algorithm>

namespace hw::storage {

using record::BatchHeader;
using record::BatchLayout;
using record::BatchView;

std::optional<std::string> offset_problem(const BatchHeader& batch, Offset expected,
                                          Offset end_offset) {
    const Offset base = batch.base_offset();
    const std::int32_t delta = batch.last_offset_delta();
    if (base < expected) {
        return fmt::format("a batch has the base offset {}, {} was expected", base, expected);
    }
    // A wrong base offset may be any number: it is subtracted only after the range check.
    if (delta < 0 || base >= end_offset || delta >= end_offset - base) {
        return fmt::format(
            "a batch has the base offset {} and the last offset delta {}, its offsets were "
            "expected from {} to {} (exclusive)",
            base, delta, expected, end_offset);
    }
    return std::nullopt;
}

Result<ByteView> BatchWalker::bytes(std::uint64_t position, std::size_t size) {
    const bool held =
        position >= buffer_position_ && position + size <= buffer_position_ + buffer_.size();
    if (!held) {
        const std::size_t wanted = std::max(size, window_);
        const auto count = std::min<std::uint64_t>(wanted, end_ - position);
        if (buffer_.capacity() < count) {
            buffer_ = Buffer(count);
        }
        buffer_.resize(count);
        HW_TRY(read, read_file(*file_, mode_, position, buffer_.bytes()));
        buffer_.resize(read);
        buffer_position_ = position;
        if (read < size) {
            return fail(ErrorKind::corrupt, "the file ends at byte {}, but should end at {}",
                        position + read, end_);
        }
    }
    return buffer_.view().subspan(position - buffer_position_, size);
}

std::nullopt_t BatchWalker::stop(Error problem) {
    problem_ = std::move(problem);
    return std::nullopt;
}

Result<std::optional<BatchHeader>> BatchWalker::header_at(std::uint64_t position) {
    const auto size = std::min<std::uint64_t>(BatchLayout::kHeaderSize, end_ - position);
    const auto head = bytes(position, size);
    if (!head && head.error().kind != ErrorKind::corrupt) {
        return std::unexpected(head.error());
    }
    const auto header =
        head ? record::parse_header(*head) : Result<BatchHeader>(std::unexpected(head.error()));
    if (!header) {
        return stop(header.error());
    }
    if (header->size() > end_ - position) {
        return stop(
            {ErrorKind::corrupt, fmt::format("only {} of the {} bytes of a batch are in the file",
                                             end_ - position, header->size())});
    }
    return *header;
}

Result<std::optional<BatchHeader>> BatchWalker::next_header() {
    if (problem_) {
        return std::nullopt;
    }
    if (next_ == end_) {
        problem_ = end_objection();
        return std::nullopt;
    }
    auto header = header_at(next_);
    if (!header || !*header) {
        return header;
    }
    if (expected_) {
        HW_TRY(checked, check_offsets(**header));
        // Reading the neighbour may have moved the window.
        header = checked ? header_at(next_) : std::nullopt;
        if (!header || !*header) {
            return header;
        }
    }
    position_ = next_;
    next_ += (*header)->size();
    return header;
}

std::optional<Error> BatchWalker::end_objection() const {
    const bool is_short = expected_ && expected_->gaps == Gaps::none && expected_->first_is_exact &&
                          expected_->end_offset != ExpectedOffsets::kUnknown &&
                          expected_->first != expected_->end_offset;
    if (!is_short) {
        return std::nullopt;
    }
    return Error{ErrorKind::corrupt,
                 fmt::format("the batches end at offset {}, {} was expected: records are missing",
                             expected_->first, expected_->end_offset)};
}

Result<bool> BatchWalker::check_offsets(const BatchHeader& header) {
    auto reason = offset_problem(header, expected_->first, expected_->end_offset);
    if (!reason) {
        const Step step{header.base_offset(), header.last_offset() + 1, next_ + header.size()};
        const bool is_exact = expected_->first_is_exact && step.base_offset == expected_->first;
        if (!is_exact && expected_->first_is_exact && expected_->gaps == Gaps::none) {
            reason = fmt::format("a batch has the base offset {}, {} was expected",
                                 step.base_offset, expected_->first);
        } else if (!is_exact) {
            HW_TRY(found, neighbour_objection(step));
            reason = std::move(found);
        }
        expected_->first = step.end_offset;
        expected_->first_is_exact = true;
    }
    if (reason) {
        problem_ = Error{ErrorKind::corrupt, std::move(*reason)};
    }
    return !reason;
}

Result<std::optional<std::string>> BatchWalker::neighbour_objection(const Step& step) {
    if (step.next == end_) {
        const bool fits = expected_->gaps == Gaps::possible ||
                          expected_->end_offset == ExpectedOffsets::kUnknown ||
                          expected_->end_offset == step.end_offset;
        return fits ? std::nullopt
                    : std::optional(fmt::format("the last batch has offsets from {} to {} "
                                                "(exclusive), but they should end at {}",
                                                step.base_offset, step.end_offset,
                                                expected_->end_offset));
    }
    HW_TRY(following, header_at(step.next));
    if (!following) {
        // The walk reports the problem when it gets there.
        problem_.reset();
        return std::nullopt;
    }
    const Offset next = following->base_offset();
    const bool fits =
        expected_->gaps == Gaps::none ? next == step.end_offset : next >= step.end_offset;
    if (fits) {
        return std::nullopt;
    }
    return fmt::format(
        "a batch has offsets from {} to {} (exclusive), but the next one, at byte {}, starts at {}",
        step.base_offset, step.end_offset, step.next, next);
}

Result<std::optional<BatchView>> BatchWalker::next_batch() {
    HW_TRY(header, next_header());
    if (!header) {
        return std::nullopt;
    }
    const auto whole = bytes(position_, header->size());
    if (!whole && whole.error().kind == ErrorKind::corrupt) {
        next_ = position_;
        return stop(whole.error());
    }
    if (!whole) {
        return std::unexpected(whole.error());
    }
    HW_TRY(batch, record::parse_batch(*whole));
    return batch;
}

}  // namespace hw::storage
