#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/base/shard.h"

namespace hw::storage {

/// An open file. It is shared: readers keep their access after it was unlinked.
///
/// Reads, writes and truncation may be called from any shard, one call at a time for overlapping
/// ranges; `sync` only where blocking is allowed (Disk::run_blocking). Errors: io, no_space.
class File {
public:
    using Done = std::move_only_function<void(Result<void>)>;

    virtual ~File() = default;

    /// Writes all slices from `position` on. `done` is called once, on the caller's shard, possibly
    /// before this returns. From then on the bytes survive a crash of the process; a crash of the
    /// machine only after `sync`. The slices must live until `done`. After an error the contents of
    /// the range are undefined.
    virtual void write_at(std::uint64_t position, std::span<const ByteView> slices, Done done) = 0;
    /// Synchronous form, for bookkeeping (indexes, snapshots, checkpoints) and recovery.
    [[nodiscard]] virtual Result<void> write_now(std::uint64_t position, ByteView bytes) = 0;
    /// Reads until `into` is full or the file ends; returns the number of bytes.
    [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t position,
                                                      MutableBytes into) = 0;
    /// The same, but never waits for the disk. Errors: also would_block, if some of the bytes are
    /// not in memory, or the file system cannot tell.
    [[nodiscard]] virtual Result<std::size_t> read_cached(std::uint64_t position,
                                                          MutableBytes into) = 0;
    [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
    /// Cuts or extends (with zeroes) the file.
    [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
    /// Puts contents and size on stable storage. After a failed sync a later success proves
    /// nothing, so the directory must go offline. Blocks.
    [[nodiscard]] virtual Result<void> sync() = 0;
    /// The path that it was opened with, for messages.
    [[nodiscard]] virtual const std::string& path() const = 0;
};

/// Whether a read may wait for the disk. If not, it fails with would_block.
enum class ReadMode : std::uint8_t { blocking, cached };

[[nodiscard]] inline Result<std::size_t> read_file(File& file, ReadMode mode,
                                                   std::uint64_t position, MutableBytes into) {
    return mode == ReadMode::blocking ? file.read_at(position, into)
                                      : file.read_cached(position, into);
}

/// The error of a read that would have to wait. It has no message, because the read is repeated in
/// blocking mode.
[[nodiscard]] inline std::unexpected<Error> would_block() {
    return std::unexpected(Error{ErrorKind::would_block, {}});
}

/// A lock on a file, held for the lifetime of this object; the operating system releases it when
/// the process ends.
class FileLock {
public:
    virtual ~FileLock() = default;
};

enum class OpenMode : std::uint8_t {
    read,        ///< must exist
    write,       ///< read and write; must exist
    create,      ///< read and write; created if missing
    create_new,  ///< read and write; must not exist
};

/// How blocking work ended: it finished, or it was abandoned because it hangs. Abandoned work may
/// still run, so it must own the objects that it uses, or they must outlive the disk.
enum class BlockingEnd : std::uint8_t { done, abandoned };
using BlockingDone = std::move_only_function<void(BlockingEnd)>;

/// Progress of the blocking work of one data directory. The disk hangs if work stays pending for
/// long and none of it ends.
struct BlockingProgress {
    std::size_t pending = 0;
    std::uint64_t ended = 0;  ///< so far
};

/// The error that callers of abandoned work get.
[[nodiscard]] inline Error abandoned_error(const std::string& directory) {
    return {ErrorKind::io, "data directory " + directory +
                               " hangs: an operation on its disk does not finish, and the broker "
                               "no longer waits for it"};
}

struct DirectoryEntry {
    std::string name;
    bool is_directory = false;
};

/// Port: all access to files. Implemented over POSIX in storage/posix_disk, and as a model with
/// faults in test/sim. Paths are absolute, or relative to the working directory. A name that was
/// created, changed or removed is on stable storage after sync_directory of its directory. Errors:
/// not_found, exists, permission, no_space, limit (of open files), io.
class Disk {
public:
    virtual ~Disk() = default;

    [[nodiscard]] virtual Result<std::shared_ptr<File>> open(const std::string& path,
                                                             OpenMode mode) = 0;
    /// Sorted by name.
    [[nodiscard]] virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
    [[nodiscard]] virtual Result<bool> exists(const std::string& path) = 0;
    /// The absolute path without links, `.` and `..`: equal for two names of the same directory.
    [[nodiscard]] virtual Result<std::string> real_path(const std::string& path) = 0;
    /// Creates missing parents too; succeeds if the directory exists already.
    [[nodiscard]] virtual Result<void> make_directories(const std::string& path) = 0;
    /// A file that already has the new name is replaced. A directory is renamed only if the new
    /// name is free.
    [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    [[nodiscard]] virtual Result<void> remove_file(const std::string& path) = 0;
    /// Removes a directory with everything in it.
    [[nodiscard]] virtual Result<void> remove_tree(const std::string& path) = 0;
    [[nodiscard]] virtual Result<void> sync_directory(const std::string& path) = 0;
    /// Creates the file if missing and locks it (flock) against other processes, and against other
    /// locks by this process. Errors: busy.
    [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;

    /// Runs `work` on a thread that may block, then `done` on `shard`. Several work items may
    /// overlap and end in any order. Each data directory has its own threads, so that a hung disk
    /// does not delay the others. `work` may run for ever if it is abandoned, so it must own the
    /// objects that it uses, or they must outlive the disk. Until `done` no other code may use
    /// them.
    virtual void run_blocking(const std::string& directory, Shard& shard,
                              std::move_only_function<void()> work, BlockingDone done) = 0;
    /// The same for reads, on threads of their own: a queue of slow reads must not delay syncs.
    virtual void run_read(const std::string& directory, Shard& shard,
                          std::move_only_function<void()> work, BlockingDone done) = 0;
    /// Of all blocking work, including reads.
    [[nodiscard]] virtual BlockingProgress progress(const std::string& directory) = 0;
    /// Abandons all unfinished and all later work of that directory.
    virtual void abandon(const std::string& directory) = 0;
};

}  // namespace hw::storage
