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

/// An open file. Shared by all who still read it: unlinking it takes nothing from them.
///
/// Reads, writes and truncation may be called from any shard, one call at a time for overlapping
/// ranges; `sync` only where blocking is allowed (Disk::run_blocking). Errors: io, no_space.
class File {
public:
    using Done = std::move_only_function<void(Result<void>)>;

    virtual ~File() = default;

    /// Writes all slices from `position` on. `done` is called once, on the caller's shard, maybe
    /// before this returns: bytes then survive the end of the process, not yet of the machine. The
    /// slices live until then. After an error the range holds anything.
    virtual void write_at(std::uint64_t position, std::span<const ByteView> slices, Done done) = 0;
    /// The same for few bytes of bookkeeping (indexes, snapshots, checkpoints): done when it
    /// returns.
    [[nodiscard]] virtual Result<void> write_now(std::uint64_t position, ByteView bytes) = 0;
    /// Reads until `into` is full or the file ends; returns how many bytes.
    [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t position,
                                                      MutableBytes into) = 0;
    [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
    /// Cuts or extends (with zeroes) the file.
    [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
    /// Puts contents and size on stable storage. After one error no later success means anything:
    /// the directory must go offline. Blocks.
    [[nodiscard]] virtual Result<void> sync() = 0;
};

/// Held as long as it lives; the operating system frees it when the process ends.
class FileLock {
public:
    virtual ~FileLock() = default;
};

enum class OpenMode : std::uint8_t {
    read,        ///< must exist
    write,       ///< read and write; must exist
    create,      ///< read and write; made if missing, kept if not
    create_new,  ///< read and write; must not exist
};

/// How work that may block ended: by itself, or given up because it hangs. What work that was given
/// up uses still belongs to it alone.
enum class BlockingEnd : std::uint8_t { done, abandoned };
using BlockingDone = std::move_only_function<void(BlockingEnd)>;

/// Of the blocking work of one data directory. It hangs when something is pending for long and
/// nothing ends.
struct BlockingProgress {
    std::size_t pending = 0;
    std::uint64_t ended = 0;  ///< so far
};

/// What is told of work that was abandoned.
[[nodiscard]] inline Error abandoned_error(const std::string& directory) {
    return {ErrorKind::io, "data directory " + directory +
                               " hangs: an operation on its disk does not end, and is not waited "
                               "for any longer"};
}

struct DirectoryEntry {
    std::string name;
    bool is_directory = false;
};

/// Port: the only way to files. POSIX in storage/posix_disk, a model with faults in test/sim. Paths
/// are absolute, or relative to the working directory. Names made, changed or removed are on stable
/// storage after sync_directory of the directory they are in. Errors: not_found, exists,
/// permission, no_space, limit (of open files), io.
class Disk {
public:
    virtual ~Disk() = default;

    [[nodiscard]] virtual Result<std::shared_ptr<File>> open(const std::string& path,
                                                             OpenMode mode) = 0;
    /// In order of their names.
    [[nodiscard]] virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
    [[nodiscard]] virtual Result<bool> exists(const std::string& path) = 0;
    /// The absolute path of what is there, without links, `.` and `..`: two names of one directory
    /// have the same.
    [[nodiscard]] virtual Result<std::string> real_path(const std::string& path) = 0;
    /// With all missing parents; success when it is there already.
    [[nodiscard]] virtual Result<void> make_directories(const std::string& path) = 0;
    /// Replaces a file that has the new name; a directory only where none has it.
    [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    [[nodiscard]] virtual Result<void> remove_file(const std::string& path) = 0;
    /// With everything in it.
    [[nodiscard]] virtual Result<void> remove_tree(const std::string& path) = 0;
    [[nodiscard]] virtual Result<void> sync_directory(const std::string& path) = 0;
    /// Makes the file if missing and locks it (flock) against other processes and other openers of
    /// this one. Errors: busy.
    [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;

    /// Runs `work` where it may block, then `done` on `shard`. Works may overlap and end in any
    /// order; each data directory has threads of its own, so that one whose disk hangs holds up no
    /// other. What `work` touches is nobody else's until `done`, and for ever when it is abandoned:
    /// it owns what it uses, or what it uses outlives the disk.
    virtual void run_blocking(const std::string& directory, Shard& shard,
                              std::move_only_function<void()> work, BlockingDone done) = 0;
    [[nodiscard]] virtual BlockingProgress progress(const std::string& directory) = 0;
    /// Gives up the works of that directory that have not ended, and every later one.
    virtual void abandon(const std::string& directory) = 0;
};

}  // namespace hw::storage
