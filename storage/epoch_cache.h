#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"

namespace hw::storage {

/// A leader epoch and the offset of the first batch that a leader of it appended.
struct EpochStart {
    LeaderEpoch epoch;
    Offset start_offset;

    bool operator==(const EpochStart&) const = default;
};

/// Where an epoch ends in a log: the largest epoch not above the one asked for, and the offset
/// after its last record. No epoch: kNoLeaderEpoch and kNoOffset.
struct EpochEnd {
    LeaderEpoch epoch = kNoLeaderEpoch;
    Offset end_offset = kNoOffset;

    bool operator==(const EpochEnd&) const = default;
};

/// Which leader wrote what (KIP-101, KIP-279): epochs and start offsets, both strictly rising.
/// A value; owned by a log and entered with it.
class EpochCache {
public:
    /// A batch of `epoch` stands at `offset`, the end of the log. An epoch that is not above the
    /// last changes nothing. True when it is a new one.
    bool assign(LeaderEpoch epoch, Offset offset);
    /// Forgets the epochs that start at `end_offset` or later. True when there were any.
    bool truncate_from_end(Offset end_offset);
    /// Forgets what lies before `start_offset`; the epoch that it falls into starts there now.
    void truncate_from_start(Offset start_offset);
    void clear() { entries_.clear(); }

    /// For OffsetForLeaderEpoch and divergence checks, as in Kafka: the latest epoch ends at
    /// `log_end_offset`, an epoch below all known ones ends where the first of them starts, one
    /// above all has no end.
    [[nodiscard]] EpochEnd end_offset_for(LeaderEpoch epoch, Offset log_end_offset) const;
    /// Of the batch at `offset`; none before the first known epoch.
    [[nodiscard]] std::optional<LeaderEpoch> epoch_at(Offset offset) const;
    [[nodiscard]] std::optional<EpochStart> latest() const;
    [[nodiscard]] const std::vector<EpochStart>& entries() const { return entries_; }

    bool operator==(const EpochCache&) const = default;

private:
    std::vector<EpochStart> entries_;
};

/// Why a batch cannot be in a log with these epochs; none if it can, or if nothing is known of its
/// offset. No checksum covers the leader epoch of a batch.
[[nodiscard]] std::optional<std::string> epoch_objection(const record::BatchHeader& batch,
                                                         const EpochCache& epochs);

inline constexpr const char* kEpochFile = "leader-epoch-checkpoint";

/// The file in a log's folder: version `0`, number of entries, then `<epoch> <start offset>`.
/// Errors: corrupt (also when epochs or offsets do not rise), with path and line.
[[nodiscard]] Result<EpochCache> parse_epoch_checkpoint(std::string_view text,
                                                        std::string_view path);
[[nodiscard]] std::string format_epoch_checkpoint(const EpochCache& epochs);

}  // namespace hw::storage
