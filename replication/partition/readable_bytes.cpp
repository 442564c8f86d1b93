#include "replication/partition/readable_bytes.h"

#include <algorithm>
#include <iterator>

namespace hw::replication {

void ReadableBytes::on_written(Offset end_offset, std::uint64_t bytes) {
    written_ += bytes;
    if (writes_.size() == kMaxWrites) {
        writes_.pop_back();
    }
    writes_.push_back({end_offset, written_});
}

void ReadableBytes::on_high_watermark(Offset high_watermark) {
    const auto after = std::ranges::upper_bound(writes_, high_watermark, {}, &Write::end_offset);
    if (after != writes_.begin()) {
        readable_ = std::prev(after)->total;
        writes_.erase(writes_.begin(), after);
    }
}

void ReadableBytes::on_truncated(Offset end_offset) {
    const auto cut = std::ranges::upper_bound(writes_, end_offset, {}, &Write::end_offset);
    const bool is_within =
        cut != writes_.end() && (cut == writes_.begin() || std::prev(cut)->end_offset < end_offset);
    if (is_within) {
        cut->end_offset = end_offset;
    }
    writes_.erase(is_within ? std::next(cut) : cut, writes_.end());
}

}  // namespace hw::replication
