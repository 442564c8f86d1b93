#pragma once

#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/producer_table.h"

namespace hw::storage {

/// The producers of a log, and the offset of its newest snapshot (0: none).
struct RecoveredProducers {
    ProducerTable producers;
    Offset snapshot_offset{0};
};

/// Reads the newest good snapshot at or before `end_offset` and replays the batches between it and
/// there; snapshots that cannot be read are passed over. The segments in `folder` end at
/// `end_offset` and are sound. Blocks. Errors: io, corrupt.
[[nodiscard]] Result<RecoveredProducers> recover_producers(Disk& disk, const std::string& folder,
                                                           Offset end_offset);

}  // namespace hw::storage
