#include "storage/batch_walker.h"

#include <algorithm>

namespace hw::storage {

using record::BatchHeader;
using record::BatchLayout;
using record::BatchView;

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
        const auto read = file_->read_at(position, buffer_.bytes());
        if (!read) {
            return std::unexpected(read.error());
        }
        buffer_.resize(*read);
        buffer_position_ = position;
        if (*read < size) {
            return fail(ErrorKind::io, "a segment of {} bytes could be read up to {} only", end_,
                        position + *read);
        }
    }
    return buffer_.view().subspan(position - buffer_position_, size);
}

Result<std::optional<BatchHeader>> BatchWalker::next_header() {
    if (problem_ || next_ == end_) {
        return std::nullopt;
    }
    const auto size = std::min<std::uint64_t>(BatchLayout::kHeaderSize, end_ - next_);
    const auto head = bytes(next_, size);
    if (!head) {
        return std::unexpected(head.error());
    }
    const auto header = record::parse_header(*head);
    if (!header) {
        problem_ = header.error();
        return std::nullopt;
    }
    if (header->size() > end_ - next_) {
        problem_ =
            Error{ErrorKind::corrupt, fmt::format("a batch of {} bytes has only {} in the file",
                                                  header->size(), end_ - next_)};
        return std::nullopt;
    }
    position_ = next_;
    next_ += header->size();
    return *header;
}

Result<std::optional<BatchView>> BatchWalker::next_batch() {
    const auto header = next_header();
    if (!header) {
        return std::unexpected(header.error());
    }
    if (!*header) {
        return std::nullopt;
    }
    const auto whole = bytes(position_, (*header)->size());
    if (!whole) {
        return std::unexpected(whole.error());
    }
    const auto batch = record::parse_batch(*whole);
    if (!batch) {
        return std::unexpected(batch.error());
    }
    return *batch;
}

}  // namespace hw::storage
