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

/// What a scan of the end of a log works on.
struct RecoveryScan {
    Disk* disk = nullptr;
    std::string folder;
    Offset recovery_point;
    Logger logger;
    std::vector<Segment>* segments = nullptr;
    EpochCache* epochs = nullptr;  ///< of what lies before the first scanned segment
    EpochCache known_epochs = {};  ///< of all below the recovery point; empty: not known
};

/// Checks all batches of the segments from `first` on, makes their indexes and epochs anew, and
/// cuts the log at the first bad batch as log_loader.h says. Everything scanned is synced, then
/// the folder. Errors: corrupt (damage), io, no_space.
[[nodiscard]] Result<void> scan_segments(const RecoveryScan& scan, std::size_t first);

}  // namespace hw::storage
