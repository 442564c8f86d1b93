#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/base/result.h"
#include "storage/epoch_cache.h"
#include "storage/segment.h"

namespace hw::storage {

/// Input and output of a recovery scan.
struct RecoveryScan {
    Disk* disk = nullptr;
    std::string folder;
    Offset recovery_point;
    Logger logger;
    std::vector<Segment>* segments = nullptr;
    EpochCache* epochs = nullptr;  ///< in: those before the first scanned segment; out: all
    EpochCache known_epochs = {};  ///< epochs below the recovery point; empty: not known
};

/// Checks all batches of the segments from `first` on, rebuilds their indexes and epochs, and cuts
/// the log at the first bad batch by the rules of load_log. The scanned segments are synced; the
/// caller syncs the folder. Errors: corrupt (damage), io, no_space.
[[nodiscard]] Result<void> scan_segments(const RecoveryScan& scan, std::size_t first);

}  // namespace hw::storage
