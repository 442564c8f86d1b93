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

/// What a successful sync proves: the log is durable up to `end_offset`, unless it was truncated
/// since the sync began.
struct SyncTicket {
    Offset end_offset;
    std::int64_t truncations = 0;
};

/// A job that writes one producer snapshot. It runs outside the log's guard, where blocking is
/// allowed, and writes and syncs a draft file. The log then renames the draft, unless it was
/// truncated since: a snapshot of removed records would be trusted once the log has grown back to
/// that offset.
struct SnapshotJob {
    Disk* disk = nullptr;
    std::string folder;
    SyncTicket ticket;  ///< the snapshot covers the log up to its `end_offset`
    ProducerView producers;

    [[nodiscard]] std::string draft_path() const;
    [[nodiscard]] std::string path() const;
    /// Errors: io, no_space.
    [[nodiscard]] Result<void> run() const;
};

/// A job that syncs one log. It runs outside the log's guard, where blocking is allowed; its ticket
/// is then given back to the log. It holds the descriptors that were written to, so that none with
/// unsynced bytes is closed.
struct SyncJob {
    Disk* disk = nullptr;
    std::string folder;
    SyncTicket ticket;
    bool sync_folder = false;  ///< files were created or renamed in it
    std::vector<std::shared_ptr<File>> files;
    std::optional<std::string> epochs;  ///< the new leader-epoch-checkpoint
    /// Run separately after the sync, because it may be large and no client waits for it.
    std::optional<SnapshotJob> snapshot;

    /// Syncs the folder first: a file without a durable directory entry is lost in a crash, with
    /// all that was synced in it. Errors: io, no_space.
    [[nodiscard]] Result<void> run() const;
};

/// A job that truncates one log. It runs outside the log's guard, where blocking is allowed, and is
/// then given back to the log. Before it runs, a checkpoint with a recovery point at or below
/// `recovery_point` must be on stable storage.
struct TruncationJob {
    Disk* disk = nullptr;
    std::string folder;
    Offset recovery_point;
    std::int64_t truncations = 0;  ///< truncations of the log so far, with this one
    Offset new_end;
    std::optional<Segment> active;  ///< becomes the last segment; none: nothing to do
    /// Where `active` is cut. None: all files are removed, and `active` is created empty.
    std::optional<std::uint64_t> cut_position;
    RecoveredProducers producers;  ///< filled by `run`

    /// Removes later files, cuts the active one, syncs it and the folder, then recovers the
    /// producers from the rest. Errors: io, corrupt.
    [[nodiscard]] Result<void> run();
};

}  // namespace hw::storage
