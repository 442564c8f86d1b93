#pragma once

#include <cstdint>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/log.h"
#include "storage/segment.h"

namespace hw::storage {

/// How the process before this one ended.
enum class Shutdown : std::uint8_t { clean, unclean };

struct LoadRequest {
    Disk* disk = nullptr;
    std::string folder;  ///< exists
    LogOptions options;
    Shutdown shutdown = Shutdown::unclean;
    Offset recovery_point{0};    ///< everything below was on stable storage
    Offset log_start_offset{0};  ///< from the checkpoint; 0: the first segment
    Logger logger;
};

/// Opens the log in a folder, Kafka's or ours. Blocks; touches nothing but that folder.
///
/// After a clean stop the files are taken as they are. Otherwise all batches of the segments from
/// the one with the recovery point on are checked (length, CRC, offsets and epochs that rise, no
/// gap between segments). The first bad one ends the log when it lies at or behind the recovery
/// point: it and all that follows is cut, with a warning that names file, offset and bytes, and
/// what is left is written once more, because a sync may have failed, and synced. Before the
/// recovery point it is damage, and the log is not opened: it was on stable storage, and a replica
/// may have it. So is a log that ends before it.
///
/// Missing or wrong indexes and epochs are made anew from the log, producers are read from the
/// newest snapshot and replayed. `.deleted`, `.cleaned` and `.tmp` files are removed, and those of
/// an index without a segment. An empty folder becomes an empty log at the log start offset.
///
/// Errors: corrupt (with file and position), unsupported (an unfinished `.swap`), io, no_space.
[[nodiscard]] Result<LogContents> load_log(const LoadRequest& request);

}  // namespace hw::storage
