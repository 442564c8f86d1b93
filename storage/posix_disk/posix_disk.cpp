#include "storage/posix_disk/posix_disk.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "storage/posix_disk/posix_file.h"

namespace hw::storage {
namespace {

constexpr mode_t kFileMode = 0644;

/// Owns the descriptor with the flock.
class PosixLock final : public FileLock {
public:
    explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
    ~PosixLock() override { ::close(descriptor_); }
    PosixLock(const PosixLock&) = delete;
    PosixLock& operator=(const PosixLock&) = delete;

private:
    int descriptor_;
};

int flags_of(OpenMode mode) {
    switch (mode) {
        case OpenMode::read:
            return O_RDONLY;
        case OpenMode::write:
            return O_RDWR;
        case OpenMode::create:
            return O_RDWR | O_CREAT;
        case OpenMode::create_new:
            return O_RDWR | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

std::unexpected<Error> last_error(const char* what, const std::string& path) {
    return std::unexpected(system_error(errno, std::string(what) + " " + path));
}

Result<void> check(const std::error_code& code, const char* what, const std::string& path) {
    if (code) {
        return std::unexpected(system_error(code.value(), std::string(what) + " " + path));
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<File>> PosixDisk::open(const std::string& path, OpenMode mode) {
    const int descriptor = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, kFileMode);
    if (descriptor < 0) {
        return last_error("open", path);
    }
    return std::make_shared<PosixFile>(descriptor, path);
}

Result<std::vector<DirectoryEntry>> PosixDisk::list(const std::string& path) {
    std::error_code code;
    std::vector<DirectoryEntry> entries;
    std::filesystem::directory_iterator iterator(path, code);
    while (!code && iterator != std::filesystem::directory_iterator()) {
        const bool is_directory = iterator->is_directory(code);
        entries.push_back({iterator->path().filename().string(), is_directory});
        iterator.increment(code);
    }
    if (code) {
        return std::unexpected(system_error(code.value(), "list " + path));
    }
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
}

Result<bool> PosixDisk::exists(const std::string& path) {
    std::error_code code;
    const bool found = std::filesystem::exists(path, code);
    if (code) {
        return std::unexpected(system_error(code.value(), "stat " + path));
    }
    return found;
}

Result<std::string> PosixDisk::real_path(const std::string& path) {
    std::error_code code;
    const std::filesystem::path real = std::filesystem::canonical(path, code);
    if (code) {
        return std::unexpected(system_error(code.value(), "realpath " + path));
    }
    return real.string();
}

Result<void> PosixDisk::make_directories(const std::string& path) {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    return check(code, "mkdir", path);
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return last_error("rename", from + " to " + to);
    }
    return {};
}

Result<void> PosixDisk::remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0) {
        return last_error("unlink", path);
    }
    return {};
}

Result<void> PosixDisk::remove_tree(const std::string& path) {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    return check(code, "remove", path);
}

Result<void> PosixDisk::sync_directory(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return last_error("open", path);
    }
    const int status = ::fsync(descriptor);
    const int number = errno;
    ::close(descriptor);
    if (status != 0) {
        return std::unexpected(system_error(number, "sync " + path));
    }
    return {};
}

Result<std::unique_ptr<FileLock>> PosixDisk::lock(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
    if (descriptor < 0) {
        return last_error("open", path);
    }
    auto lock = std::make_unique<PosixLock>(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        const int number = errno;
        Error error = system_error(number, "lock " + path);
        error.kind = number == EWOULDBLOCK ? ErrorKind::busy : error.kind;
        return std::unexpected(std::move(error));
    }
    return lock;
}

PosixDisk::Threads& PosixDisk::threads_of(const std::string& directory) {
    const std::lock_guard lock(mutex_);
    return threads_[directory];
}

void PosixDisk::run_blocking(const std::string& directory, Shard& shard,
                             std::move_only_function<void()> work, BlockingDone done) {
    threads_of(directory).work.run(shard, std::move(work), std::move(done));
}

void PosixDisk::run_read(const std::string& directory, Shard& shard,
                         std::move_only_function<void()> work, BlockingDone done) {
    threads_of(directory).reads.run(shard, std::move(work), std::move(done));
}

BlockingProgress PosixDisk::progress(const std::string& directory) {
    Threads& threads = threads_of(directory);
    const BlockingProgress work = threads.work.progress();
    const BlockingProgress reads = threads.reads.progress();
    return {work.pending + reads.pending, work.ended + reads.ended};
}

void PosixDisk::abandon(const std::string& directory) {
    Threads& threads = threads_of(directory);
    threads.work.abandon();
    threads.reads.abandon();
}

}  // namespace hw::storage
