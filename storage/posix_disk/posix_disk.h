#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/disk.h"
#include "storage/posix_disk/blocking_threads.h"

namespace hw::storage {

/// Disk implementation over POSIX files, with threads for blocking work.
///
/// Owned by the process and outlives all its users; any thread. Its mutex guards only the table of
/// threads.
class PosixDisk final : public Disk {
public:
    /// Threads per directory: enough for two overlapping syncs, a producer snapshot, two creations
    /// of logs and a removal, so that records do not wait while topics are created.
    static constexpr std::size_t kThreads = 6;
    /// Threads per directory for reads of what is not in memory.
    static constexpr std::size_t kReadThreads = 2;

    PosixDisk() = default;
    /// Waits for the queued work, except that of abandoned directories.
    ~PosixDisk() override = default;
    PosixDisk(const PosixDisk&) = delete;
    PosixDisk& operator=(const PosixDisk&) = delete;

    Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) override;
    Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
    Result<bool> exists(const std::string& path) override;
    Result<std::string> real_path(const std::string& path) override;
    Result<void> make_directories(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove_file(const std::string& path) override;
    Result<void> remove_tree(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
    void run_blocking(const std::string& directory, Shard& shard,
                      std::move_only_function<void()> work, BlockingDone done) override;
    void run_read(const std::string& directory, Shard& shard, std::move_only_function<void()> work,
                  BlockingDone done) override;
    [[nodiscard]] BlockingProgress progress(const std::string& directory) override;
    void abandon(const std::string& directory) override;

private:
    struct Threads {
        BlockingThreads work{kThreads};
        BlockingThreads reads{kReadThreads};
    };

    [[nodiscard]] Threads& threads_of(const std::string& directory);

    std::mutex mutex_;
    /// One per data directory, created at its first work.
    std::map<std::string, Threads> threads_;
};

}  // namespace hw::storage
