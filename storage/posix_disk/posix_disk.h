#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/disk.h"

namespace hw::storage {

/// Files of the operating system, and the threads on which what blocks is run.
///
/// Owned by the process, outlives all that uses it; any thread. Its mutex guards the queue of
/// blocking work only. The queue's length is bounded by its users: each waits for its work.
class PosixDisk final : public Disk {
public:
    /// Threads by default: fsyncs overlap, and one long unlink holds nobody up.
    static constexpr std::size_t kThreads = 2;

    explicit PosixDisk(std::size_t threads = kThreads);
    /// Ends after the work that is queued.
    ~PosixDisk() override;
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
    void run_blocking(Shard& shard, std::move_only_function<void()> work,
                      std::move_only_function<void()> done) override;

private:
    struct Job {
        Shard* shard;
        std::move_only_function<void()> work;
        std::move_only_function<void()> done;
    };

    void run_jobs();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace hw::storage
