#include "broker/metadata/producer_id_blocks.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace hw::broker {

Result<void> ProducerIdBlocks::add(ProducerId first, std::int32_t count) {
    const std::int64_t begin = first.value();
    if (begin < 0 || count <= 0 || begin > std::numeric_limits<std::int64_t>::max() - count) {
        return fail(ErrorKind::invalid, "{} ids from {} on are not a block of producer ids", count,
                    first);
    }
    const std::int64_t known_end = std::max(current_.end, following_.end);
    if (begin < known_end) {
        return fail(ErrorKind::invalid,
                    "the block of producer ids from {} on overlaps an earlier block, which ends at "
                    "{} (exclusive)",
                    first, known_end);
    }
    const Block block{.next = begin, .end = begin + count, .size = count};
    (current_.left() == 0 ? current_ : following_) = block;
    return {};
}

std::optional<ProducerId> ProducerIdBlocks::take() {
    if (current_.left() == 0 && following_.left() > 0) {
        current_ = std::exchange(following_, Block());
    }
    if (current_.left() == 0) {
        return std::nullopt;
    }
    return ProducerId(current_.next++);
}

bool ProducerIdBlocks::is_low() const {
    constexpr std::int64_t kPart = 10;
    return following_.left() == 0 && current_.left() <= current_.size / kPart;
}

}  // namespace hw::broker
