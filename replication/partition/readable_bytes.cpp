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
    std::erase_if(writes_,
                  [end_offset](const Write& write) { return write.end_offset > end_offset; });
}

}  // namespace hw::replication
