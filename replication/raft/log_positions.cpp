#include "replication/raft/log_positions.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::replication {

LogPositions::LogPositions(storage::EpochCache epochs, Offset end_offset)
    : epochs_(std::move(epochs)), end_offset_(end_offset), durable_end_(end_offset) {}

void LogPositions::add(LeaderEpoch epoch, Offset end_offset) {
    HW_ASSERT(!truncating_);
    HW_ASSERT(end_offset > end_offset_);
    HW_ASSERT(epoch >= end().epoch);
    epochs_.assign(epoch, end_offset_);
    end_offset_ = end_offset;
}

void LogPositions::set_durable(Offset end_offset) {
    HW_ASSERT(end_offset <= end_offset_);
    durable_end_ = std::max(durable_end_, end_offset);
}

void LogPositions::begin_truncation(Offset end_offset) {
    HW_ASSERT(is_settled());
    HW_ASSERT(end_offset < end_offset_);
    epochs_.truncate_from_end(end_offset);
    end_offset_ = end_offset;
    durable_end_ = end_offset;
    truncating_ = true;
}

void LogPositions::end_truncation(Offset end_offset) {
    HW_ASSERT(end_offset <= end_offset_);
    epochs_.truncate_from_end(end_offset);
    end_offset_ = end_offset;
    durable_end_ = end_offset;
    truncating_ = false;
}

LogEnd LogPositions::end() const {
    const auto latest = epochs_.latest();
    return {.epoch = latest ? latest->epoch : LeaderEpoch(0), .end_offset = end_offset_};
}

LogEnd LogPositions::end_of(LeaderEpoch epoch) const {
    const storage::EpochEnd found = epochs_.end_offset_for(epoch, end_offset_);
    return found.epoch == kNoLeaderEpoch
               ? end()
               : LogEnd{.epoch = found.epoch, .end_offset = found.end_offset};
}

Offset LogPositions::truncation_offset(const LogEnd& diverging) const {
    const LogEnd own = end_of(diverging.epoch);
    return own.epoch == diverging.epoch ? std::min(own.end_offset, diverging.end_offset)
                                        : own.end_offset;
}

}  // namespace hw::replication
