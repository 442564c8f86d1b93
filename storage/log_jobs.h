#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/producer_pages.h"
#include "storage/producer_recovery.h"
#include "storage/segment.h"

namespace hw::storage {

/// What a sync proves when it ends well: the log up to `end_offset`, unless it was truncated since.
struct SyncTicket {
    Offset end_offset;
    std::int64_t truncations = 0;
};

/// One producer snapshot of a log, apart from the log: written and synced under a draft's name
/// where blocking is allowed, then given back. The log gives it its name, unless it was truncated
/// since: a snapshot of records that are gone would be believed when the log is that long again.
struct SnapshotJob {
    Disk* disk = nullptr;
    std::string folder;
    SyncTicket ticket;  ///< the snapshot is of the log up to `end_offset`
    ProducerView producers;

    [[nodiscard]] std::string draft_path() const;
    [[nodiscard]] std::string path() const;
    /// Errors: io, no_space.
    [[nodiscard]] Result<void> run() const;
};

/// One sync of a log, apart from the log: run where blocking is allowed, its ticket given back to
/// the log. Holds the descriptors that wrote, so that none with unsynced bytes is closed.
struct SyncJob {
    Disk* disk = nullptr;
    std::string folder;
    SyncTicket ticket;
    bool sync_folder = false;  ///< files were made in it
    std::vector<std::shared_ptr<File>> files;
    std::optional<std::string> epochs;  ///< the new leader-epoch-checkpoint
    /// To be run by itself when the sync has ended: it may be large, and nobody waits for it.
    std::optional<SnapshotJob> snapshot;

    /// Folder first: nothing in a file counts before its entry does. Errors: io, no_space.
    [[nodiscard]] Result<void> run() const;
};

/// One truncation of a log, apart from the log: run where blocking is allowed, then given back. The
/// recovery point in the checkpoint must be at or below `recovery_point` and on stable storage
/// before it runs.
struct TruncationJob {
    Disk* disk = nullptr;
    std::string folder;
    Offset recovery_point;
    std::int64_t truncations = 0;  ///< of the log, this one included
    Offset new_end;
    std::optional<Segment> active;  ///< becomes the last segment; none: there is nothing to do
    std::optional<std::uint64_t> cut_position;  ///< where it is cut; none: made anew, all else goes
    RecoveredProducers producers;               ///< filled by `run`

    /// Removes, cuts, syncs the file, then the folder; reads the producers of what is left.
    /// Errors: io, corrupt.
    [[nodiscard]] Result<void> run();
};

}  // namespace hw::storage
