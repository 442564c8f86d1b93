#include "storage/posix_disk/posix_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace hw::storage {
namespace {

/// Slices per system call; Linux allows 1024.
constexpr std::size_t kMaxSlices = 512;

std::unexpected<Error> last_error(const char* what, const std::string& path) {
    return std::unexpected(system_error(errno, std::string(what) + " " + path));
}

}  // namespace

PosixFile::~PosixFile() {
    ::close(descriptor_);
}

Result<void> PosixFile::write(std::uint64_t position, std::span<const ByteView> slices) {
    std::array<iovec, kMaxSlices> vectors;
    std::size_t skip = 0;  // bytes of the first slice that are already written
    while (!slices.empty()) {
        const std::size_t count = std::min(slices.size(), kMaxSlices);
        for (std::size_t i = 0; i < count; ++i) {
            const ByteView rest = slices[i].subspan(i == 0 ? skip : 0);
            vectors[i] = {const_cast<std::byte*>(rest.data()), rest.size()};
        }
        const ssize_t written = ::pwritev(descriptor_, vectors.data(), static_cast<int>(count),
                                          static_cast<off_t>(position));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return last_error("write", path_);
        }
        position += static_cast<std::uint64_t>(written);
        skip += static_cast<std::size_t>(written);
        while (!slices.empty() && skip >= slices.front().size()) {
            skip -= slices.front().size();
            slices = slices.subspan(1);
        }
    }
    return {};
}

void PosixFile::write_at(std::uint64_t position, std::span<const ByteView> slices, Done done) {
    done(write(position, slices));
}

Result<void> PosixFile::write_now(std::uint64_t position, ByteView bytes) {
    return write(position, {&bytes, 1});
}

Result<std::size_t> PosixFile::read_at(std::uint64_t position, MutableBytes into) {
    std::size_t total = 0;
    while (total < into.size()) {
        const ssize_t count = ::pread(descriptor_, into.data() + total, into.size() - total,
                                      static_cast<off_t>(position + total));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return last_error("read", path_);
        }
        if (count == 0) {
            break;
        }
        total += static_cast<std::size_t>(count);
    }
    return total;
}

Result<std::size_t> PosixFile::read_cached(std::uint64_t position, MutableBytes into) {
    std::size_t total = 0;
    while (total < into.size()) {
        const CachedReads way = cached_reads_.load(std::memory_order_relaxed);
        if (way == CachedReads::by_pread) {
            return read_at(position, into);
        }
        if (way == CachedReads::impossible) {
            return would_block();
        }
        const iovec rest{into.data() + total, into.size() - total};
        const ssize_t count =
            ::preadv2(descriptor_, &rest, 1, static_cast<off_t>(position + total), RWF_NOWAIT);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && errno == EAGAIN) {
            return would_block();
        }
        if (count < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
            cached_reads_.store(without_flag(), std::memory_order_relaxed);
            continue;
        }
        if (count < 0) {
            return last_error("read", path_);
        }
        if (count == 0) {
            break;
        }
        total += static_cast<std::size_t>(count);
    }
    return total;
}

PosixFile::CachedReads PosixFile::without_flag() const {
    struct statfs status{};
    const bool is_in_memory = ::fstatfs(descriptor_, &status) == 0 &&
                              (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
    return is_in_memory ? CachedReads::by_pread : CachedReads::impossible;
}

Result<std::uint64_t> PosixFile::size() {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) {
        return last_error("stat", path_);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

Result<void> PosixFile::truncate(std::uint64_t size) {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
        return last_error("truncate", path_);
    }
    return {};
}

Result<void> PosixFile::sync() {
    if (::fdatasync(descriptor_) != 0) {
        return last_error("sync", path_);
    }
    return {};
}

}  // namespace hw::storage
