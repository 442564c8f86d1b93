#include "tools/client/commit_schedule.h"

namespace hw::client {

void CommitSchedule::reached(const std::vector<Position>& positions) {
    for (const Position& position : positions) {
        parts_[position.partition].reached = position.next_offset;
    }
}

void CommitSchedule::committed(const std::vector<Position>& positions, TimePoint now) {
    for (const Position& position : positions) {
        parts_[position.partition].committed = position.next_offset;
    }
    due_at_ = now + kInterval;
}

std::vector<Position> CommitSchedule::uncommitted() const {
    std::vector<Position> positions;
    for (const auto& [partition, part] : parts_) {
        if (part.reached != kNoOffset && part.committed != part.reached) {
            positions.push_back({partition, part.reached});
        }
    }
    return positions;
}

}  // namespace hw::client
