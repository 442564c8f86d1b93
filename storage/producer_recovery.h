#pragma once

#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/producer_table.h"

namespace hw::storage {

/// The recovered producers of a log, and the offset of the snapshot they began with (0: none).
struct RecoveredProducers {
    ProducerTable producers;
    Offset snapshot_offset{0};
};

/// Loads the newest snapshot at or before `end_offset` and replays the batches from there on.
/// Corrupt and unsupported snapshots are skipped. The segments in `folder` must be sound and end at
/// `end_offset`. Blocks. Errors: io, corrupt.
[[nodiscard]] Result<RecoveredProducers> recover_producers(Disk& disk, const std::string& folder,
                                                           Offset end_offset);

}  // namespace hw::storage
