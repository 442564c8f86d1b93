#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"

namespace hw::storage {

/// A leader epoch and the offset of its first batch.
struct EpochStart {
    LeaderEpoch epoch;
    Offset start_offset;

    bool operator==(const EpochStart&) const = default;
};

/// Answer to the question where an epoch ends in a log: the largest epoch not above the requested
/// one, and the offset after its last record. If there is none: kNoLeaderEpoch and kNoOffset.
struct EpochEnd {
    LeaderEpoch epoch = kNoLeaderEpoch;
    Offset end_offset = kNoOffset;

    bool operator==(const EpochEnd&) const = default;
};

/// The leader epochs of a log and their start offsets, both strictly rising (KIP-101, KIP-279).
/// A value, owned by a log and entered with it. Copies share the entries until one is changed, so
/// a copy costs little and may be used on another thread.
class EpochCache {
public:
    EpochCache() = default;
    /// Epochs and start offsets must rise strictly.
    explicit EpochCache(std::vector<EpochStart> entries) { replace(std::move(entries)); }

    /// Notes that a batch of `epoch` was appended at `offset`. Changes nothing if the epoch is not
    /// above the latest one. True if the epoch is new.
    bool assign(LeaderEpoch epoch, Offset offset);
    /// Removes the epochs that start at `end_offset` or later. True if there were any.
    bool truncate_from_end(Offset end_offset);
    /// Removes the epochs that end at or before `start_offset`; the one that contains it now starts
    /// there.
    void truncate_from_start(Offset start_offset);
    void clear() { entries_.reset(); }

    /// For OffsetForLeaderEpoch and divergence checks, as in Kafka. The latest epoch ends at
    /// `log_end_offset`. An epoch below all known ones ends where the first of them starts. An
    /// epoch above all known ones has no end.
    [[nodiscard]] EpochEnd end_offset_for(LeaderEpoch epoch, Offset log_end_offset) const;
    /// The epoch of the batch at `offset`; none before the first known epoch.
    [[nodiscard]] std::optional<LeaderEpoch> epoch_at(Offset offset) const;
    [[nodiscard]] std::optional<EpochStart> latest() const;
    [[nodiscard]] const std::vector<EpochStart>& entries() const;

    bool operator==(const EpochCache& other) const { return entries() == other.entries(); }

private:
    void replace(std::vector<EpochStart> entries);

    std::shared_ptr<const std::vector<EpochStart>> entries_;  ///< null: there are none
};

/// Why the leader epoch of a batch is wrong in a log with these epochs; none if it is right, or if
/// no epoch is known for its offset. No checksum covers the leader epoch of a batch.
[[nodiscard]] std::optional<std::string> epoch_problem(const record::BatchHeader& batch,
                                                       const EpochCache& epochs);

inline constexpr const char* kEpochFile = "leader-epoch-checkpoint";

/// Format of the file in a log's folder: version `0`, number of entries, then a line
/// `<epoch> <start offset>` for each. Errors: corrupt (also if epochs or offsets do not rise), with
/// path and line.
[[nodiscard]] Result<EpochCache> parse_epoch_checkpoint(std::string_view text,
                                                        std::string_view path);
[[nodiscard]] std::string format_epoch_checkpoint(const EpochCache& epochs);

}  // namespace hw::storage
