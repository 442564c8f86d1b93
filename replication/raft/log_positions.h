#pragma once

#include <compare>

#include "protocol/base/ids.h"
#include "storage/epoch_cache.h"

namespace hw::replication {

/// The end of a log: the offset after its last record, and the epoch of that record. An empty log
/// ends at offset 0 in epoch 0.
struct LogEnd {
    LeaderEpoch epoch{0};
    Offset end_offset{0};

    /// Orders logs by the epoch first: of two logs of voters the greater one has all records that
    /// are committed (Raft 5.4.1).
    auto operator<=>(const LogEnd&) const = default;
};

/// What the raft core knows of this node's log: where it ends, up to where it is durable, and where
/// its epochs begin. Records count from the moment they are staged.
class LogPositions {
public:
    LogPositions() = default;
    /// A log that was opened from disk: all of it is durable.
    LogPositions(storage::EpochCache epochs, Offset end_offset);

    /// Records of `epoch` up to `end_offset` were added to the end.
    void add(LeaderEpoch epoch, Offset end_offset);
    void set_durable(Offset end_offset);
    /// Everything from `end_offset` on is being removed, until end_truncation. That may have
    /// removed a little more, because it removes whole batches.
    void begin_truncation(Offset end_offset);
    void end_truncation(Offset end_offset);

    [[nodiscard]] LogEnd end() const;
    [[nodiscard]] Offset durable_end_offset() const { return durable_end_; }
    [[nodiscard]] bool is_truncating() const { return truncating_; }
    /// True if all records are durable and nothing is being removed. Only then may the node fetch:
    /// a fetch tells the leader that everything below its offset is durable here.
    [[nodiscard]] bool is_settled() const { return !truncating_ && durable_end_ == end_offset_; }
    /// The end of the newest epoch that is not above `epoch`. If `epoch` is above all epochs, or
    /// the log has none, this is the end of the log.
    [[nodiscard]] LogEnd end_of(LeaderEpoch epoch) const;
    /// Where a follower has to cut its log, given the leader's answer `diverging`: the end of the
    /// newest epoch that both may have (KIP-279).
    [[nodiscard]] Offset truncation_offset(const LogEnd& diverging) const;

    [[nodiscard]] const storage::EpochCache& epochs() const { return epochs_; }

    bool operator==(const LogPositions&) const = default;

private:
    storage::EpochCache epochs_;
    Offset end_offset_{0};
    Offset durable_end_{0};
    bool truncating_ = false;
};

}  // namespace hw::replication
