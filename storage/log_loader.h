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

/// How the previous broker process ended.
enum class Shutdown : std::uint8_t { clean, unclean };

struct LoadRequest {
    Disk* disk = nullptr;
    std::string folder;  ///< must exist
    LogOptions options;
    Shutdown shutdown = Shutdown::unclean;
    Offset recovery_point{0};    ///< all records below were on stable storage
    Offset log_start_offset{0};  ///< from the checkpoint; 0: start of the first segment
    Logger logger;
};

/// Opens the log in a folder that Kafka or we wrote. Blocks; changes nothing outside that folder.
///
/// After a clean stop batches are not scanned. Otherwise recovery checks all batches of the segment
/// that holds the last record below the recovery point, and of all segments after it: length, CRC,
/// rising offsets and epochs, no gap between segments. A bad batch at or after the recovery point
/// ends the log: it and everything after it is cut, with a warning that names file, offset and
/// bytes. The batches that are left from the recovery point on are written again and synced,
/// because an earlier sync of them may have failed. A bad batch below the recovery point is damage
/// of data that was on stable storage: the log is not opened, because a replica may have the data.
/// The same holds for a log that ends below its recovery point.
///
/// Missing or wrong indexes and epochs are rebuilt from the log. Producers come from the newest
/// snapshot and a replay. `.deleted`, `.cleaned` and `.tmp` files and indexes without a segment are
/// removed. An empty folder becomes an empty log at the log start offset.
///
/// Errors: corrupt (with file and position), unsupported (an unfinished `.swap`), io, no_space.
[[nodiscard]] Result<LogContents> load_log(const LoadRequest& request);

}  // namespace hw::storage
