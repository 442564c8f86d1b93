#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "tools/client/partition_io.h"

namespace hw::client {

/// Which offsets a member of a group commits, and when: about once a second, those of the
/// partitions whose records it has handed on since. Does no I/O and reads no clock. Used by one
/// thread.
class CommitSchedule {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr Milliseconds kInterval{1000};

    /// Forgets all partitions: they are no longer the member's.
    void clear() { parts_.clear(); }
    /// The member reads on at these positions, or has handed on all records before them.
    void reached(const std::vector<Position>& positions);
    /// These are committed.
    void committed(const std::vector<Position>& positions, TimePoint now);
    /// The group had committed that before the member read on.
    void had_committed(const Position& position) {
        parts_[position.partition].committed = position.next_offset;
    }

    /// What is to be committed.
    [[nodiscard]] std::vector<Position> uncommitted() const;
    /// Whether the time for it has come.
    [[nodiscard]] bool is_due(TimePoint now) const { return now >= due_at_; }

private:
    struct Part {
        Offset reached = kNoOffset;
        std::optional<Offset> committed;
    };

    std::map<PartitionIndex, Part> parts_;
    TimePoint due_at_;
};

}  // namespace hw::client
