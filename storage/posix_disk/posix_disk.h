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

/// Files of the operating system, and the threads on which what blocks is run.
///
/// Owned by the process, outlives all that uses it; any thread. Its mutex guards the table of
/// threads only.
class PosixDisk final : public Disk {
public:
    /// Threads of a directory: two for syncs, which overlap, and one for what takes longer, such as
    /// an unlink or a snapshot of producers.
    static constexpr std::size_t kThreads = 3;

    PosixDisk() = default;
    /// Ends after the work that is queued, but does not wait for directories that were abandoned.
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
    [[nodiscard]] BlockingProgress progress(const std::string& directory) override;
    void abandon(const std::string& directory) override;

private:
    [[nodiscard]] BlockingThreads& threads_of(const std::string& directory);

    std::mutex mutex_;
    /// Made when a directory has work for the first time; as many as there are data directories.
    std::map<std::string, BlockingThreads> threads_;
};

}  // namespace hw::storage
